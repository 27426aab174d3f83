"""``kubectl apply``: make the cluster have what the manifests say, and remember what they said.

With ``--prune``, what was applied before and stands in no manifest any more is deleted: only objects that ``apply``
itself made (they carry the annotation of the last manifest), of its list of kinds, in the namespaces of the manifests,
and matched by the selector (upstream: ``k8s.io/kubectl/pkg/cmd/apply/prune.go``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from kubesim.api import go_json
from kubesim.api.apply import LAST_APPLIED, change, last_applied_text, with_last_applied, without_version
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import FAILURES, Aggregate, KubectlError, UsageError, raise_all, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer, dry_run
from kubesim.kubectl.requests import check_validate, field_validation, patched
from kubesim.kubectl.resource_arguments import Selection, select

MISSING_ANNOTATION = (
    "Warning: resource {}/{} is missing the {} annotation which is required by kubectl apply. kubectl apply should "
    "only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The "
    "missing annotation will be patched automatically."
)


def apply(call: Call) -> int:
    """Apply every object of the manifests."""
    flags = call.flags
    if call.arguments:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(call.arguments)}]")
    mode = dry_run(call)
    server_side = flags.on("server-side")
    if server_side and mode == "client":
        raise KubectlError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
    if flags.on("force-conflicts") and not server_side:
        raise KubectlError("--force-conflicts only works with --server-side")
    if flags.on("force") and server_side:
        raise KubectlError("--force cannot be used with --server-side")
    validate = check_validate(call)
    if not flags.texts("filename") and not flags.text("kustomize"):
        raise KubectlError("must specify one of -f and -k")
    if flags.on("prune") and not flags.on("all") and not flags.text("selector"):
        raise KubectlError(
            "all resources selected for prune without explicitly passing --all. To prune all resources, "
            "pass the --all flag. If you did not mean to prune all resources, specify a label selector"
        )
    printer = Printer(call, mode)
    infos, errors = _collect(select(call, (), latest=False, validate=validate))
    if not infos and not errors:
        raise KubectlError("no objects passed to apply")
    done: list[Info] = []
    for info in infos:
        try:
            outcome = _server_side(call, info, mode) if server_side else _apply(call, info, mode)
            done.append(info)
            if printer.format in ("", "name"):
                printer.done(info, outcome)
        except FAILURES as error:
            errors.append(error)
    if printer.format not in ("", "name"):
        _print_all(printer, done)
    raise_all(errors)
    if flags.on("prune"):
        prune(call, done, printer, mode)
    return 0


def _collect(selection: Selection) -> tuple[list[Info], list[Exception]]:
    """The objects, and as one error what was wrong with the manifests."""
    infos: list[Info] = []
    errors: list[Exception] = []
    for item in selection.items():
        if isinstance(item, Info):
            infos.append(item)
        else:
            errors.append(item)
    return infos, [errors[0]] if len(errors) == 1 else [Aggregate(errors)] if errors else []


def _print_all(printer: Printer, done: list[Info]) -> None:
    if len(done) == 1:
        printer.done(done[0], "")
    elif done:
        items = [info.object for info in done]
        printer.show({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {}})


def _get(call: Call, info: Info) -> Wire | None:
    """The server's form of an object; None where it has none."""
    try:
        if not info.name:
            raise KubectlError("resource name may not be empty")
        return call.api.get(info.type, info.name, info.namespace)
    except (ApiError, KubectlError) as error:
        if isinstance(error, ApiError) and error.reason == "NotFound":
            return None
        raise with_source(
            error, f"retrieving current configuration of:\n{_described(info)}\nfrom server for:", info.source
        ) from None


def _described(info: Info) -> str:
    kind = info.type
    return (
        f'Resource: "{kind.group}/{kind.version}, Resource={kind.plural}", '
        f'GroupVersionKind: "{kind.group}/{kind.version}, Kind={kind.kind}"\n'
        f'Name: "{info.name}", Namespace: "{info.namespace}"'
    )


def _apply(call: Call, info: Info, mode: DryRun) -> str:
    """Create or patch one object; says what was done."""
    manifest = info.object or {}
    metadata = manifest.get("metadata") or {}
    if not info.name and metadata.get("generateName"):
        raise KubectlError(f"from {metadata['generateName']}: cannot use generate name with apply")
    server = _get(call, info)
    now = with_last_applied(manifest)
    if server is None:
        return _create(call, info, now, mode)
    held = (server.get("metadata") or {}).get("annotations") or {}
    if LAST_APPLIED not in held and mode != "client":
        call.complain(MISSING_ANNOTATION.format(info.type.plural, info.name, LAST_APPLIED))
    patch = change(now, server, info.type)
    if not patch:
        info.object = server
        return "unchanged"
    if mode == "client":
        info.object = patched(server, patch, "strategic")
        return "configured"
    info.object = _send(call, info, patch, mode)
    if (server.get("metadata") or {}).get("deletionTimestamp"):
        call.complain(f"Warning: Detected changes to resource {info.name} which is currently being deleted.")
    return "configured"


def _create(call: Call, info: Info, wire: Wire, mode: DryRun) -> str:
    info.object = wire
    if mode != "client":
        try:
            response = call.api.create(
                without_version(wire),
                namespace=info.namespace or call.namespace,
                dry_run=mode == "server",
                field_validation=field_validation(call),
            )
        except ApiError as error:
            raise with_source(error, "creating", info.source) from None
        call.warn(*response.warnings)
        info.object = response.object
    return "created"


def _send(call: Call, info: Info, patch: Wire, mode: DryRun) -> Wire:
    try:
        response = call.api.patch(
            info.type,
            info.name,
            info.namespace,
            patch,
            kind="strategic",
            dry_run=mode == "server",
            field_validation=field_validation(call),
        )
    except ApiError as error:
        text = f"applying patch:\n{go_json.dumps(patch, None)}\nto:\n{_described(info)}\nfor:"
        raise with_source(error, text, info.source) from None
    call.warn(*response.warnings)
    return response.object


def _server_side(call: Call, info: Info, mode: DryRun) -> str:
    """Have the server merge the manifest; fields of the last manifest that are gone stay, for lack of managers."""
    manifest = info.object or {}
    server = _get(call, info)
    if server is None:
        _create(call, info, manifest, mode)
    else:
        metadata = dict(manifest.get("metadata") or {})
        if LAST_APPLIED in ((server.get("metadata") or {}).get("annotations") or {}):
            metadata["annotations"] = {**(metadata.get("annotations") or {}), LAST_APPLIED: last_applied_text(manifest)}
        info.object = _send(call, info, {**manifest, "metadata": metadata}, mode)
    return "serverside-applied"


KINDS = (
    "ConfigMap",
    "Endpoints",
    "Pod",
    "Secret",
    "Service",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
)
"""The namespaced kinds that are pruned by default, in upstream's order."""


def prune(call: Call, applied: Sequence[Info], printer: Printer, mode: DryRun) -> None:
    """Delete and print each object that is to go."""
    kept = {((info.object or {}).get("metadata") or {}).get("uid") for info in applied}
    namespaces = dict.fromkeys(info.namespace for info in applied if info.type.namespaced)
    for namespace in namespaces:
        for kind in KINDS:
            for wire in call.api.list(BY_KIND[kind], namespace, label_selector=call.flags.text("selector")):
                metadata = wire["metadata"]
                if LAST_APPLIED not in (metadata.get("annotations") or {}) or metadata["uid"] in kept:
                    continue
                if mode != "client":
                    call.api.delete(BY_KIND[kind], metadata["name"], namespace, dry_run=mode == "server")
                printer.done(Info(BY_KIND[kind], namespace, metadata["name"], wire), "pruned")


def kustomize(call: Call) -> int:
    """Refuse: kustomization directories are not built here; a missing one gets the real words."""
    path = call.arguments[0] if call.arguments else "."
    absolute = posixpath.normpath(posixpath.join(call.directory, path))
    if not call.files.exists(absolute):
        raise KubectlError(
            f"must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat {absolute}: "
            "no such file or directory"
        )
    raise KubectlError("kustomization directories are not built here: apply the manifests with -f")
