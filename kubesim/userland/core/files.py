"""Programs that make, change and remove files: ``mkdir``, ``rm``, ``cp``, ``mv``, ``touch``, ``ln``, ``chmod``…"""

from __future__ import annotations

import posixpath
import re

from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.filesystem import INTO_ITSELF, IS_A_DIRECTORY, NO_SUCH_FILE, NOT_A_DIRECTORY, FileError
from kubesim.userland.process import Completed

NO_OPERAND = "missing file operand"


@program("pv", "m", "parents=p", least=1)
def mkdir(run: Run) -> Completed:
    """Make directories."""
    for name in run.operands:
        with run.trying(run.worded(f"cannot create directory ‘{name}’", f"can't create directory '{name}'")):
            path = run.path(name.rstrip("/") or "/")
            fresh = not run.files.exists(path)
            run.files.make_directory(path, parents=run.on("p"))
            if run.on("m") and fresh:
                run.files.change(path, mode=_changed(run, 0o777, run.options["m"]))
    return run.finished()


@program("p")
def rmdir(run: Run) -> Completed:
    """Remove empty directories."""
    for name in run.operands:
        path = run.path(name)
        with run.trying(run.worded("failed to remove ", "") + f"'{name}'"):
            if not run.files.is_directory(path) and run.files.exists(path):
                raise FileError(name, NOT_A_DIRECTORY)
            run.files.remove(path)
    return run.finished()


@program("rRfivdI", long="recursive=r force=f no-preserve-root=N preserve-root=P verbose=v dir=d")
def rm(run: Run) -> Completed:
    """Remove files; the root only with ``--no-preserve-root``, which is refused here too."""
    if not run.operands and not run.on("f"):
        raise run.misuse("missing operand")
    out = []
    for name in run.operands:
        path = run.path(name)
        if run.on("rR") and run.files.resolve(path) == "/":
            run.complain("it is dangerous to operate recursively on '/'")
            run.complain("use --no-preserve-root to override this failsafe")
        elif name.rstrip("/").rsplit("/", 1)[-1] in (".", ".."):
            run.complain(f"refusing to remove '.' or '..' directory: skipping '{name}'")
        else:
            try:
                if run.files.stat(path, follow=False).kind == "directory" and not run.on("rR"):
                    raise FileError(name, IS_A_DIRECTORY)
                run.files.remove_tree(path.rstrip("/"))
                out += [f"removed '{name}'"] if run.on("v") else []
            except FileError as error:
                if not run.on("f") or error.reason != NO_SUCH_FILE:
                    run.complain(run.worded("cannot", "can't") + f" remove '{name}': {error.reason}")
    return run.finished(out)


@program(
    "rRafvnipuTLPd",
    "t",
    "recursive=r archive=a force=f verbose=v no-clobber=n interactive=i",
    least=1,
    missing=NO_OPERAND,
)
def copy_or_move(run: Run) -> Completed:
    """``cp`` and ``mv``."""
    files = run.files
    told: list[str] = []
    *sources, target = run.operands
    if not sources:
        raise run.misuse(f"missing destination file operand after '{target}'")
    place = run.path(target)
    if len(sources) > 1 and not files.is_directory(place):
        reason = NOT_A_DIRECTORY if files.exists(place) else NO_SUCH_FILE
        raise Complaint(f"{run.name}: target '{target}': {reason}\n")
    for name in sources:
        path = run.path(name)
        inside = posixpath.basename(name.rstrip("/"))
        end = posixpath.join(place, inside) if files.is_directory(place) else place
        try:
            entry = files.stat(path)
        except FileError as error:
            verb = run.worded("cannot stat", "can't rename" if run.name == "mv" else "can't stat")
            run.complain(f"{verb} '{name}': {error.reason}")
            continue
        if run.name == "cp" and entry.kind == "directory" and not run.on("rRa"):
            run.complain(run.worded("-r not specified; ", "") + f"omitting directory '{name}'")
        elif files.resolve(path) == files.resolve(end):
            run.complain(f"'{name}' and '{target}' are the same file")
        elif not run.on("n") or not files.exists(end):
            try:
                if run.name == "mv":
                    files.move(path, end)
                else:
                    _copy(run, path, end)
                if run.on("v"):
                    start = "renamed " if run.name == "mv" else ""
                    told.append(f"{start}'{name}' -> '{_shown(target, inside, place, end)}'")
            except FileError as error:
                if error.reason == INTO_ITSELF:
                    run.complain(
                        f"cannot move '{name}' to a subdirectory of itself, '{posixpath.join(target, inside)}'"
                    )
                elif run.name == "mv":
                    run.complain(f"cannot move '{name}' to '{target}': {error.reason}")
                else:
                    run.complain(f"cannot create regular file '{target}': {error.reason}")
    return run.finished(told)


def _shown(target: str, inside: str, place: str, end: str) -> str:
    """Where a file went, as it was typed."""
    return target if end == place else posixpath.join(target, inside)


def _copy(run: Run, path: str, end: str) -> None:
    """Copy a file, or a tree."""
    start = run.files.resolve(path)
    for each in list(run.files.walk(start)):
        there = end + each[len(start) :]
        if run.files.is_directory(each):
            run.files.make_directory(there, parents=True)
        else:
            run.files.write(there, run.files.read(each), mode=run.files.stat(each).mode)


@program("acm", "dtr", "no-create=c", least=1, missing=NO_OPERAND)
def touch(run: Run) -> Completed:
    """Make empty files, or set their time to now."""
    for name in run.operands:
        path = run.path(name)
        if not run.on("c") or run.files.exists(path):
            with run.trying(run.worded(f"cannot touch '{name}'", name)):
                run.files.touch(path)
    return run.finished()


@program("sfnv", long="symbolic=s force=f", least=1, missing=NO_OPERAND)
def ln(run: Run) -> Completed:
    """Make links; only symbolic ones (``-s``) are simulated, a hard link copies."""
    files, target = run.files, run.operands[0]
    name = (*run.operands, posixpath.basename(target))[1]
    path = run.path(name)
    if files.is_directory(path):
        path = posixpath.join(path, posixpath.basename(target))
    with run.trying(f"failed to create {'symbolic' if run.on('s') else 'hard'} link '{name}'"):
        if run.on("f") and files.exists(path):
            files.remove(path)
        if run.on("s"):
            files.link(path, target)
        else:
            files.write(path, files.read(run.path(target)))
    return run.finished()


@program()
def chmod(run: Run) -> Completed:
    """Change permissions: octal, or letters such as ``+x`` and ``u=rw,go-w``."""
    words = [word for word in run.operands if word != "-R"]
    if len(words) < 2:
        raise run.misuse("missing operand")
    for name in words[1:]:
        path = run.path(name)
        with run.trying(f"cannot access '{name}'"):
            for each in run.files.walk(run.files.resolve(path)) if "-R" in run.operands else [path]:
                run.files.change(each, mode=_changed(run, run.files.stat(each).mode, words[0]))
    return run.finished()


def _changed(run: Run, mode: int, spec: str) -> int:
    if re.fullmatch("[0-7]+", spec):
        return int(spec[-4:], 8)
    for clause in spec.split(","):
        who = clause.rstrip("rwxXst").rstrip("+-=")
        sign = clause[len(who) : len(who) + 1]
        if sign not in ("+", "-", "="):
            raise run.misuse(f"invalid mode: ‘{spec}’")
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}.get(letter, 0) for letter in clause[len(who) + 1 :])
        for letter, shift in (("u", 6), ("g", 3), ("o", 0)):
            if not who or letter in who or "a" in who:
                part = bits << shift
                mode = mode | part if sign == "+" else mode & ~part if sign == "-" else mode & ~(7 << shift) | part
    return mode


@program("dqu", "pt")
def mktemp(run: Run) -> Completed:
    """A new file or directory with an unused name."""
    template = (*run.operands, "/tmp/tmp.XXXXXXXXXX")[0]
    chance = run.machine.simulation.random(f"mktemp/{run.machine.name}")
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    if not template.endswith("XXX"):
        raise Complaint(f"mktemp: too few X's in template ‘{template}’\n")
    path = run.path(re.sub(r"X+$", lambda match: "".join(chance.choice(letters) for _ in match[0]), template))
    with run.trying(f"failed to create {'directory' if run.on('d') else 'file'} via template ‘{template}’"):
        if run.on("d"):
            run.files.make_directory(path)
        else:
            run.files.write(path, "")
    return run.finished("" if run.problems else f"{path}\n")
