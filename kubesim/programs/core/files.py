"""Programs for files: ls, mkdir, rm, cp, mv, touch, ln, chmod, stat, find, basename, dirname, readlink, realpath."""

from __future__ import annotations

import fnmatch
import posixpath
from datetime import UTC, datetime

from kubesim.programs.files_text import Complaint, finished, guarded, is_busybox, joined, split_options
from kubesim.programs.filesystem import IS_A_DIRECTORY, Entry, FileError, absolute
from kubesim.programs.process import Completed, Invocation


def _mode(entry: Entry) -> str:
    letters = {"file": "-", "directory": "d", "link": "l"}[entry.kind]
    for shift in (6, 3, 0):
        bits = entry.mode >> shift & 7
        letters += ("r" if bits & 4 else "-") + ("w" if bits & 2 else "-") + ("x" if bits & 1 else "-")
    return letters


def _long(invocation: Invocation, path: str, name: str, human: bool) -> list[str]:
    entry = invocation.machine.files.stat(path, follow=False)
    moment = datetime.fromtimestamp(entry.modified, UTC)
    recent = 0 <= invocation.machine.datetime().timestamp() - entry.modified < 15_778_476
    stamp = moment.strftime("%b %e %H:%M") if recent else moment.strftime("%b %e  %Y")
    size = str(entry.size)
    if human and entry.size >= 1024:
        size = f"{entry.size / 1024:.1f}K"
    arrow = f" -> {entry.content}" if entry.kind == "link" else ""
    return [
        _mode(entry),
        "2" if entry.kind == "directory" else "1",
        entry.owner,
        entry.owner,
        size,
        stamp,
        name + arrow,
    ]


@guarded
def ls(invocation: Invocation) -> Completed:
    """List directories."""
    options, names = split_options(invocation, "1aAlhRdtrFGinpsS", long={"all": "a", "almost-all": "A", "color": "G"})
    files = invocation.machine.files
    problems: list[str] = []
    plain: list[str] = []
    directories: list[str] = []
    for name in names or ["."]:
        try:
            entry = files.stat(absolute(name, invocation.directory))
        except FileError as error:
            text = f"ls: cannot access '{name}': {error.reason}"
            problems.append(f"ls: {name}: {error.reason}" if is_busybox(invocation) else text)
            continue
        (directories if entry.kind == "directory" and "d" not in options else plain).append(name)
    out: list[str] = []
    if plain:
        out += _listing(
            invocation, options, [(name, absolute(name, invocation.directory)) for name in sorted(plain)], total=False
        )
    titled = len(directories) + bool(plain) > 1 or bool(problems and directories) or "R" in options
    queue = sorted(directories)
    while queue:
        name = queue.pop(0)
        path = absolute(name, invocation.directory)
        entries = [(each, posixpath.join(path, each)) for each in files.list(path)]
        if not {"a", "A"} & set(options):
            entries = [each for each in entries if not each[0].startswith(".")]
        if "a" in options:
            entries = [(".", path), ("..", posixpath.dirname(files.resolve(path))), *entries]
        if titled and (len(names) > 1 or "R" in options):
            out += ([""] if out else []) + [f"{name}:"]
        out += _listing(invocation, options, entries, total="l" in options)
        if "R" in options:
            queue = [
                f"{name}/{each}" for each, where in entries if each not in (".", "..") and files.is_directory(where)
            ] + queue
    return finished(joined(out), problems, failing=1 if is_busybox(invocation) else 2)


def _listing(
    invocation: Invocation, options: dict[str, str], entries: list[tuple[str, str]], *, total: bool
) -> list[str]:
    files = invocation.machine.files
    if "t" in options:
        entries = sorted(entries, key=lambda each: -files.stat(each[1], follow=False).modified)
    if "S" in options:
        entries = sorted(entries, key=lambda each: -files.stat(each[1], follow=False).size)
    if "r" in options:
        entries = entries[::-1]
    if "l" not in options:
        names = [
            name + ("/" if {"F", "p"} & set(options) and files.is_directory(path) else "") for name, path in entries
        ]
        if invocation.terminal and "1" not in options and names and sum(len(name) + 2 for name in names) <= 80:
            return ["  ".join(names)]
        return names
    rows = [_long(invocation, path, name, "h" in options) for name, path in entries]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(6)]
    lines = [
        f"{row[0]} {row[1]:>{widths[1]}} {row[2]:<{widths[2]}} {row[3]:<{widths[3]}} "
        f"{row[4]:>{widths[4]}} {row[5]} {row[6]}"
        for row in rows
    ]
    return ([f"total {4 * len(rows)}"] if total else []) + lines


@guarded
def mkdir(invocation: Invocation) -> Completed:
    """Make directories."""
    options, names = split_options(invocation, "pv", "m", {"parents": "p"})
    if not names:
        raise Complaint("mkdir: missing operand\nTry 'mkdir --help' for more information.\n")
    problems = []
    for name in names:
        try:
            invocation.machine.files.make_directory(
                absolute(name.rstrip("/") or "/", invocation.directory), parents="p" in options
            )
        except FileError as error:
            quoted = f"'{name}'" if is_busybox(invocation) else f"‘{name}’"
            what = "can't create directory" if is_busybox(invocation) else "cannot create directory"
            problems.append(f"mkdir: {what} {quoted}: {error.reason}")
    return finished("", problems)


@guarded
def rmdir(invocation: Invocation) -> Completed:
    """Remove empty directories."""
    _, names = split_options(invocation, "p")
    problems = []
    files = invocation.machine.files
    for name in names:
        path = absolute(name, invocation.directory)
        try:
            if not files.is_directory(path) and files.exists(path):
                raise FileError(name, "Not a directory")
            files.remove(path)
        except FileError as error:
            problems.append(f"rmdir: failed to remove '{name}': {error.reason}")
    return finished("", problems)


@guarded
def rm(invocation: Invocation) -> Completed:
    """Remove files; the root only with ``--no-preserve-root``, which is refused here too."""
    long = {"recursive": "r", "force": "f", "no-preserve-root": "N", "preserve-root": "P", "verbose": "v", "dir": "d"}
    options, names = split_options(invocation, "rRfivdI", long=long)
    if not names and "f" not in options:
        raise Complaint("rm: missing operand\nTry 'rm --help' for more information.\n")
    recursive = "r" in options or "R" in options
    files = invocation.machine.files
    problems = []
    out = []
    for name in names:
        path = absolute(name, invocation.directory)
        if recursive and files.resolve(path) == "/":
            problems.append("rm: it is dangerous to operate recursively on '/'")
            problems.append("rm: use --no-preserve-root to override this failsafe")
            continue
        if name.rstrip("/").rsplit("/", 1)[-1] in (".", ".."):
            problems.append(f"rm: refusing to remove '.' or '..' directory: skipping '{name}'")
            continue
        try:
            entry = files.stat(path, follow=False)
            if entry.kind == "directory" and not recursive:
                raise FileError(name, IS_A_DIRECTORY)
            files.remove_tree(path.rstrip("/"))
            if "v" in options:
                out.append(f"removed '{name}'")
        except FileError as error:
            if "f" in options and error.reason == "No such file or directory":
                continue
            start = f"rm: can't remove '{name}'" if is_busybox(invocation) else f"rm: cannot remove '{name}'"
            problems.append(f"{start}: {error.reason}")
    return finished(joined(out), problems)


def _copy_or_move(invocation: Invocation, program: str) -> Completed:
    long = {"recursive": "r", "archive": "a", "force": "f", "verbose": "v", "no-clobber": "n", "interactive": "i"}
    options, names = split_options(invocation, "rRafvnipuTLPd", "t", long)
    if not names:
        raise Complaint(f"{program}: missing file operand\nTry '{program} --help' for more information.\n")
    if len(names) == 1:
        raise Complaint(
            f"{program}: missing destination file operand after '{names[0]}'\n"
            f"Try '{program} --help' for more information.\n"
        )
    files = invocation.machine.files
    *sources, target = names
    place = absolute(target, invocation.directory)
    if len(sources) > 1 and not files.is_directory(place):
        raise Complaint(
            f"{program}: target '{target}': "
            f"{'Not a directory' if files.exists(place) else 'No such file or directory'}\n"
        )
    problems = []
    for name in sources:
        path = absolute(name, invocation.directory)
        end = posixpath.join(place, posixpath.basename(name.rstrip("/"))) if files.is_directory(place) else place
        try:
            entry = files.stat(path)
        except FileError as error:
            word = "can't stat" if is_busybox(invocation) else "cannot stat"
            if program == "mv" and is_busybox(invocation):
                word = "can't rename"
            problems.append(f"{program}: {word} '{name}': {error.reason}")
            continue
        if program == "cp" and entry.kind == "directory" and not {"r", "R", "a"} & set(options):
            problems.append(f"cp: -r not specified; omitting directory '{name}'")
            continue
        if files.resolve(path) == files.resolve(end):
            problems.append(f"{program}: '{name}' and '{target}' are the same file")
            continue
        if "n" in options and files.exists(end):
            continue
        try:
            if program == "mv":
                files.move(path, end)
            elif entry.kind == "directory":
                start = files.resolve(path)
                for each in list(files.walk(start)):
                    there = end + each[len(start) :]
                    if files.is_directory(each):
                        files.make_directory(there, parents=True)
                    else:
                        files.write(there, files.read(each), mode=files.stat(each).mode)
            else:
                files.write(end, entry.content, mode=entry.mode)
        except FileError as error:
            verb = "create regular file" if program == "cp" else "move"
            shown = f"'{target}'" if program == "cp" else f"'{name}' to '{target}'"
            problems.append(f"{program}: cannot {verb} {shown}: {error.reason}")
    return finished("", problems)


@guarded
def cp(invocation: Invocation) -> Completed:
    """Copy files."""
    return _copy_or_move(invocation, "cp")


@guarded
def mv(invocation: Invocation) -> Completed:
    """Move files."""
    return _copy_or_move(invocation, "mv")


@guarded
def touch(invocation: Invocation) -> Completed:
    """Make empty files, or set their time to now."""
    options, names = split_options(invocation, "acm", "dtr", {"no-create": "c"})
    if not names:
        raise Complaint("touch: missing file operand\nTry 'touch --help' for more information.\n")
    problems = []
    for name in names:
        path = absolute(name, invocation.directory)
        if "c" in options and not invocation.machine.files.exists(path):
            continue
        try:
            invocation.machine.files.touch(path)
        except FileError as error:
            start = f"touch: {name}" if is_busybox(invocation) else f"touch: cannot touch '{name}'"
            problems.append(f"{start}: {error.reason}")
    return finished("", problems)


@guarded
def ln(invocation: Invocation) -> Completed:
    """Make links; only symbolic ones (``-s``) are simulated, a hard link copies."""
    options, names = split_options(invocation, "sfnv", long={"symbolic": "s", "force": "f"})
    if not names:
        raise Complaint("ln: missing file operand\nTry 'ln --help' for more information.\n")
    files = invocation.machine.files
    target = names[0]
    name = names[1] if len(names) > 1 else posixpath.basename(target)
    path = absolute(name, invocation.directory)
    if files.is_directory(path):
        path = posixpath.join(path, posixpath.basename(target))
    try:
        if "f" in options and files.exists(path):
            files.remove(path)
        if "s" in options:
            files.link(path, target)
        else:
            files.write(path, files.read(absolute(target, invocation.directory)))
    except FileError as error:
        kind = "symbolic" if "s" in options else "hard"
        raise Complaint(f"ln: failed to create {kind} link '{name}': {error.reason}\n") from error
    return Completed()


@guarded
def chmod(invocation: Invocation) -> Completed:
    """Change permissions: octal, or letters such as ``+x`` and ``u=rw,go-w``."""
    words = list(invocation.argv[1:])
    recursive = "-R" in words
    words = [word for word in words if word != "-R"]
    if len(words) < 2:
        raise Complaint("chmod: missing operand\nTry 'chmod --help' for more information.\n")
    files = invocation.machine.files
    problems = []
    for name in words[1:]:
        path = absolute(name, invocation.directory)
        try:
            for each in files.walk(files.resolve(path)) if recursive else [path]:
                files.change(each, mode=_changed(files.stat(each).mode, words[0]))
        except FileError as error:
            problems.append(f"chmod: cannot access '{name}': {error.reason}")
    return finished("", problems)


def _changed(mode: int, spec: str) -> int:
    if spec.isdigit():
        return int(spec, 8) & 0o7777
    for clause in spec.split(","):
        who = clause.rstrip("rwxXst").rstrip("+-=")
        sign = clause[len(who) : len(who) + 1]
        if sign not in ("+", "-", "="):
            raise Complaint(f"chmod: invalid mode: ‘{spec}’\nTry 'chmod --help' for more information.\n")
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0) for letter in clause[len(who) + 1 :])
        for letter, shift in (("u", 6), ("g", 3), ("o", 0)):
            if not who or letter in who or "a" in who:
                part = bits << shift
                mode = mode | part if sign == "+" else mode & ~part if sign == "-" else mode & ~(7 << shift) | part
    return mode


@guarded
def stat(invocation: Invocation) -> Completed:
    """Show what is known of files, by a format."""
    options, names = split_options(invocation, "L", "c", {"format": "c", "printf": "c"})
    if not names:
        raise Complaint("stat: missing operand\nTry 'stat --help' for more information.\n")
    out, problems = [], []
    for name in names:
        try:
            entry = invocation.machine.files.stat(absolute(name, invocation.directory), follow="L" in options)
        except FileError as error:
            problems.append(f"stat: cannot statx '{name}': {error.reason}")
            continue
        kinds = {
            "file": "regular file" if entry.size else "regular empty file",
            "directory": "directory",
            "link": "symbolic link",
        }
        moment = datetime.fromtimestamp(entry.modified, UTC).strftime("%Y-%m-%d %H:%M:%S.000000000 +0000")
        values = {
            "s": str(entry.size),
            "n": name,
            "a": f"{entry.mode:o}",
            "A": _mode(entry),
            "U": entry.owner,
            "G": entry.owner,
        }
        values |= {"F": kinds[entry.kind], "Y": str(int(entry.modified)), "y": moment, "u": "0", "g": "0", "h": "1"}
        form = options.get("c", "  File: %n\n  Size: %s\tType: %F\nAccess: (0%a/%A)\tUid: %U\tGid: %G\nModify: %y")
        text = ""
        position = 0
        while position < len(form):
            if form[position] == "%" and position + 1 < len(form):
                text += values.get(form[position + 1], "?")
                position += 2
            else:
                text += form[position]
                position += 1
        out.append(text)
    return finished(joined(out), problems)


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


@guarded
def basename(invocation: Invocation) -> Completed:
    """The last component of a path."""
    _, names = split_options(invocation, "a", "s")
    if not names:
        raise Complaint("basename: missing operand\nTry 'basename --help' for more information.\n")
    base = posixpath.basename(names[0].rstrip("/")) or "/"
    if len(names) > 1 and base != names[1]:
        base = base.removesuffix(names[1])
    return Completed(f"{base}\n")


@guarded
def dirname(invocation: Invocation) -> Completed:
    """All but the last component of a path."""
    _, names = split_options(invocation, "z")
    if not names:
        raise Complaint("dirname: missing operand\nTry 'dirname --help' for more information.\n")
    return Completed(joined([posixpath.dirname(name.rstrip("/")) or "." for name in names]))


@guarded
def readlink(invocation: Invocation) -> Completed:
    """Where a link leads; with ``-f``, and as ``realpath``, the whole path without links."""
    options, names = split_options(invocation, "femnqsz")
    program = invocation.argv[0].rsplit("/", 1)[-1]
    if not names:
        raise Complaint(f"{program}: missing operand\nTry '{program} --help' for more information.\n")
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
