"""``kubectl apply``: make the cluster have what the manifests say, and remember what they said.

``view-last-applied`` and ``set-last-applied`` show and set what is remembered. With ``--force`` an object whose change
the server refuses is made anew; what ``--prune`` does is in :mod:`kubesim.kubectl.pruning`.
"""

from __future__ import annotations

from kubesim.api import go_json, go_yaml
from kubesim.api.apply import change, last_applied_text, with_last_applied, without_version
from kubesim.api.errors import ApiError
from kubesim.api.managed_fields.server_side import LAST_APPLIED
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import FAILURES, Aggregate, KubectlError, raise_all, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer, dry_run
from kubesim.kubectl.pruning import allowed, prune
from kubesim.kubectl.requests import check_validate, create_from_manifest, field_validation, patched, send_change
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.server_side import ServerSideApply
from kubesim.kubectl.watching import wait_until_gone

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
    if not flags.texts("filename") and not flags.text("kustomize"):
        raise KubectlError("must specify one of -f and -k")
    validate = check_validate(call)
    kinds = allowed(call) if flags.on("prune") else []
    _check(call, mode)
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
        prune(call, kinds, done, printer, mode)
    return 0


def _check(call: Call, mode: DryRun) -> None:
    """Refuse flags that do not go together."""
    flags = call.flags
    server_side, force = flags.on("server-side"), flags.on("force")
    if flags.on("force-conflicts") and not server_side:
        raise KubectlError("--force-conflicts only works with --server-side")
    if server_side and mode == "client":
        raise KubectlError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
    if force and server_side:
        raise KubectlError("--force cannot be used with --server-side")
    if force and mode == "server":
        raise KubectlError("--dry-run=server cannot be used with --force")
    if flags.on("all") and flags.text("selector"):
        raise KubectlError("cannot set --all and --selector at the same time")
    if not flags.on("prune"):
        return
    if force:
        raise KubectlError("--force cannot be used with --prune")
    if not flags.on("all") and not flags.text("selector"):
        raise KubectlError(
            "all resources selected for prune without explicitly passing --all. To prune all resources, "
            "pass the --all flag. If you did not mean to prune all resources, specify a label selector"
        )
    if server_side:
        raise KubectlError("--prune is in alpha and doesn't currently work on objects created by server-side apply")


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
    info.object = now
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
        if call.flags.on("force") and error.reason in ("Conflict", "Invalid"):
            return _recreate(call, info, patch)
        text = f"applying patch:\n{go_json.dumps(patch, None)}\nto:\n{_described(info)}\nfor:"
        raise with_source(error, text, info.source) from None


def _recreate(call: Call, info: Info, patch: Wire) -> Wire:
    """Delete an object and create it anew (``--force``); one that cannot be created is put back as it was.

    kubectl does not wait for an object that goes slowly unless ``--timeout`` says how long.
    """
    kind, name, namespace = info.type, info.name, info.namespace
    grace = call.flags.number("grace-period")
    try:
        before = call.api.get(kind, name, namespace)
        call.api.delete(kind, name, namespace, None if grace < 0 else grace)
        uid = before["metadata"].get("uid", "")
        if not wait_until_gone(call, info, uid, call.flags.seconds("timeout")):
            raise KubectlError("context deadline exceeded")
        try:
            return call.api.create(info.object or {}, namespace)
        except ApiError as error:
            call.api.create(without_version(before), namespace)
            raise error from None
    except (ApiError, KubectlError) as error:
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
