"""``tar``: GNU's and busybox', what ``kubectl cp`` runs in a container.

Archives are the real format (POSIX ``pax``/``ustar``), written and read by Python's ``tarfile`` in memory. Files hold
text; bytes that are no UTF-8 are kept by surrogates, so any archive comes through whole.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import stat
import tarfile
from datetime import UTC, datetime

from kubesim.userland.command_line import CommandLine, Complaint, Form, Run, joined, program
from kubesim.userland.filesystem import Entry, FileError
from kubesim.userland.process import Completed

_TRY = "Try 'tar --help' or 'tar --usage' for more information.\n"
_KINDS = {"file": tarfile.REGTYPE, "directory": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}
_LONG = {
    "create": "c", "extract": "x", "get": "x", "list": "t", "verbose": "v", "gzip": "z", "file": "f", "directory": "C",
    "touch": "m", "same-permissions": "p", "preserve-permissions": "p", "keep-old-files": "k", "no-same-owner": "o",
}  # fmt: skip
_FORM = Form("cxtvzmpko", "fC", "", _LONG, "", False)


@program(None)
def tar(run: Run) -> Completed:
    """Make an archive, list it, or unpack it."""
    words = run.operands
    if words and not words[0].startswith("-"):  # the old style: letters without a dash, then the values of some
        letters, *rest = words
        words = [
            word for letter in letters for word in (f"-{letter}", *([rest.pop(0)] if letter in "fC" and rest else []))
        ]
        words += rest
    line = CommandLine(run.invocation.becoming(("tar", *words)), _TRY, 1 if run.busybox else 2)
    line.read(_FORM)
    modes = [letter for letter in "cxt" if line.on(letter)]
    if len(modes) != 1:
        usual = "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options"
        if modes:
            usual = "You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option"
        raise line.usage_only(f"tar: {usual}\n{_TRY}")
    return _create(line) if modes == ["c"] else _read(line)


def _failure(run: Run) -> int:
    return 1 if run.busybox else 2


def _ended(run: Run, out: str, err: str) -> Completed:
    """How it ends, with a last line about what it complained of."""
    if not run.problems:
        return Completed(out, err)
    last = run.worded("Exiting with failure status due to previous errors", "error exit delayed from previous errors")
    return Completed(out, f"{err}{joined(run.problems)}tar: {last}\n", _failure(run))


def _create(run: Run) -> Completed:
    if not run.operands:
        raise Complaint(
            run.worded(f"tar: Cowardly refusing to create an empty archive\n{_TRY}", "tar: empty archive\n"),
            _failure(run),
        )
    packed, names, told = io.BytesIO(), list[str](), ""
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for operand in run.operands:
            start = _place(run, operand)
            if operand.startswith("/") and not told:
                told = run.worded(
                    "tar: Removing leading `/' from member names\n", "tar: removing leading '/' from member names\n"
                )
            try:
                run.files.stat(start, follow=False)
            except FileError as error:
                run.complain(run.worded(f"{operand}: Cannot stat: {error.reason}", f"{operand}: {error.reason}"))
                continue
            for path in run.files.walk(start):
                name = (operand.rstrip("/") + path[len(start.rstrip("/")) :]).lstrip("/") or "."
                names.append(_added(archive, name, run.files.stat(path, follow=False)))
    content = packed.getvalue()
    if run.on("z"):
        content = gzip.compress(content, mtime=0)
    text, listing = content.decode("utf-8", "surrogateescape"), joined(names) if run.on("v") else ""
    file = run.options.get("f", "-")
    if file == "-":
        return _ended(run, text, told + listing)
    with run.trying(run.worded(f"{file}: Cannot open", f"can't open '{file}'")):
        run.files.write(run.path(file), text)
    return _ended(run, listing, told)


def _place(run: Run, operand: str) -> str:
    """Where a file is: relative to ``-C``."""
    return run.path(posixpath.join(run.options.get("C", ""), operand))


def _added(archive: tarfile.TarFile, name: str, entry: Entry) -> str:
    """Put an entry into an archive; its name as it is listed."""
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime = _KINDS[entry.kind], entry.mode & 0o7777, int(entry.modified)
    member.uname = member.gname = entry.owner
    content = b""
    if entry.kind == "link":
        member.linkname = entry.content
    elif entry.kind == "file":
        content = entry.content.encode("utf-8", "surrogateescape")
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
    return f"{name}/" if entry.kind == "directory" else name


def _read(run: Run) -> Completed:
    file = run.options.get("f", "-")
    text = run.stdin if file == "-" else ""
    if file != "-":
        try:
            text = run.files.read(run.path(file))
        except FileError as error:
            usual = f"tar: {file}: Cannot open: {error.reason}\ntar: Error is not recoverable: exiting now\n"
            raise Complaint(run.worded(usual, f"tar: can't open '{file}': {error.reason}\n"), _failure(run)) from None
    listed: list[str] = []
    found: set[str] = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(text.encode("utf-8", "surrogateescape")), mode="r:*") as archive:
            for member in archive:
                run.invocation.machine.simulation.gate.turn.work()
                wanted = [each for each in run.operands if _is_within(member.name, each)]
                found.update(wanted)
                if run.operands and not wanted:
                    continue
                listed.append(_listed(run, member))
                if run.on("x"):
                    _unpack(run, archive, member)
    except (tarfile.TarError, OSError, EOFError):
        usual = "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n"
        raise Complaint(run.worded(usual, "tar: short read\n"), _failure(run)) from None
    missing = [each for each in run.operands if each not in found]
    if missing and run.busybox:  # which stops at the first
        return Completed(joined(listed), f"tar: {missing[0]}: not found in archive\n", _failure(run))
    for each in missing:
        run.complain(f"{each}: Not found in archive")
    return _ended(run, joined(listed) if run.on("tv") else "", "")


def _listed(run: Run, member: tarfile.TarInfo) -> str:
    """A line of a listing: long where ``-t`` comes with ``-v``."""
    name = f"{member.name}/" if member.isdir() else member.name
    if not (run.on("t") and run.on("v")):
        return name
    kind = "d" if member.isdir() else "l" if member.issym() else "-"
    owner, moment = (
        f"{member.uname or member.uid}/{member.gname or member.gid}",
        datetime.fromtimestamp(member.mtime, UTC),
    )
    when = f"{moment:%Y-%m-%d %H:%M}" + run.worded("", f":{moment:%S}")
    arrow = f" -> {member.linkname}" if member.issym() else ""
    mode = stat.filemode(member.mode)[1:]
    return f"{kind}{mode} {owner}{member.size:>{max(2, 19 - len(owner))}} {when} {name}{arrow}"


def _is_within(name: str, wanted: str) -> bool:
    wanted = wanted.rstrip("/")
    return name == wanted or name.startswith(f"{wanted}/")


def _unpack(run: Run, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    """Make what a member says; nothing outside of where it is unpacked."""
    name = member.name.lstrip("/")
    if ".." in name.split("/"):
        run.complain(run.worded(f"{member.name}: Member name contains '..'", f"name with '..': {member.name}"))
        return
    path = _place(run, name)
    try:
        if member.isdir():
            run.files.make_directory(path, parents=True, mode=member.mode)
            return
        run.files.make_directory(posixpath.dirname(path), parents=True)
        if member.issym():
            if run.files.exists(path):
                run.files.remove(path)
            run.files.link(path, member.linkname)
            return
        content = archive.extractfile(member)
        data = content.read() if content is not None else b""
        run.files.write(path, data.decode("utf-8", "surrogateescape"), mode=member.mode)
        if not run.on("m"):
            run.files.change(path, modified=float(member.mtime))
    except FileError as error:
        run.complain(run.worded(f"{name}: Cannot open: {error.reason}", f"can't open '{name}': {error.reason}"))
