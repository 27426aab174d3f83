"""``kubectl patch``: strategic merge, merge and JSON patch."""

from __future__ import annotations

from typing import Any

from kubesim.api import go_json, go_yaml
from kubesim.api.errors import ApiError, bad_request
from kubesim.api.patch import PatchKind
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import patched
from kubesim.kubectl.resource_arguments import select

_KINDS: dict[str, PatchKind] = {"json": "json", "merge": "merge", "strategic": "strategic"}

_SUBRESOURCES = ("resize", "scale", "status")


def patch(call: Call) -> int:
    """Send a patch for each object."""
    flags = call.flags
    mode = dry_run(call)
    printer = Printer(call, mode)
    kind = _KINDS.get(flags.text("type").lower())
    local, subresource = flags.on("local"), flags.text("subresource")
    if subresource and subresource not in _SUBRESOURCES:
        raise KubectlError(f'invalid subresource value: "{subresource}". Must be one of [{" ".join(_SUBRESOURCES)}]')
    text = _patch_text(call)
    if kind is None:
        raise KubectlError(f'--type must be one of [{" ".join(_KINDS)}], not "{flags.text("type")}"')
    body = _body(text)

    def act(info: Info) -> None:
        before = info.object or {}
        if isinstance(body, ApiError):
            raise body
        if local or mode == "client":
            after = patched(before, body, kind, typed=False)
        else:
            after = call.api.patch(
                info.type, info.name, info.namespace, body, kind=kind, subresource=subresource, dry_run=mode == "server"
            )
        info.object = after
        if printer.format == "":
            call.say(f"{info.label} patched" + ("" if before != after else " (no change)"))
        else:
            printer.done(info, "patched")

    if not select(call, call.arguments, latest=False).visit(act):
        raise KubectlError("no objects passed to patch")
    return 0


def _patch_text(call: Call) -> str:
    flags = call.flags
    if flags.text("patch-file"):
        path = flags.text("patch-file")
        return call.stdin if path == "-" else call.read(path, "unable to read patch file: ")
    if not flags.text("patch"):
        raise KubectlError("must specify --patch or --patch-file containing the contents of the patch")
    return flags.text("patch")


def _body(text: str) -> Any:
    """The patch as JSON; what is no YAML is refused at once, what begins as JSON and is none by the server."""
    if not text.lstrip().startswith("{"):
        try:
            return go_yaml.load(text)
        except go_yaml.YamlError as error:
            raise KubectlError(f'unable to parse "{text}": {error}') from None
    try:
        return go_json.loads(text)
    except go_json.JsonError as error:
        return bad_request(str(error))
