"""Programs that make, change and remove files: ``mkdir``, ``rm``, ``cp``, ``mv``, ``touch``, ``ln``, ``chmod``…"""

from __future__ import annotations

import posixpath
import re

from kubesim.userland.command_line import Complaint, finished, guarded, is_busybox, joined, misuse, split_options
from kubesim.userland.filesystem import INTO_ITSELF, IS_A_DIRECTORY, FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed


@guarded
def mkdir(invocation: Invocation) -> Completed:
    """Make directories."""
    options, names = split_options(invocation, "pv", "m", "parents=p")
    if not names:
        raise misuse(invocation, "missing operand")
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
    long = "recursive=r force=f no-preserve-root=N preserve-root=P verbose=v dir=d"
    options, names = split_options(invocation, "rRfivdI", long=long)
    if not names and "f" not in options:
        raise misuse(invocation, "missing operand")
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
    long = "recursive=r archive=a force=f verbose=v no-clobber=n interactive=i"
    options, names = split_options(invocation, "rRafvnipuTLPd", "t", long)
    if not names:
        raise misuse(invocation, "missing file operand")
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
            if error.reason == INTO_ITSELF:
                inside = posixpath.join(target, posixpath.basename(name.rstrip("/")))
                problems.append(f"mv: cannot move '{name}' to a subdirectory of itself, '{inside}'")
                continue
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
    options, names = split_options(invocation, "acm", "dtr", "no-create=c")
    if not names:
        raise misuse(invocation, "missing file operand")
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
    options, names = split_options(invocation, "sfnv", long="symbolic=s force=f")
    if not names:
        raise misuse(invocation, "missing file operand")
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
        raise misuse(invocation, "missing operand")
    files = invocation.machine.files
    problems = []
    for name in words[1:]:
        path = absolute(name, invocation.directory)
        try:
            for each in files.walk(files.resolve(path)) if recursive else [path]:
                files.change(each, mode=_changed(invocation, files.stat(each).mode, words[0]))
        except FileError as error:
            problems.append(f"chmod: cannot access '{name}': {error.reason}")
    return finished("", problems)


def _changed(invocation: Invocation, mode: int, spec: str) -> int:
    if spec.isdigit():
        return int(spec, 8) & 0o7777
    for clause in spec.split(","):
        who = clause.rstrip("rwxXst").rstrip("+-=")
        sign = clause[len(who) : len(who) + 1]
        if sign not in ("+", "-", "="):
            raise misuse(invocation, f"invalid mode: ‘{spec}’")
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0) for letter in clause[len(who) + 1 :])
        for letter, shift in (("u", 6), ("g", 3), ("o", 0)):
            if not who or letter in who or "a" in who:
                part = bits << shift
                mode = mode | part if sign == "+" else mode & ~part if sign == "-" else mode & ~(7 << shift) | part
    return mode


@guarded
def mktemp(invocation: Invocation) -> Completed:
    """A new file or directory with an unused name."""
    options, names = split_options(invocation, "dqu", "pt")
    template = names[0] if names else "/tmp/tmp.XXXXXXXXXX"
    chance = invocation.machine.simulation.random(f"mktemp/{invocation.machine.name}")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    if not template.endswith("XXX"):
        raise Complaint(f"mktemp: too few X's in template ‘{template}’\n")
    path = re.sub(r"X+$", lambda match: "".join(chance.choice(letters) for _ in match[0]), template)
    if not path.startswith("/"):
        path = f"{invocation.directory.rstrip('/')}/{path}"
    try:
        if "d" in options:
            invocation.machine.files.make_directory(path)
        else:
            invocation.machine.files.write(path, "")
    except FileError as error:
        what = "directory" if "d" in options else "file"
        return finished("", [f"mktemp: failed to create {what} via template ‘{template}’: {error.reason}"])
    return Completed(f"{path}\n")
