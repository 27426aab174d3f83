"""Programs that work on a path's text, or follow its links: ``basename``, ``dirname``, ``readlink``."""

from __future__ import annotations

import posixpath

from kubesim.userland.command_line import finished, guarded, joined, misuse, split_options
from kubesim.userland.filesystem import Entry, FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def basename(invocation: Invocation) -> Completed:
    """The last component of a path."""
    _, names = split_options(invocation, "a", "s")
    if not names:
        raise misuse(invocation, "missing operand")
    base = posixpath.basename(names[0].rstrip("/")) or "/"
    if len(names) > 1 and base != names[1]:
        base = base.removesuffix(names[1])
    return Completed(f"{base}\n")


@guarded
def dirname(invocation: Invocation) -> Completed:
    """All but the last component of a path."""
    _, names = split_options(invocation, "z")
    if not names:
        raise misuse(invocation, "missing operand")
    return Completed(joined([posixpath.dirname(name.rstrip("/")) or "." for name in names]))


@guarded
def readlink(invocation: Invocation) -> Completed:
    """Where a link leads; with ``-f``, and as ``realpath``, the whole path without links."""
    options, names = split_options(invocation, "femnqsz")
    program = invocation.argv[0].rsplit("/", 1)[-1]
    if not names:
        raise misuse(invocation, "missing operand")
    files = invocation.machine.files
    out, problems = [], []
    for name in names:
        path = absolute(name, invocation.directory)
        if program == "realpath" or "f" in options or "e" in options:
            if not files.exists(posixpath.dirname(path) or "/") or ("e" in options and not files.exists(path)):
                problems.append(f"{program}: {name}: No such file or directory")
                continue
            out.append(files.resolve(path))
        else:
            try:
                entry = files.stat(path, follow=False)
            except FileError:
                entry = Entry()
            if entry.kind != "link":
                return Completed("", "", 1)
            out.append(entry.content)
    return finished(joined(out), [] if program == "readlink" else problems, status=int(bool(problems)))
