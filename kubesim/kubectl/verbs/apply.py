"""``kubectl apply``: make the cluster have what the manifests say, and remember what they said.

With ``--prune``, what was applied before and stands in no manifest any more is deleted: only objects that ``apply``
itself made (they carry the annotation of the last manifest), of its list of kinds, in the namespaces of the manifests,
and matched by the selector (upstream: ``k8s.io/kubectl/pkg/cmd/apply/prune.go``). ``view-last-applied`` and
``set-last-applied`` show and set that annotation.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api import go_json, go_yaml
from kubesim.api.apply import change, last_applied_text, with_last_applied
from kubesim.api.errors import ApiError
from kubesim.api.managed_fields.server_side import LAST_APPLIED
from kubesim.api.objects import Wire
from kubesim.api.resources import BY_KIND
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import FAILURES, Aggregate, KubectlError, raise_all, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer, dry_run
from kubesim.kubectl.requests import check_validate, create_from_manifest, field_validation, patched, send_change
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.server_side import ServerSideApply

MISSING_ANNOTATION = (
    "Warning: resource {}/{} is missing the {} annotation which is required by kubectl apply. kubectl apply should "
    "only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The "
    "missing annotation will be patched automatically."
)


def apply(call: Call) -> int:
    """Apply every object of the manifests."""
    flags = call.flags
    call.refuse_arguments()
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
    infos, errors = select(call, (), latest=False, validate=validate).parted()
    if len(errors) > 1:
        errors = [Aggregate(errors)]  # what was wrong with the manifests is one error
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
        return call.api.retrieve(info.type, info.name, info.namespace)
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
    _demand_name(info)
    server = _get(call, info)
    now = with_last_applied(manifest)
    if server is None:
        info.object = now
        create_from_manifest(call, info, mode)
        return "created"
    held = (server.get("metadata") or {}).get("annotations") or {}
    if LAST_APPLIED not in held:
        call.complain(MISSING_ANNOTATION.format(info.type.plural, info.name, LAST_APPLIED))
    patch = change(now, server, info.type)
    if not patch:
        info.object = server
        return "unchanged"
    if mode == "client":
        info.object = patched(server, patch, "strategic")
        return "configured"
    info.object = _send(call, info, patch, mode)
    _warn_if_deleting(call, info)
    return "configured"


def _send(call: Call, info: Info, patch: Wire, mode: DryRun) -> Wire:
    try:
        return call.api.patch(
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


def _server_side(call: Call, info: Info, mode: DryRun) -> str:
    """Have the server merge one manifest; says what was done."""
    _demand_name(info)
    server_side = ServerSideApply(call.api, force=call.flags.on("force-conflicts"), dry_run=mode == "server")
    info.object = server_side.apply(info)
    _warn_if_deleting(call, info)
    return "serverside-applied"


def _demand_name(info: Info) -> None:
    """Refuse a manifest whose name the server would make up."""
    metadata = (info.object or {}).get("metadata") or {}
    if not info.name and metadata.get("generateName"):
        raise KubectlError(f"from {metadata['generateName']}: cannot use generate name with apply")


def _warn_if_deleting(call: Call, info: Info) -> None:
    if ((info.object or {}).get("metadata") or {}).get("deletionTimestamp"):
        call.complain(f"Warning: Detected changes to resource {info.name} which is currently being deleted.")


KINDS = ("ConfigMap", "Endpoints", "Pod", "Secret", "Service", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
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


def view_last_applied(call: Call) -> int:
    """Print what was applied last to each object."""
    shape = call.flags.text("output")
    if shape not in ("json", "yaml"):
        raise KubectlError(f'Unexpected -o output mode: {shape}, the flag "output" must be one of yaml|json')

    def act(info: Info) -> None:
        metadata = (info.object or {}).get("metadata") or {}
        text = (metadata.get("annotations") or {}).get(LAST_APPLIED)
        if text is None:  # upstream has an error for this, and returns nothing in its place
            return
        try:
            wire = go_json.loads(text)
        except go_json.JsonError as error:
            raise KubectlError(str(error)) from None
        call.stdout.append(go_yaml.dump(wire) if shape == "yaml" else go_json.dumps(wire) + "\n")

    select(call, call.arguments, everything=call.flags.on("all")).visit(act)
    return 0


def set_last_applied(call: Call) -> int:
    """Make each object remember the manifest, without changing anything else."""
    mode = dry_run(call)
    printer = Printer(call, mode)

    def act(info: Info) -> None:
        manifest = info.object or {}
        live = call.api.get(info.type, info.name, info.namespace)
        metadata = live.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        if LAST_APPLIED not in annotations and not call.flags.on("create-annotation"):
            raise KubectlError(
                f"no last-applied-configuration annotation found on resource: {info.name}, to create the annotation, "
                "run the command with --create-annotation"
            )
        after = {
            **live,
            "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: last_applied_text(manifest)}},
        }
        info.object = live
        info.object = send_change(call, info, after, mode)
        printer.done(info, "configured")

    select(call, (), latest=False).visit(act)
    return 0
