"""The API as clients of HTTP see it: what each request asks of the cluster, and what it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from kubesim.api.decoding import FieldValidation
from kubesim.api.errors import ApiError, bad_request, conflict, refusal, unknown_resource
from kubesim.api.fields import invalid, invalid_value
from kubesim.api.managed_fields.history import Write
from kubesim.api.objects import Wire
from kubesim.api.patch import apply_operations, merge
from kubesim.api.resources import BY_KIND, ResourceType
from kubesim.api.scale import scale_of
from kubesim.api.server import Propagation, Response
from kubesim.cluster import Cluster
from kubesim.kubectl.connection import Connection
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.identity import User, administrator, impersonated
from kubesim.kubectl.verbs.discovery import server_build
from kubesim.serve import discovery, openapi
from kubesim.serve.addresses import VERSIONS, Address, address_of
from kubesim.serve.bodies import object_of, options_of, patch_of, review_of
from kubesim.serve.commands import Command, attachment_of, command_of
from kubesim.serve.logs import Log, log_of
from kubesim.serve.messages import DISCOVERY, JSON, Answer, Form, Request, answer, encoded, form_of, ordered, status_of
from kubesim.serve.paging import piece_of
from kubesim.serve.reviews import reviewed
from kubesim.serve.tables import included, partial, table_form
from kubesim.serve.tokens import Tokens
from kubesim.serve.watches import Choice, History, too_old

WATCHED_SECONDS = 1800.0
"""How long a watch lasts where the client does not say."""
LONGEST_MANAGER = 128
"""Characters that the name of a field manager may have."""
_TEXT = "text/plain; charset=utf-8"
_NOT_ALLOWED = "the server does not allow this method on the requested resource"
_HEALTH = ("healthz", "livez", "readyz")


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch that begins.

    :param frames: what is sent at once.
    :param place: of the first change that may be sent then.
    :param encode: an event as the client takes it.
    :param bookmark: makes the event that says up to which version all has been told; None where none is wanted.
    """

    frames: tuple[bytes, ...]
    place: int
    choice: Choice
    encode: Callable[[str, Wire], bytes]
    bookmark: Callable[[int], bytes] | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Ports of a Pod that are forwarded.

    :param source: the Pod as a machine: connections begin inside of it.
    :param sandbox: where its network namespace is, as containerd names it.
    :param ports: those that the request names; kubectl names them later.
    """

    pod: str
    source: str
    sandbox: str
    ports: tuple[int, ...]


Outcome = Answer | Watch | Log | Command | Forwarding


class Front:
    """Answers requests; one at a time, each in the cluster's turn.

    :param address: where it listens, for the documents that say so.
    """

    def __init__(self, cluster: Cluster, history: History, address: str) -> None:
        self._cluster = cluster
        self._history = history
        self._address = address
        self._tokens = Tokens(cluster)

    def answer(self, request: Request) -> Outcome:
        """What a request is answered; a refusal is an answer, too."""
        form = Form()
        try:
            user = self._user(request)
            found = self._document(request)
            if found is not None:
                return found
            form = form_of(request)
            with self._cluster.turn.limited():
                return self._resource(request, form, user)
        except ApiError as error:
            return answer(error.code, status_of(error), form, warnings=error.warnings)
        except KubectlError as error:
            return answer(400, status_of(bad_request(str(error))), form)

    def _user(self, request: Request) -> User:
        """Whom a request is made as: the administrator, who may act for others."""
        name = request.headers.get("impersonate-user", "")
        if not name:
            return administrator(self._cluster.configuration)
        groups = request.headers.get("impersonate-group", "")
        given = tuple(each.strip() for each in groups.split(",") if each.strip())
        return impersonated(name, given, request.headers.get("impersonate-uid", ""))

    # --- documents ---------------------------------------------------------------------------------------------

    def _document(self, request: Request) -> Answer | None:
        """What is at a path that is of no resource; None where it is of one."""
        segments = request.path.strip("/").split("/")
        match segments:
            case [name, *_] if name in _HEALTH:
                return Answer(200, b"ok", _TEXT)
            case ["version"]:
                return answer(200, server_build(self._cluster.configuration), Form(pretty=True))
            case ["api" | "apis" as root]:
                form = form_of(request)
                if form.how == "Discovery":
                    return Answer(200, encoded(discovery.aggregated(root == "api")) + b"\n", DISCOVERY, _CACHED)
                return answer(200, discovery.api_versions(self._address) if root == "api" else discovery.group_list())
            case ["apis", group] if (found := discovery.group(group)) is not None:
                return answer(200, found)
            case ["api", version] if (found := discovery.resource_list("", version)) is not None:
                return answer(200, found)
            case ["apis", group, version] if (found := discovery.resource_list(group, version)) is not None:
                return answer(200, found)
            case ["openapi", "v3"]:
                return Answer(200, encoded(openapi.root()), _TEXT)
            case ["openapi", "v3", "api" | "apis", *place]:
                return _openapi(place)
            case ["api" | "apis", _, _, *_]:
                return None
        return Answer(404, b"404 page not found\n", _TEXT)

    # --- resources -----------------------------------------------------------------------------------------------

    def _resource(self, request: Request, form: Form, user: User) -> Outcome:
        address = address_of(request.path.strip("/").split("/"))
        if address is None:
            return Answer(404, b"404 page not found\n", _TEXT)
        resource, verb = address.resource, _verb(request, address)
        warnings: list[str] = []
        connection = Connection(self._cluster, user, warnings.append)
        subresource = f"/{address.subresource}" if address.subresource else ""
        if not (user.is_administrator or resource.kind.startswith("SelfSubject")):
            connection.demand(verb, resource, address.name, address.namespace, subresource)
        if resource.deprecation:
            warnings.append(resource.deprecation)
        try:
            return self._done(request, form, address, verb, user, warnings)
        except ApiError as error:
            error.warnings = (*warnings, *error.warnings)
            raise

    def _done(
        self, request: Request, form: Form, address: Address, verb: str, user: User, warnings: list[str]
    ) -> Outcome:
        """Do what a request wants of a resource."""
        resource = address.resource
        if address.subresource:
            return self._subresource(request, form, address, verb, warnings)
        if verb == "list":
            return self._list(request, form, address, warnings)
        if verb == "watch":
            return self._watch(request, form, address)
        if verb == "create" and resource.kind not in BY_KIND:
            return self._review(request, form, resource, user)
        if resource.kind not in BY_KIND or BY_KIND[resource.kind] is not resource:
            if verb in ("get", "delete"):
                raise refusal(
                    404, "NotFound", f'{resource.qualified} "{address.name}" not found',
                    name=address.name, group=resource.group, kind=resource.plural,
                )  # fmt: skip
            raise _not_kept(resource)
        return self._object(request, form, address, verb, warnings)

    def _object(self, request: Request, form: Form, address: Address, verb: str, warnings: list[str]) -> Answer:
        api, resource, namespace = self._cluster.api, address.resource, address.namespace or ""
        dry_run, validation = _dry_run(request.query.get("dryRun", ())), _field_validation(request)
        if verb == "get":
            return self._shown(200, api.get(resource, address.name, namespace), form, request, warnings)
        if verb == "create":
            wire = object_of(request, resource)
            manager = _field_manager(request)
            response = api.create(wire, namespace or "default", dry_run, validation, manager)
            return self._written(201, response, form, request, warnings)
        if verb == "update":
            wire = object_of(request, resource)
            _demand_name(wire, address.name)
            response = api.replace(wire, namespace, dry_run, validation, field_manager=_field_manager(request))
            return self._written(200, response, form, request, warnings)
        if verb == "patch":
            code = 200 if api.find(resource, address.name, namespace) is not None else 201
            return self._written(code, self._patched(request, address, dry_run), form, request, warnings)
        if verb == "delete":
            return self._delete(request, form, address, warnings)
        return self._delete_collection(request, form, address, warnings)

    def _patched(self, request: Request, address: Address, dry_run: bool) -> Response:
        """Change an object, or the part of it that the address names, by a patch of any kind."""
        api, resource, name, namespace = self._cluster.api, address.resource, address.name, address.namespace or ""
        patch, kind = patch_of(request)
        if kind == "apply":
            options: Wire = {"force": request.on("force"), "dry_run": dry_run, "subresource": address.subresource}
            return api.apply(resource, name, patch, namespace, request.text("fieldManager"), **options)
        validation, manager = _field_validation(request), _field_manager(request)
        return api.patch(resource, name, namespace, patch, kind, address.subresource, dry_run, validation, manager)

    def _review(self, request: Request, form: Form, resource: ResourceType, user: User) -> Answer:
        review = review_of(request, resource)
        found = self._tokens.reviewed(review) if resource.kind == "TokenReview" else reviewed(review, user)
        if found is None:
            raise _not_kept(resource)
        return answer(201, found, form)

    # --- reading -------------------------------------------------------------------------------------------------

    def _found(self, address: Address, request: Request) -> list[Wire]:
        if BY_KIND.get(address.resource.kind) is not address.resource:
            return []
        labels, fields = request.text("labelSelector"), request.text("fieldSelector")
        return self._cluster.api.list(address.resource, address.namespace, labels, fields)

    def _list(self, request: Request, form: Form, address: Address, warnings: Sequence[str]) -> Answer:
        resource, version = address.resource, self._cluster.store.resource_version
        found = self._found(address, request)
        wanted = request.text("resourceVersion")
        if wanted and _version(wanted) > int(version):
            raise _from_the_future(wanted, version)
        limit = _whole(request.text("limit"))
        piece = piece_of(found, version, limit, request.text("continue"), self._history.oldest)
        if form.how == "Table":
            table = self._cluster.api.table(resource, piece.objects, True)
            return answer(200, table_form(table, piece.metadata, included(request)), form, warnings=warnings)
        if form.how == "PartialObjectMetadata":
            items = [{"metadata": partial(self._complete(wire))["metadata"]} for wire in piece.objects]
            kind, version_of = "PartialObjectMetadataList", "meta.k8s.io/v1"
        else:
            items = [_without_kind(ordered(self._complete(wire))) for wire in piece.objects]
            kind, version_of = f"{resource.kind}List", resource.api_version
        head = {"kind": kind, "apiVersion": version_of, "metadata": piece.metadata}
        return answer(200, head | {"items": items}, form, warnings=warnings)

    def _complete(self, wire: Wire, draft: Write | None = None) -> Wire:
        """An object with its managed fields, which every client gets; tables, of which none shows them, do without."""
        return self._cluster.api.with_managed_fields(wire, draft)

    def _shown(
        self,
        code: int,
        wire: Wire,
        form: Form,
        request: Request,
        warnings: Sequence[str],
        draft: Write | None = None,
    ) -> Answer:
        return answer(code, self._in_form(wire, form, included(request), draft=draft), form, warnings=warnings)

    def _in_form(
        self, wire: Wire, form: Form, include: str, *, columns: bool = True, draft: Write | None = None
    ) -> Wire:
        if form.how == "Table" and wire["kind"] in BY_KIND:
            table = self._cluster.api.table(BY_KIND[wire["kind"]], [wire], True)
            metadata = {"resourceVersion": wire["metadata"].get("resourceVersion", "")}
            return table_form(table, metadata, include, columns=columns)
        if wire["kind"] in BY_KIND:
            wire = self._complete(wire, draft)
        return partial(wire) if form.how == "PartialObjectMetadata" else ordered(wire)

    def _watch(self, request: Request, form: Form, address: Address) -> Watch:
        resource, include = address.resource, included(request)
        choice = Choice(
            resource, address.namespace, request.text("labelSelector"), request.text("fieldSelector"), address.name
        )
        first = True

        def encode(event: str, wire: Wire) -> bytes:
            nonlocal first
            with self._cluster.turn:
                shown = self._in_form(wire, form, include, columns=first)
            first = False
            return encoded({"type": event, "object": shown}) + b"\n"

        def bookmark(version: int) -> bytes:
            return encoded({"type": "BOOKMARK", "object": _bookmark(resource, version)}) + b"\n"

        initial, match = request.text("sendInitialEvents"), request.text("resourceVersionMatch")
        _demand_options(initial, match)
        wanted, now = _version(request.text("resourceVersion")), int(self._cluster.store.resource_version)
        place: int | None = self._history.end
        frames: list[bytes] = []
        bookmarks = request.on("allowWatchBookmarks")
        from_start = initial.lower() in ("true", "1") or (not initial and not wanted)
        if from_start:
            kept = self._found(Address(resource, address.namespace), Request("GET", ""))
            frames = [encode("ADDED", wire) for wire in kept if choice.has(wire)]
            if bookmarks:
                end = _bookmark(resource, now)
                end["metadata"]["annotations"] = {"k8s.io/initial-events-end": "true"}
                frames.append(encoded({"type": "BOOKMARK", "object": end}) + b"\n")
        elif wanted:
            self._cluster.store.list(resource.kind)  # what is put off is told before the place is taken
            place = self._history.place_after(wanted)
            if place is None:
                expired = {"type": "ERROR", "object": status_of(too_old(wanted, self._history.oldest))}
                return Watch((encoded(expired) + b"\n",), 0, choice, encode, None, 0.0)
        seconds = float(_whole(request.text("timeoutSeconds"))) or WATCHED_SECONDS
        return Watch(tuple(frames), place or 0, choice, encode, bookmark if bookmarks else None, seconds)

    # --- writing -------------------------------------------------------------------------------------------------

    def _written(self, code: int, response: Response, form: Form, request: Request, warnings: Sequence[str]) -> Answer:
        said = [*warnings, *response.warnings]
        return self._shown(code, response.object, form, request, said, response.draft)

    def _delete(self, request: Request, form: Form, address: Address, warnings: Sequence[str]) -> Answer:
        resource, namespace, options = address.resource, address.namespace or "", options_of(request)
        api = self._cluster.api
        old = api.get(resource, address.name, namespace)
        _demand_preconditions(options, old, resource)
        grace, policy, dry_run = _how_to_delete(options)
        response = api.delete(resource, address.name, namespace, grace, policy, dry_run)
        uid = old["metadata"].get("uid", "")
        kept = api.find(resource, address.name, namespace)
        if kept is not None and kept["metadata"].get("uid") == uid:
            return self._written(200, response, form, request, warnings)
        details = {"name": address.name, "group": resource.group, "kind": resource.plural, "uid": uid}
        status: Wire = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        given = {key: value for key, value in details.items() if value}
        return answer(200, status | {"details": given}, form, warnings=[*warnings, *response.warnings])

    def _delete_collection(self, request: Request, form: Form, address: Address, warnings: Sequence[str]) -> Answer:
        resource, found = address.resource, self._found(address, request)
        grace, policy, dry_run = _how_to_delete(options_of(request))
        for wire in found:
            metadata = wire["metadata"]
            self._cluster.api.delete(resource, metadata["name"], metadata.get("namespace", ""), grace, policy, dry_run)
        version = self._cluster.store.resource_version
        items = [_without_kind(ordered(wire)) for wire in found]
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
        return answer(200, head | {"metadata": {"resourceVersion": version}, "items": items}, form, warnings=warnings)

    # --- subresources --------------------------------------------------------------------------------------------

    def _subresource(
        self, request: Request, form: Form, address: Address, verb: str, warnings: list[str]
    ) -> Answer | Log | Command | Forwarding:
        api, resource, name = self._cluster.api, address.resource, address.name
        namespace, subresource = address.namespace or "", address.subresource
        served = {each[0]: each[4] for each in discovery.subresources(resource)}
        if subresource not in served or BY_KIND.get(resource.kind) is not resource:
            raise unknown_resource()
        if verb not in served[subresource]:
            raise ApiError(405, "MethodNotAllowed", _NOT_ALLOWED)
        dry_run, validation = _dry_run(request.query.get("dryRun", ())), _field_validation(request)
        if subresource == "log":
            return log_of(self._cluster, request, api.get(resource, name, namespace))
        if subresource == "exec":
            return command_of(self._cluster, request, api.get(resource, name, namespace))
        if subresource == "attach":
            return attachment_of(self._cluster, request, api.get(resource, name, namespace))
        if subresource == "portforward":
            return _forwarding(request, api.get(resource, name, namespace))
        if subresource == "scale":
            return self._scale(request, form, address, verb, dry_run)
        if subresource == "eviction":
            options = review_of(request, resource).get("deleteOptions") or {}
            grace, _, dry = _how_to_delete(options)
            api.evict(name, namespace, grace, dry_run or dry)
            return answer(201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, form)
        if subresource == "binding":
            api.bind(review_of(request, resource), name, namespace, dry_run)
            return answer(201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}, form)
        if subresource == "token":
            return self._token(request, form, address)
        if verb == "get" and subresource in ("status", "ephemeralcontainers"):
            return self._shown(200, api.get(resource, name, namespace), form, request, warnings)
        if subresource in ("status", "finalize", "ephemeralcontainers"):
            if verb == "patch":
                response = self._patched(request, address, dry_run)
            else:
                wire = object_of(request, resource)
                _demand_name(wire, name)
                response = api.replace(wire, namespace, dry_run, validation, subresource, _field_manager(request))
            return self._written(200, response, form, request, warnings)
        raise ApiError(405, "MethodNotAllowed", f"this simulated server does not serve {resource.plural}/{subresource}")

    def _token(self, request: Request, form: Form, address: Address) -> Answer:
        """A token of a service account."""
        spec = review_of(request, address.resource).get("spec")
        spec = spec if isinstance(spec, dict) else {}
        seconds, reference, audiences = (
            spec.get(name) for name in ("expirationSeconds", "boundObjectRef", "audiences")
        )
        if seconds is not None and (not isinstance(seconds, int) or isinstance(seconds, bool)):
            raise bad_request("json: cannot unmarshal into Go struct field TokenRequestSpec.spec.expirationSeconds")
        if reference is not None and not isinstance(reference, dict):
            raise bad_request("json: cannot unmarshal into Go struct field TokenRequestSpec.spec.boundObjectRef")
        if audiences is not None and not isinstance(audiences, list):
            raise bad_request("json: cannot unmarshal into Go struct field TokenRequestSpec.spec.audiences")
        if reference and (reference.get("kind") not in _BOUND or not isinstance(reference.get("name"), str)):
            raise bad_request(f"cannot bind token for serviceaccount to type {reference.get('kind', '')}")
        found = Connection(self._cluster).request_token(address.name, address.namespace or "", spec)
        self._tokens.note(found)
        return answer(201, ordered(found), form)

    def _scale(self, request: Request, form: Form, address: Address, verb: str, dry_run: bool) -> Answer:
        api, resource, name, namespace = self._cluster.api, address.resource, address.name, address.namespace or ""
        old = scale_of(api.get(resource, name, namespace))
        if verb == "get":
            return answer(200, old, form)
        new = old
        if verb == "patch":
            patch, kind = patch_of(request)
            if kind == "apply":
                words = "this simulated server takes no server-side apply to a subresource scale"
                raise ApiError(405, "MethodNotAllowed", words)
            if kind == "json":
                new, _ = apply_operations(old, patch)
            else:
                new = merge(old, patch)
        else:
            new = review_of(request, resource)
            _demand_name(new, name)
        spec = new.get("spec")
        wanted = spec.get("replicas", 0) if isinstance(spec, dict) else 0
        if not isinstance(wanted, int) or isinstance(wanted, bool):
            raise bad_request(
                'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal into Go struct field '
                "ScaleSpec.spec.replicas of type int32"
            )
        if wanted < 0:
            problem = invalid_value("spec.replicas", wanted, "must be greater than or equal to 0")
            raise invalid("Scale", "autoscaling", name, [problem])
        change: Wire = {"spec": {"replicas": wanted}}
        version = (new.get("metadata") or {}).get("resourceVersion")
        if version:
            change["metadata"] = {"resourceVersion": version}
        manager = _field_manager(request)
        response = api.patch(resource, name, namespace, change, "merge", "scale", dry_run, field_manager=manager)
        return answer(200, scale_of(response.object), form, warnings=response.warnings)


def _forwarding(request: Request, pod: Wire) -> Forwarding:
    """The ports that a request wants to be forwarded.

    :raises ApiError: 400 where the Pod has no node, or what is given is no port.
    """
    metadata = pod["metadata"]
    if not (pod.get("spec") or {}).get("nodeName"):
        raise bad_request(f"pod {metadata['name']} does not have a host assigned")
    words = [word for given in request.query.get("ports", ()) for word in given.split(",")]
    for word in words:
        if not (re.fullmatch(r"[0-9]{1,5}", word, re.ASCII) and 0 < int(word) < 65536):
            raise bad_request(f'strconv.ParseUint: parsing "{word}": invalid syntax')
    source = f"pod/{metadata['namespace']}/{metadata['name']}"
    sandbox = f"/var/run/netns/cni-{metadata['uid']}"
    return Forwarding(metadata["name"], source, sandbox, tuple(int(word) for word in words))


_BOUND = ("Node", "Pod", "Secret")
"""To which kinds a token may be bound."""
_CACHED = (("Cache-Control", "public"), ("Vary", "Accept"))


def _openapi(place: list[str]) -> Answer:
    group, version = ("", place[0]) if len(place) == 1 else (place[0], place[1]) if len(place) == 2 else ("", "")
    if (group, version) not in VERSIONS:
        return Answer(404, b"", _TEXT)
    etag = f'"{openapi.digest(group, version)}"'
    headers = (("Cache-Control", "public, immutable"), ("Vary", "Accept"), ("Etag", etag))
    return Answer(200, openapi.document(group, version), JSON, headers)


_OF_ONE = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_ALL = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}


def _verb(request: Request, address: Address) -> str:
    """What a request does.

    :raises ApiError: 405 for a method that nothing there knows.
    """
    known = _OF_ONE | {"POST": "create"} if address.subresource else _OF_ONE if address.name else _OF_ALL
    verb = known.get(request.method)
    if verb is None or (verb == "deletecollection" and address.resource.kind == "Namespace"):
        raise ApiError(405, "MethodNotAllowed", _NOT_ALLOWED)
    if verb in ("get", "list") and not address.subresource and request.on("watch"):
        return "watch"
    return verb


def _not_kept(resource: ResourceType) -> ApiError:
    words = f"{resource.qualified} are known by name only: this simulated server keeps none"
    return ApiError(405, "MethodNotAllowed", words)


def _dry_run(given: Sequence[str]) -> bool:
    words = [each for each in given if each]
    if any(word != "All" for word in words):
        shown = "[" + " ".join(f'"{word}"' for word in words) + "]"
        raise _invalid_options(
            "CreateOptions", "dryRun", "NotSupported", f'Unsupported value: {shown}: supported values: "All"'
        )
    return bool(words)


def _field_validation(request: Request) -> FieldValidation:
    word = request.text("fieldValidation") or "Warn"
    if word not in ("Strict", "Warn", "Ignore"):
        words = f'Unsupported value: "{word}": supported values: "", "Ignore", "Strict", "Warn"'
        raise _invalid_options("CreateOptions", "fieldValidation", "NotSupported", words)
    return cast(FieldValidation, word)


def _field_manager(request: Request) -> str:
    """Whose the fields are that a request writes: what it says, else the first word of the client's user agent."""
    given = request.text("fieldManager")
    if len(given) > LONGEST_MANAGER:
        words = f'Invalid value: "{given}": may not be more than {LONGEST_MANAGER} bytes'
        raise _invalid_options("CreateOptions", "fieldManager", "Invalid", words)
    agent = request.headers.get("user-agent", "").partition("/")[0]
    return given or "".join(each for each in agent if each.isprintable())[:LONGEST_MANAGER]


def _invalid_options(
    kind: str, field: str, type: Literal["NotSupported", "Forbidden", "Invalid"], words: str
) -> ApiError:
    causes = [{"reason": f"FieldValue{type}", "message": words, "field": field}]
    details = {"group": "meta.k8s.io", "kind": kind, "causes": causes}
    return ApiError(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {field}: {words}', details)


def _demand_options(initial: str, match: str) -> None:
    """Refuse a watch whose options contradict each other."""
    if match and not initial:
        words = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise _invalid_options("ListOptions", "resourceVersionMatch", "Forbidden", words)
    if initial and match != "NotOlderThan":
        words = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise _invalid_options("ListOptions", "resourceVersionMatch", "Forbidden", words)


def _whole(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return max(0, int(text))


def _version(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        words = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise ApiError(500, "", words)
    return int(text)


def _from_the_future(wanted: str, version: str) -> ApiError:
    words = f"Too large resource version: {wanted}, current: {version}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return ApiError(504, "Timeout", f"Timeout: {words}", {"causes": causes, "retryAfterSeconds": 1})


def _demand_name(wire: Wire, name: str) -> None:
    metadata = wire.get("metadata")
    given = metadata.get("name", "") if isinstance(metadata, dict) else ""
    if given != name:
        raise bad_request(f"the name of the object ({given}) does not match the name on the URL ({name})")


def _demand_preconditions(options: Wire, old: Wire, resource: ResourceType) -> None:
    wanted = options.get("preconditions")
    for field, words in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        given = wanted.get(field) if isinstance(wanted, dict) else None
        known = old["metadata"].get(field)
        if given and given != known:
            why = f"the {words} in the precondition ({given}) does not match the {words} in record ({known})"
            again = ". The object might have been deleted and then recreated" if field == "uid" else ""
            raise conflict(resource.plural, old["metadata"]["name"], f"{why}{again}", resource.group)


def _how_to_delete(options: Wire) -> tuple[int | None, Propagation | None, bool]:
    grace, policy, dry_run = (options.get(name) for name in ("gracePeriodSeconds", "propagationPolicy", "dryRun"))
    if grace is not None and (not isinstance(grace, int) or isinstance(grace, bool)):
        raise bad_request("json: cannot unmarshal into Go struct field DeleteOptions.gracePeriodSeconds of type int64")
    if policy not in (None, "Background", "Foreground", "Orphan"):
        words = f'Unsupported value: "{policy}": supported values: "Background", "Foreground", "Orphan"'
        raise _invalid_options("DeleteOptions", "propagationPolicy", "NotSupported", words)
    given = [str(each) for each in dry_run] if isinstance(dry_run, list) else []
    return grace, cast("Propagation | None", policy), _dry_run(given)


def _without_kind(wire: Wire) -> Wire:
    return {key: value for key, value in wire.items() if key not in ("kind", "apiVersion")}


def _bookmark(resource: ResourceType, version: int) -> Wire:
    metadata: Wire = {"resourceVersion": str(version)}
    return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
