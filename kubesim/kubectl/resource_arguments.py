"""Which objects a command acts on: ``pod x``, ``pod/x svc/y``, ``pod,svc``, ``--all``, ``-l``, ``-f``.

:func:`select` reads the words and flags once, raises what is wrong with them, and gives back a :class:`Selection`:
its items come in kubectl's order, each an :class:`~kubesim.kubectl.manifests.Info` or the error in its place.

Upstream: ``k8s.io/cli-runtime/pkg/resource.Builder``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kubesim.api import go_yaml
from kubesim.api.errors import ApiError
from kubesim.api.resources import ResourceType
from kubesim.api.scale import SCALE, scale_of
from kubesim.api.selectors import Selector, parse_label_selector
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import FAILURES, KubectlError, raise_all
from kubesim.kubectl.kustomize import build
from kubesim.kubectl.manifests import Info, Source, infos, sources
from kubesim.kubectl.mapper import expand_categories, resource_type
from kubesim.kubectl.unreachable import PER_CATEGORY, PER_TYPE

MISSING_RESOURCE = """You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'"""

LOCAL_ONLY = """you must specify resources by --filename when --local is set.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'"""

Item = Info | Exception


@dataclass(frozen=True, slots=True)
class Selection:
    """The objects a command acts on.

    :param single: whether the words named exactly one object (its output is no list).
    :param from_files: whether they came from manifests.
    """

    items: Callable[[], Iterator[Item]]
    single: bool = False
    from_files: bool = False
    named: bool = False

    def parted(self) -> tuple[list[Info], list[Exception]]:
        """The objects, and the errors that stand in the place of others."""
        found: list[Info] = []
        errors: list[Exception] = []
        for item in self.items():
            if isinstance(item, Info):
                found.append(item)
            else:
                errors.append(item)
        return found, errors

    def infos(self) -> list[Info]:
        """Every object.

        :raises Exception: all errors, together.
        """
        found, errors = self.parted()
        raise_all(errors)
        return found

    def visit(self, act: Callable[[Info], object], *, ignore: Callable[[Exception], bool] | None = None) -> int:
        """Act on each object in turn; what fails is raised at the end (ContinueOnError).

        :param ignore: errors that do not count, such as NotFound under ``--ignore-not-found``.
        :returns: how many objects there were.
        """
        errors: list[Exception] = []
        count = 0
        for item in self.items():
            if not isinstance(item, Info):
                errors.append(item)
                continue
            count += 1
            try:
                act(item)
            except FAILURES as error:
                errors.append(error)
        raise_all([error for error in errors if ignore is None or not ignore(error)])
        return count


def select(
    call: Call,
    words: Sequence[str],
    *,
    everything: bool = False,
    latest: bool = True,
    files: bool = True,
    validate: bool = False,
    fetch: bool = True,
    all_if_bare: bool = False,
    by_selector: bool = True,
    scale: bool = False,
) -> Selection:
    """Read which objects a command acts on.

    :param everything: whether ``--all`` was given, to a command that takes no names beside it (``SelectAllParam``).
    :param latest: whether objects named by manifests are fetched from the server.
    :param files: whether the verb reads ``-f``.
    :param validate: whether manifests get kubectl's own checks.
    :param fetch: whether objects named by words are fetched; if not, they come without an object.
    :param all_if_bare: whether a bare type means all its objects (``get pods``; ``label pods --all``).
    :param by_selector: whether ``--selector`` chooses the objects; for ``expose`` it does not.
    :param scale: whether of the objects named by words only the subresource ``scale`` is wanted.
    :raises KubectlError: where the words do not make sense, or name an unknown type.
    """
    local = call.flags.has("local") and call.flags.on("local")
    paths = call.flags.texts("filename") if files and call.flags.has("filename") else ()
    kustomization = call.flags.text("kustomize") if call.flags.has("kustomize") else ""
    label_selector = call.flags.text("selector") if by_selector and call.flags.has("selector") else ""
    field_selector = call.flags.text("field-selector") if call.flags.has("field-selector") else ""
    request = _words(words)
    bare = len(request.types) > 0 and not request.names
    selecting = bool(label_selector or field_selector) or everything or (bare and all_if_bare)
    recursive = call.flags.has("recursive") and call.flags.on("recursive")
    if kustomization:
        _check_kustomization_alone(paths, recursive=recursive)
    found_sources = sources(paths, call.files, call.directory, recursive=recursive, resolver=call.api.resolver)
    if kustomization:
        found_sources = [Source(kustomization, _BUILT)]
    if found_sources:
        _refuse_words(request)
        chosen = _parse_selector(label_selector) if label_selector else None
        single = len(paths) == 1 and len(found_sources) == 1 and found_sources[0].path not in ("-", _BUILT)

        def from_files() -> Iterator[Item]:
            for source in found_sources:
                if call.api.absence is not None and not local:
                    raise call.api.absence.unrecognized(call.simulation, source.shown, validate=validate)
                text = _text(call, source)
                for item in infos(source, text, validate=validate):
                    if not isinstance(item, Info) or chosen is None or chosen.matches(_labels(item)):
                        yield item if local else _prepared(call, item, latest=latest)

        return Selection(from_files, single=single, from_files=True, named=True)
    if selecting:
        if request.names:
            raise KubectlError("name cannot be provided when a selector is specified")
        if request.pairs:
            raise KubectlError("selectors and the all flag cannot be used when passing resource/name arguments")
        if not request.types:
            raise KubectlError("at least one resource must be specified to use a selector")
        if call.flags.has("subresource") and call.flags.text("subresource"):
            raise KubectlError("subresource cannot be used when bulk resources are specified")
    if request.types or request.pairs:
        call.api.discover(PER_TYPE if request.pairs else PER_CATEGORY + PER_TYPE)
    types = [resource_type(word) for word in request.types]
    if selecting:
        return Selection(lambda: _listed(call, types, label_selector, field_selector))
    if len(types) > 1 and request.names:
        raise KubectlError("you must specify only one resource")
    named = [(resource_type(word), name) for word, name in request.pairs]
    named += [(types[0], name) for name in request.names]
    if named:
        return Selection(lambda: _named(call, named, fetch=fetch, scale=scale), single=len(named) == 1, named=True)
    raise KubectlError("resource(s) were provided, but no name was specified" if types else MISSING_RESOURCE)


_BUILT = "-k"
"""Stands for the path of what is built and not read."""


def _text(call: Call, source: Source) -> str:
    if source.path == "-":
        return call.stdin
    return kustomized(call, source.shown) if source.path == _BUILT else call.files.read(source.path)


def _check_kustomization_alone(paths: Sequence[str], *, recursive: bool) -> None:
    errors: list[Exception] = []
    if paths:
        errors.append(KubectlError("only one of -f or -k can be specified"))
    if recursive:
        errors.append(KubectlError("the -k flag can't be used with -f or -R"))
    raise_all(errors)


def kustomized(call: Call, path: str, *, unrestricted: bool = False) -> str:
    """What a kustomization directory builds, as YAML.

    :param unrestricted: whether it may read files outside its directories.
    :raises KubectlError: where it cannot be built.
    """
    built = build(
        path,
        call.files,
        call.directory,
        call.complain,
        log=lambda words: call.log("I", "log.go:244", words),
        resolver=call.api.resolver,
        unrestricted=unrestricted,
    )
    return "---\n".join(go_yaml.dump(wire) for wire in built)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a command: types and names, or ``type/name`` pairs."""

    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


def _refuse_words(request: _Words) -> None:
    """Beside manifests nothing may be named."""
    if request.types:
        raise KubectlError(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        )
    if request.pairs:
        raise KubectlError("resource/name arguments cannot be provided when a path is specified")


def _words(words: Sequence[str]) -> _Words:
    if len(words) > 1 and len(several := [part for part in words[0].split(",") if part]) > 1:
        words = [f"{type}/{name}" for type in several for name in words[1:]]
    slashed = sum("/" in word for word in words)
    if slashed and slashed != len(words):
        raise KubectlError(
            "there is no need to specify a resource type as a separate argument when passing arguments in "
            "resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource "
            "resource/<resource_name>'"
        )
    if slashed:
        return _Words(pairs=tuple(_pair(word) for word in words))
    if not words:
        return _Words()
    types = list(dict.fromkeys(expand_categories([part for part in words[0].split(",") if part])))
    if "" in words[0].split(","):
        raise KubectlError('the server doesn\'t have a resource type ""')
    return _Words(types=tuple(types), names=tuple(words[1:]))


def _labels(info: Info) -> dict[str, str]:
    return ((info.object or {}).get("metadata") or {}).get("labels") or {}


def _parse_selector(text: str) -> Selector:
    try:
        return parse_label_selector(text)
    except ValueError as error:
        raise KubectlError(str(error)) from None


def _pair(word: str) -> tuple[str, str]:
    parts = word.split("/")
    if len(parts) != 2:
        raise KubectlError("arguments in resource/name form may not have more than one slash")
    if not parts[0] or not parts[1] or "," in parts[0]:
        raise KubectlError("arguments in resource/name form must have a single resource and name")
    return parts[0], parts[1]


def _prepared(call: Call, item: Item, *, latest: bool) -> Item:
    """An object from a manifest: with its namespace, and as the server has it when ``latest``."""
    if not isinstance(item, Info):
        return item
    if item.type.namespaced:
        if not item.namespace:
            item.namespace = call.namespace
            item.object = _in_namespace(item)
        elif call.namespace_given and item.namespace != call.namespace:
            return KubectlError(
                f'the namespace from the provided object "{item.namespace}" does not match the namespace '
                f"\"{call.namespace}\". You must pass '--namespace={item.namespace}' to perform this operation."
            )
    if latest:
        try:
            require_name(item.name)
            item.object = call.api.retrieve(item.type, item.name, item.namespace)
        except (ApiError, KubectlError) as error:
            return error
    return item


def require_name(name: str) -> None:
    """Refuse a request without a name, as client-go does before it is sent.

    :raises KubectlError: ``resource name may not be empty``.
    """
    if not name:
        raise KubectlError("resource name may not be empty")


def _in_namespace(item: Info) -> dict[str, object]:
    wire = dict(item.object or {})
    wire["metadata"] = {**(wire.get("metadata") or {}), "namespace": item.namespace}
    return wire


def _named(call: Call, named: Sequence[tuple[ResourceType, str]], *, fetch: bool, scale: bool) -> Iterator[Item]:
    if call.all_namespaces and any(kind.namespaced for kind, _ in named):
        yield KubectlError("a resource cannot be retrieved by name across all namespaces")
        return
    for kind, name in named:
        namespace = call.namespace if kind.namespaced else ""
        if not fetch:
            yield Info(kind, namespace, name)
            continue
        try:
            wire = call.api.retrieve(kind, name, namespace)
            yield Info(SCALE, namespace, name, scale_of(wire)) if scale else Info(kind, namespace, name, wire)
        except ApiError as error:
            yield error


def _listed(call: Call, types: Sequence[ResourceType], labels: str, fields: str) -> Iterator[Item]:
    for kind in types:
        namespace = None if call.all_namespaces or not kind.namespaced else call.namespace
        try:
            listed = call.api.list(kind, namespace, label_selector=labels, field_selector=fields)
        except ApiError as error:
            yield _enhanced(error, kind, labels, fields)
            continue
        for wire in listed:
            metadata = wire.get("metadata") or {}
            yield Info(kind, metadata.get("namespace", ""), metadata.get("name", ""), wire)


def _enhanced(error: ApiError, kind: ResourceType, labels: str, fields: str) -> ApiError:
    """The refusal of a list, with what was looked for in front (``EnhanceListError``)."""
    if error.code not in (400, 404) or error.message.startswith("Unable to find"):
        return error
    version = kind.api_version if kind.group else f"/{kind.version}"
    what = f'"{version}, Resource={kind.plural}"'
    if labels or fields:
        looked_for = f'Unable to find {what} that match label selector "{labels}", field selector "{fields}"'
    else:
        looked_for = f"Unable to list {what}"
    return ApiError(error.code, error.reason, f"{looked_for}: {error.message}", error.details)
