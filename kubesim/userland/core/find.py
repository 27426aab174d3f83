"""``find``: the files below a directory that meet the tests."""

from __future__ import annotations

import fnmatch
import posixpath

from kubesim.userland.command_line import Complaint, finished, guarded, joined
from kubesim.userland.filesystem import absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def find(invocation: Invocation) -> Completed:
    """Look for files: -name, -iname, -path, -type, -maxdepth, -mindepth, -empty, -not, -o, -print, -delete."""
    words = list(invocation.argv[1:])
    starts = []
    while words and not words[0].startswith(("-", "(", "!")):
        starts.append(words.pop(0))
    depth_limit, depth_start = 10**6, 0
    files = invocation.machine.files
    known = {
        "-name",
        "-iname",
        "-path",
        "-type",
        "-maxdepth",
        "-mindepth",
        "-size",
        "-newer",
        "-mtime",
        "-user",
        "-perm",
    }
    tests: list[list[tuple[bool, str, str]]] = [[]]
    negated = False
    deletes = False
    while words:
        word = words.pop(0)
        if word in ("!", "-not"):
            negated = not negated
        elif word in ("-o", "-or"):
            tests.append([])
        elif word in ("-print", "-a", "-and", "(", ")", "-print0"):
            continue
        elif word == "-delete":
            deletes = True
        elif word == "-empty":
            tests[-1].append((negated, word, ""))
            negated = False
        elif word in known:
            if not words:
                raise Complaint(f"find: missing argument to `{word}'\n")
            value = words.pop(0)
            if word == "-maxdepth":
                depth_limit = int(value) if value.isdigit() else 0
            elif word == "-mindepth":
                depth_start = int(value) if value.isdigit() else 0
            else:
                tests[-1].append((negated, word, value))
            negated = False
        else:
            raise Complaint(f"find: unknown predicate `{word}'\n")
    out, problems = [], []
    for start in starts or ["."]:
        path = absolute(start, invocation.directory)
        if not files.exists(path):
            problems.append(f"find: ‘{start}’: No such file or directory")
            continue
        base = files.resolve(path)
        for each in files.walk(base):
            tail = each[len(base) :].lstrip("/")
            depth = tail.count("/") + 1 if tail else 0
            if not depth_start <= depth <= depth_limit:
                continue
            shown = posixpath.join(start, tail) if tail else start
            if any(all(_holds(invocation, each, shown, test) for test in group) for group in tests):
                out.append(shown)
                if deletes and each != "/":
                    files.remove_tree(each)
    return finished("" if deletes else joined(out), problems)


def _holds(invocation: Invocation, path: str, shown: str, test: tuple[bool, str, str]) -> bool:
    negated, name, value = test
    entry = invocation.machine.files.stat(path, follow=False)
    base = posixpath.basename(path) or "/"
    if name == "-name":
        result = fnmatch.fnmatchcase(base, value)
    elif name == "-iname":
        result = fnmatch.fnmatchcase(base.lower(), value.lower())
    elif name == "-path":
        result = fnmatch.fnmatchcase(shown, value)
    elif name == "-type":
        result = {"f": "file", "d": "directory", "l": "link"}.get(value) == entry.kind
    elif name == "-empty":
        result = entry.size == 0 if entry.kind == "file" else not invocation.machine.files.list(path)
    else:
        result = True
    return result != negated
