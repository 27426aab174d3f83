"""``find``: files below some paths, chosen by an expression of tests and actions."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kubesim.userland.bounds import require
from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.core.wrappers import run_inside
from kubesim.userland.filesystem import Entry
from kubesim.userland.process import PROGRAM_SECONDS, Completed
from kubesim.userland.regular import Regex, RegexProblem, compile_posix

NESTING = 50
"""Parentheses inside one another."""


@dataclass(slots=True)
class _Visit:
    """A file that is looked at.

    :param shown: its path as it is printed: below the starting point as that was given.
    """

    path: str
    shown: str
    entry: Entry
    prunes: bool = False


Test = Callable[[_Visit], bool]
_TYPES = {"f": "file", "d": "directory", "l": "link"}
_ALWAYS = frozenset({"-mtime", "-mmin", "-atime", "-amin", "-ctime", "-cmin", "-user", "-group", "-links", "-inum"})
"""Tests that take a word and hold of every file here: all were made by one user, just now."""


class Quit(Exception):  # noqa: N818
    """``-quit``."""


@dataclass(slots=True)
class _Search:
    """An expression that is being read, and then a walk."""

    run: Run
    words: list[str]
    least: int = 0
    most: int = 10**6
    acts: bool = False
    depth_first: bool = False
    nesting: int = 0
    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    gathered: list[tuple[list[str], list[str]]] = field(default_factory=list)
    """Commands of ``-exec … +`` and the files for each."""
    status: int = 0
    seconds: float = 0.0
    """What its commands have taken so far."""
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.run.began

    # --- the expression ---------------------------------------------------------------------------------------------

    def expression(self) -> Test:
        """Tests joined by ``-o``."""
        left = self._both()
        while self.words and self.words[0] in ("-o", "-or"):
            self.words.pop(0)
            left = _either(left, self._both())
        return left

    def _both(self) -> Test:
        left = self._not()
        while self.words and self.words[0] not in ("-o", "-or", ")"):
            if self.words[0] in ("-a", "-and"):
                self.words.pop(0)
            left = _both(left, self._not())
        return left

    def _not(self) -> Test:
        if not self.words:
            raise Complaint("find: expected an expression\n")
        word = self.words.pop(0)
        self.nesting += 1
        if self.nesting > NESTING:
            raise Complaint("find: the expression is nested too deeply\n")
        found = self._after(word)
        self.nesting -= 1
        return found

    def _after(self, word: str) -> Test:
        if word in ("!", "-not"):
            inner = self._not()
            return lambda visit: not inner(visit)
        if word == "(":
            inner = self.expression()
            if not self.words:
                raise Complaint("find: invalid expression; expected to find a ')' but didn't see one.\n")
            self.words.pop(0)
            return inner
        return self._primary(word)

    def _value(self, word: str) -> str:
        if not self.words:
            raise self._lacking(word)
        return self.words.pop(0)

    def _lacking(self, word: str) -> Complaint:
        usual, busybox = f"find: missing argument to `{word}'\n", f"find: {word} requires an argument\n"
        return Complaint(self.run.worded(usual, busybox))

    def _primary(self, word: str) -> Test:
        simple: dict[str, Callable[[str], Test]] = {
            "-name": lambda value: lambda visit: fnmatch.fnmatchcase(_base(visit), _posix(value)),
            "-iname": lambda value: lambda visit: fnmatch.fnmatchcase(_base(visit).lower(), _posix(value.lower())),
            "-path": lambda value: lambda visit: fnmatch.fnmatchcase(visit.shown, _posix(value)),
            "-wholename": lambda value: lambda visit: fnmatch.fnmatchcase(visit.shown, _posix(value)),
            "-ipath": lambda value: lambda visit: fnmatch.fnmatchcase(visit.shown.lower(), _posix(value.lower())),
            "-type": self._type,
            "-size": self._size,
            "-newer": self._newer,
            "-perm": self._mode,
            "-regex": self._regex,
        }
        if word in simple:
            return simple[word](self._value(word))
        if word in ("-maxdepth", "-mindepth"):
            self._depth(word, self._value(word))
            return lambda visit: True
        if word in _ALWAYS:
            self._value(word)
            return lambda visit: True
        if word in ("-depth", "-xdev", "-mount", "-follow", "-noleaf", "-true", "-false", "-readable", "-writable"):
            self.depth_first = self.depth_first or word == "-depth"
            return lambda visit: word != "-false"
        if word == "-empty":
            return self._empty
        if word == "-executable":
            return lambda visit: bool(visit.entry.mode & 0o111)
        if word == "-prune":
            return _prune
        return self._action(word)

    def _depth(self, word: str, value: str) -> None:
        if not value.isdecimal():
            usual = f"find: Expected a positive decimal integer argument to {word}, but got ‘{value}’\n"
            raise Complaint(self.run.worded(usual, f"find: invalid number '{value}'\n"))
        if word == "-maxdepth":
            self.most = int(value[:6])
        else:
            self.least = int(value[:6])

    def _type(self, value: str) -> Test:
        letters = value.split(",")
        for letter in letters:
            if letter not in ("f", "d", "l", "b", "c", "p", "s"):
                usual = f"find: Unknown argument to -type: {letter}\n"
                raise Complaint(self.run.worded(usual, f"find: invalid argument '{value}' to '-type'\n"))
        kinds = {_TYPES.get(letter, "") for letter in letters}
        return lambda visit: visit.entry.kind in kinds

    def _size(self, value: str) -> Test:
        match = re.fullmatch(r"([-+]?)(\d{1,15})([cwbkMG]?)", value)
        if match is None:
            raise Complaint(
                self.run.worded(f"find: Invalid argument `{value}' to -size\n", f"find: invalid number '{value}'\n")
            )
        unit = {"c": 1, "w": 2, "": 512, "b": 512, "k": 1024, "M": 1024**2, "G": 1024**3}[match[3]]
        wanted, sign = int(match[2]), match[1]

        def holds(visit: _Visit) -> bool:
            size = -(-visit.entry.size // unit)
            return size > wanted if sign == "+" else size < wanted if sign == "-" else size == wanted

        return holds

    def _newer(self, value: str) -> Test:
        path = self.run.path(value)
        if not self.run.files.exists(path):
            raise Complaint(f"find: {self.run.worded(f'‘{value}’', value)}: No such file or directory\n")
        moment = self.run.files.stat(path).modified
        return lambda visit: visit.entry.modified > moment

    def _mode(self, value: str) -> Test:
        digits = value.lstrip("-/")
        if not re.fullmatch(r"[0-7]{1,4}", digits):
            raise Complaint(f"find: invalid mode ‘{value}’\n")
        bits = int(digits, 8)
        if value.startswith("-"):
            return lambda visit: visit.entry.mode & bits == bits
        if value.startswith("/"):
            return lambda visit: bool(visit.entry.mode & bits)
        return lambda visit: visit.entry.mode & 0o7777 == bits

    def _regex(self, value: str) -> Test:
        try:
            regex = Regex(compile_posix(value, extended=False))
        except RegexProblem as problem:
            raise Complaint(f"find: failed to compile regular expression '{value}': {problem}\n") from problem
        return lambda visit: regex.fullmatch(visit.shown) is not None

    def _empty(self, visit: _Visit) -> bool:
        if visit.entry.kind == "directory":
            return not self.run.files.list(visit.path)
        return visit.entry.kind == "file" and visit.entry.size == 0

    # --- actions ----------------------------------------------------------------------------------------------------

    def _action(self, word: str) -> Test:
        if word in ("-print", "-print0"):
            self.acts = True
            end = "\0" if word == "-print0" else "\n"
            return lambda visit: self._write(visit.shown + end)
        if word == "-printf":
            self.acts = True
            form = self._value(word)
            return lambda visit: self._write(_formatted(form, visit))
        if word == "-ls":
            self.acts = True
            return lambda visit: self._write(f"{visit.shown}\n")
        if word == "-delete":
            self.acts = self.depth_first = True
            return self._delete
        if word == "-quit":
            return _quit
        if word in ("-exec", "-execdir", "-ok"):
            self.acts = True
            return self._exec(word)
        raise Complaint(self.run.worded(f"find: unknown predicate `{word}'\n", f"find: unrecognized: {word}\n"))

    def _write(self, text: str) -> bool:
        self.out.append(text)
        return True

    def _delete(self, visit: _Visit) -> bool:
        if visit.shown in (".", ".."):
            return True
        before = len(self.run.problems)
        with self.run.trying(f"cannot delete ‘{visit.shown}’"):
            self.run.files.remove(visit.path)
        return len(self.run.problems) == before

    def _exec(self, word: str) -> Test:
        command: list[str] = []
        while True:
            if not self.words:
                raise self._lacking(word)
            part = self.words.pop(0)
            if part == ";" or (part == "+" and command and command[-1] == "{}"):
                break
            command.append(part)
        if not command:
            raise Complaint(f"find: invalid argument `;' to `{word}'\n")
        if part == "+":
            files: list[str] = []
            self.gathered.append((command[:-1], files))

            def gather(visit: _Visit) -> bool:
                files.append(visit.shown)
                return True

            return gather
        return lambda visit: self._execute([piece.replace("{}", visit.shown) for piece in command]) == 0

    def _execute(self, command: Sequence[str]) -> int:
        done = run_inside(self.run, command, stdin="", moment=self.began + self.seconds)
        if done.returncode == 127 and done.stderr.startswith("find:"):
            missing = self.run.worded(f"find: ‘{command[0]}’", f"find: {command[0]}")
            self.errors.append(f"{missing}: No such file or directory\n")
            return 1
        self.out.append(done.stdout)
        require(sum(map(len, self.out)))
        self.errors.append(done.stderr)
        self.seconds += done.seconds or PROGRAM_SECONDS
        return done.returncode

    def finish(self) -> None:
        """Run the commands that took files together."""
        for command, files in self.gathered:
            if files and self._execute([*command, *files]):
                self.status = 1


def _base(visit: _Visit) -> str:
    return posixpath.basename(visit.shown.rstrip("/")) or "/"


def _posix(pattern: str) -> str:
    return pattern.replace("[^", "[!")


def _prune(visit: _Visit) -> bool:
    visit.prunes = True
    return True


def _quit(visit: _Visit) -> bool:
    raise Quit


def _either(left: Test, right: Test) -> Test:
    return lambda visit: left(visit) or right(visit)


def _both(left: Test, right: Test) -> Test:
    return lambda visit: left(visit) and right(visit)


def _formatted(form: str, visit: _Visit) -> str:
    values = {
        "p": visit.shown, "f": _base(visit), "h": posixpath.dirname(visit.shown) or ".", "s": str(visit.entry.size),
        "m": f"{visit.entry.mode:o}", "y": {"file": "f", "directory": "d", "link": "l"}.get(visit.entry.kind, "?"),
        "%": "%", "u": visit.entry.owner, "g": visit.entry.owner,
    }  # fmt: skip
    text = re.sub(r"%(.)", lambda match: values.get(match[1], match[0]), form)
    return re.sub(r"\\([nt0\\])", lambda match: {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}[match[1]], text)


def _walk(search: _Search, test: Test, path: str, shown: str, depth: int) -> Iterator[None]:
    files = search.run.files
    visit = _Visit(path, shown, files.stat(path, follow=False))
    chosen = search.least <= depth <= search.most
    if chosen and not search.depth_first:
        test(visit)
    if visit.entry.kind == "directory" and depth < search.most and not visit.prunes:
        for name in files.list(path):
            yield from _walk(search, test, posixpath.join(path, name), posixpath.join(shown, name), depth + 1)
    if chosen and search.depth_first:
        test(visit)
    yield


@program()
def find(run: Run) -> Completed:
    """Look for files."""
    words = run.operands
    starts: list[str] = []
    while words and words[0] in ("-H", "-L", "-P"):
        words.pop(0)
    while words and not words[0].startswith(("-", "(", "!")):
        starts.append(words.pop(0))
    search = _Search(run, words)
    test: Test = search.expression() if words else lambda visit: True
    if search.words:
        raise Complaint("find: invalid expression; you have used a binary operator ')' with nothing before it.\n")
    if not search.acts:
        test = _both(test, lambda visit: search._write(f"{visit.shown}\n"))
    try:
        for start in starts or ["."]:
            path = run.path(start)
            if not run.files.exists(path):
                run.complain(f"{run.worded(f'‘{start}’', start)}: No such file or directory")
                continue
            for _ in _walk(search, test, run.files.resolve(path), start, 0):
                pass
    except Quit:
        pass
    search.finish()
    problems = "".join(f"{problem}\n" for problem in run.problems)
    status = 1 if run.problems else search.status
    return Completed("".join(search.out), "".join(search.errors) + problems, status, search.seconds)
