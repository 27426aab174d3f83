"""``kubectl replace``: put a manifest's object in the place of the stored one."""

from __future__ import annotations

from kubesim.api.apply import with_last_applied
from kubesim.api.errors import ApiError
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import check_validate, create_from_manifest, field_validation
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.verbs.delete import print_deleted
from kubesim.kubectl.watching import wait_until_gone


def replace(call: Call) -> int:
    """Replace each object; with ``--force`` delete it and create it anew."""
    flags = call.flags
    call.refuse_arguments()
    mode = dry_run(call)
    if not flags.texts("filename") and not flags.text("kustomize"):
        raise KubectlError("must specify one of -f and -k")
    force = flags.on("force")
    grace = flags.number("grace-period")
    if grace >= 0 and not force:
        raise KubectlError("--grace-period must have --force specified")
    if flags.seconds("timeout") > 0 and not force:
        raise KubectlError("--timeout must have --force specified")
    if force and mode != "none":
        raise KubectlError("--dry-run can not be used when --force is set")
    validate = check_validate(call)
    printer = Printer(call, mode)

    def swap(info: Info) -> None:
        wire = info.object or {}
        if flags.on("save-config"):
            wire = with_last_applied(wire)
        if mode != "client":
            try:
                info.object = call.api.replace(
                    wire, info.namespace, dry_run=mode == "server", field_validation=field_validation(call)
                )
            except (ApiError, KubectlError) as error:
                raise with_source(error, "replacing", info.source) from None
        printer.done(info, "replaced")

    def renew(info: Info) -> None:
        create_from_manifest(call, info, mode)
        printer.done(info, "replaced")

    if force:
        select(call, (), latest=False, validate=validate).visit(lambda info: _delete(call, info, grace))
    if not select(call, (), latest=False, validate=validate).visit(renew if force else swap):
        raise KubectlError("no objects passed to replace")
    return 0


def _delete(call: Call, info: Info, grace: int) -> None:
    try:
        gone = call.api.delete(info.type, info.name, info.namespace, max(grace, 0))
    except ApiError as error:
        if error.reason == "NotFound":
            return
        raise
    print_deleted(call, info, grace)
    uid = gone["metadata"].get("uid", "")
    if not wait_until_gone(call, info, uid, call.flags.limit("timeout")):
        raise KubectlError("timed out waiting for the condition")
