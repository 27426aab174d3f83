"""``awk``: its options, and the rules run over the records of its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from kubesim.userland.command_line import Complaint, Run, joined, program
from kubesim.userland.core.wrappers import start_inside
from kubesim.userland.filesystem import FileError
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.process import Completed, Running
from kubesim.userland.text.awk.lexer import unescape
from kubesim.userland.text.awk.parser import Parser, Rule
from kubesim.userland.text.awk.running import Awk, Exit, LoopJump, Next
from kubesim.userland.text.awk.values import InputText, truth

_SETTING = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_BUSYBOX_USAGE = "Usage: awk [OPTIONS] [AWK_PROGRAM] [FILE]...\n"
_MAWK_USAGE = "Usage: mawk [Options] [Program] [file ...]\n"


@dataclass(slots=True)
class _Machine:
    """The machine that a program runs on, as the program sees it."""

    run: Run
    began: float

    @property
    def busybox(self) -> bool:
        return self.run.busybox

    def read(self, path: str) -> str | None:
        if path in ("-", "/dev/stdin"):
            return self.run.stdin
        try:
            return self.run.files.read(self.run.path(path))
        except FileError:
            return None

    def write(self, path: str, text: str, *, append: bool) -> str:
        try:
            self.run.files.write(self.run.path(path), text, append=append)
        except FileError as error:
            return error.reason
        return ""

    def command(self, text: str, stdin: str | None, after: float) -> Completed:
        words = ("sh", "-c", text)
        try:
            done = start_inside(self.run.invocation, words, stdin=stdin or "", moment=self.began + after)
        except ExecutableNotFoundError:
            return Completed(returncode=127)
        return Completed(joined(done.log)) if isinstance(done, Running) else done


@program("", "vFfW", in_order=True, status=2)
def awk(run: Run) -> Completed:
    """Scan records with a program."""
    words = run.operands
    if run.on("f"):
        text = "\n".join(_program(run, name) for name in run.repeated["f"])
    elif words:
        text = words.pop(0)
    elif run.busybox:
        raise Complaint(_BUSYBOX_USAGE, 1)
    else:
        return Completed("", _MAWK_USAGE, 0)
    parser = Parser(text, run.busybox)
    rules = parser.program()
    running = Awk(_Machine(run, run.began), iter(()))
    running.inputs = _inputs(run, running, words)
    _prepare(run, running, words)
    error = ""
    with suppress(Next, LoopJump):
        try:
            _scan(running, rules)
        except Complaint as complaint:
            error, running.status = complaint.text, complaint.status
    try:
        running.finish()
    except Complaint as complaint:
        error += complaint.text
    out = "".join(running.out)
    return Completed(out, "".join(running.errors) + error, running.status, running.seconds)


def _program(run: Run, name: str) -> str:
    try:
        return run.invocation.read(name)
    except FileError as error:
        if run.busybox:
            raise Complaint(f"awk: {name}: {error.reason}\n", 1) from error
        raise Complaint(f'awk: cannot open "{name}" ({error.reason})\n', 2) from error


def _prepare(run: Run, running: Awk, words: list[str]) -> None:
    """What the command line and the environment set."""
    environment, given = running.array(), running.array()
    for name, value in run.invocation.environment.items():
        environment.put(name, "", InputText(value))
    for number, word in enumerate(["awk", *words]):
        given.put(float(number), "", InputText(word))
    running.variables |= {"ENVIRON": environment, "ARGV": given, "ARGC": float(len(words) + 1)}
    if run.on("F"):
        separator = unescape(run.options["F"])
        running.variables["FS"] = "\t" if separator == "t" and run.busybox else separator
    for setting in run.repeated.get("v", ()):
        if not _assigned(running, setting):
            raise run.misuse("") if run.busybox else Complaint(f"awk: improper assignment: -v {setting}\n", 2)


def _assigned(running: Awk, word: str) -> bool:
    match = _SETTING.fullmatch(word)
    if match is None:
        return False
    running.variables[match[1]] = InputText(unescape(match[2]))
    return True


def _inputs(run: Run, running: Awk, words: list[str]) -> Iterator[tuple[str, str]]:
    """The texts of the operands in turn, where they are no assignments; standard input where none is a file.

    :raises Complaint: where one cannot be read.
    """
    any_file = False
    for word in words:
        if not word or _assigned(running, word):
            continue
        any_file = True
        if word in ("-", "/dev/stdin"):
            yield "", run.stdin
            continue
        try:
            yield word, run.files.read(run.path(word))
        except FileError as error:
            if not run.busybox:
                raise Complaint(f'awk: cannot open "{word}" ({error.reason})\n', 2) from error
            where = "cmd. line:1" if error.reason == "Is a directory" else word
            raise Complaint(f"awk: {where}: {error.reason}\n", 1) from error
    if not any_file:
        yield "", run.stdin


def _scan(running: Awk, rules: list[Rule]) -> None:
    try:
        for kind, _, _, action in rules:
            if kind == "BEGIN":
                action(running)
        if any(kind != "BEGIN" for kind, _, _, _ in rules):
            ranges: set[int] = set()
            while (record := running.next_record()) is not None:
                running.set_record(record)
                with suppress(Next):
                    _one_record(running, rules, ranges)
    except Exit:
        pass
    with suppress(Exit):
        for kind, _, _, action in rules:
            if kind == "END":
                action(running)


def _one_record(running: Awk, rules: list[Rule], ranges: set[int]) -> None:
    for place, (kind, first, last, action) in enumerate(rules):
        if kind != "rule":
            continue
        if last is not None and first is not None:
            if place not in ranges and not truth(first(running)):
                continue
            ranges.add(place)
            if truth(last(running)):
                ranges.discard(place)
        elif first is not None and not truth(first(running)):
            continue
        action(running)
