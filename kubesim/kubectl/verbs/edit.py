"""``kubectl edit``: objects as a file to change.

kubectl opens the program that ``KUBE_EDITOR`` or ``EDITOR`` names on a file in ``/tmp``, and sends the difference of
what was saved. There is no editor for a person here: where neither variable is set the file is left for the person, who
changes it and replaces the object; a notebook opens it in a cell of its own. Upstream:
``k8s.io/kubectl/pkg/cmd/util/editor``.
"""

from __future__ import annotations

from kubesim.api import go_yaml
from kubesim.api.apply import three_way_patch
from kubesim.api.errors import ApiError
from kubesim.api.go_format import quote
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, SilentExit
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.output.formats import without_managers
from kubesim.kubectl.resource_arguments import select
from kubesim.userland.filesystem import FileError
from kubesim.userland.machine import ExecutableNotFoundError

DIRECTORY = "/tmp"
PREFIX = "kubectl-edit-"
"""How the file's name begins, upstream's: a number follows."""

_HEADER = """\
# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
"""


def edit(call: Call) -> int:
    """Let an editor change the objects and send what it changed; without one, leave a file and say how it is sent."""
    if not call.arguments and not call.flags.texts("filename"):
        raise KubectlError("must specify --filename/-f or a resource to edit")
    found = [info for info in select(call, call.arguments).infos() if info.object is not None]
    if not found:
        raise KubectlError("edit cancelled, no objects found")
    number = call.simulation.random("kubectl/edit").randrange(10**9, 2**32)
    path = f"{DIRECTORY}/{PREFIX}{number}.yaml"
    call.files.make_directory(DIRECTORY, parents=True)
    editor = call.environment.get("KUBE_EDITOR") or call.environment.get("EDITOR") or ""
    text = "---\n".join(go_yaml.dump(without_managers(info.object or {})) for info in found)
    if not editor or call.spawn is None:
        call.files.write(path, text)
        call.say(f"There is no editor here: the manifest is in {path}. Change it, then kubectl replace -f {path}")
        return 0
    call.files.write(path, _HEADER + text)
    _open(call, editor, path)
    edited = _documents(call, path, text, found[0])
    for info in found:
        _send(call, info, edited, path)
    call.files.remove(path)
    return 0


def _open(call: Call, editor: str, path: str) -> None:
    """Run the editor on a file; a shell reads its words where they are quoted.

    :raises KubectlError: where it cannot be started, or fails.
    """
    assert call.spawn is not None
    quoted = any(each in editor for each in "\"'\\")
    argv = ("bash", "-c", f"{editor} {quote(path)}") if quoted else (*editor.split(" "), path)
    try:
        done = call.spawn(argv)
    except ExecutableNotFoundError:
        raise KubectlError(f'unable to launch the editor "{editor}"') from None
    call.stdout.append(done.stdout)
    call.stderr.append(done.stderr)
    if done.returncode:
        raise KubectlError(f'there was a problem with the editor "{editor}"')


def _documents(call: Call, path: str, before: str, first: Info) -> list[Wire]:
    """What was saved.

    :param first: of the objects; a file that cannot be read is put down to it, as upstream does.

    :raises KubectlError: where nothing was changed, or what was saved is no YAML.
    """
    try:
        text = call.files.read(path)
    except FileError as error:
        raise KubectlError(f"{error}") from None
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    if not kept.strip():
        _cancel(call, path, "Edit cancelled, saved file was empty.")
    if kept == before:
        _cancel(call, path, "Edit cancelled, no changes made.")
    try:
        documents = go_yaml.load_all(kept)
    except go_yaml.YamlError:
        call.complain(f'error: {first.type.qualified} "{first.name}" is invalid')
        raise _kept(call, path) from None
    return [each for each in documents if isinstance(each, dict)]


def _cancel(call: Call, path: str, words: str) -> None:
    call.files.remove(path)
    call.complain(words)
    raise SilentExit(0)


def _kept(call: Call, path: str) -> KubectlError:
    """An edit that came to nothing: what was saved stays for another try."""
    call.complain(f'A copy of your changes has been stored to "{path}"')
    return KubectlError("Edit cancelled, no valid changes were saved.")


def _send(call: Call, info: Info, edited: list[Wire], path: str) -> None:
    """Send what was changed of one object.

    :raises KubectlError: where the server refuses it; what was saved stays.
    """
    before = without_managers(info.object or {})
    after = next((each for each in edited if _identity(each) == _identity(before)), None)
    if after is None:
        call.complain(f'error: {info.type.qualified} "{info.name}" is not in the edited file any more')
        raise _kept(call, path)
    patch = three_way_patch(before, after, before, info.type)
    if not patch:
        call.say(f"{info.label} skipped")
        return
    try:
        call.api.patch(info.type, info.name, info.namespace, patch, field_validation="Strict")
    except ApiError as error:
        raise _refused(call, info, error, path) from None
    call.say(f"{info.label} edited")


def _refused(call: Call, info: Info, error: ApiError, path: str) -> KubectlError:
    """What kubectl says of an edit that the server refuses; the editor would be opened again, and changes nothing."""
    subject = f'{info.type.qualified} "{info.name}"'
    if error.reason == "NotFound":
        call.complain(f"error: {subject} could not be found on the server")
        call.complain(f'The edits you made on deleted resources have been saved to "{path}"')
        return SilentExit()
    if error.reason != "Invalid":
        call.complain(f"error: {subject} could not be patched: {error.message}")
        call.complain(f"You can run `kubectl replace -f {path}` to try this update again.")
        return SilentExit()
    call.complain(f"error: {subject} is invalid")
    reasons = [f"# {subject} was not valid:"]
    reasons += [f"# * {cause['field']}: {cause['message']}" for cause in error.details.get("causes") or ()]
    saved = "".join(line for line in call.files.read(path).splitlines(keepends=True) if not line.startswith("#"))
    call.files.write(path, _HEADER + "".join(f"{line}\n" for line in (*reasons, "#")) + saved)
    return _kept(call, path)


def _identity(wire: Wire) -> tuple[object, ...]:
    metadata = wire.get("metadata") or {}
    return wire.get("kind"), metadata.get("namespace"), metadata.get("name")
