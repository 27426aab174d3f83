"""``awk``: its options, and the rules run over the lines of its files."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

from kubesim.userland.command_line import Complaint, finished, guarded, inputs, lines_of, split_options
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed
from kubesim.userland.text.awk.parser import Parser, Rule
from kubesim.userland.text.awk.running import ESCAPES, Awk, Exit, InputText, LoopJump, Next, number_of, truth


@guarded
def awk(invocation: Invocation) -> Completed:
    """Scan lines with a program."""
    words = list(invocation.argv[1:])
    settings: list[str] = []
    rest: list[str] = []
    while words:
        word = words.pop(0)
        if word.startswith("-v") and not rest:
            settings.append(word[2:] or (words.pop(0) if words else ""))
        else:
            rest.append(word)
            if not word.startswith("-"):
                rest += words
                break
            if word in ("-F", "-f") and words:
                rest.append(words.pop(0))
    separator = None
    program_text = None
    while rest and rest[0].startswith("-") and rest[0] != "-":
        options, operands = split_options(replace(invocation, argv=("awk", *rest)), "", "Ff")
        separator = options.get("F")
        if "f" in options:
            try:
                program_text = invocation.machine.files.read(absolute(options["f"], invocation.directory))
            except FileError as error:
                raise Complaint(f"awk: cannot open {options['f']} ({error.reason})\n", 2) from error
        rest = operands
        break
    if program_text is None:
        if not rest:
            raise Complaint("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n", 2)
        program_text = rest.pop(0)
    rules = Parser(program_text).program()
    running = Awk()
    if separator is not None:
        running.variables["FS"] = {"t": "\t", "\\t": "\t"}.get(separator, separator)
    for setting in settings:
        name, _, value = setting.partition("=")
        running.variables[name] = InputText(re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[0]), value))
    problems: list[str] = []
    names = [name for name in rest if not re.match(r"[A-Za-z_]\w*=", name)]
    with suppress(Exit, Next, LoopJump):
        _run(running, rules, invocation, names, problems)
    return finished("".join(running.out), problems, running.status, failing=2)


def _run(
    running: Awk,
    rules: list[Rule],
    invocation: Invocation,
    names: list[str],
    problems: list[str],
) -> None:
    try:
        for kind, _, _, action in rules:
            if kind == "BEGIN":
                action(running)
        if all(kind == "BEGIN" for kind, _, _, _ in rules):
            return
        ranges: set[int] = set()

        def wording(name: str, reason: str) -> str:
            return f'awk: cannot open "{name}" ({reason})'

        for name, text in inputs(invocation, names, problems, wording):
            running.variables["FILENAME"] = "" if name == "-" else name
            for number, line in enumerate(lines_of(text), 1):
                running.variables["NR"] = number_of(running.variables["NR"]) + 1
                running.variables["FNR"] = float(number)
                running.set_record(line)
                _one_record(running, rules, ranges)
    except Exit:
        pass
    for kind, _, _, action in rules:
        if kind == "END":
            action(running)


def _one_record(running: Awk, rules: list[Rule], ranges: set[int]) -> None:
    try:
        for place, (kind, first, second, action) in enumerate(rules):
            if kind != "rule":
                continue
            if second is not None and first is not None:
                if place not in ranges and not truth(first(running)):
                    continue
                ranges.add(place)
                if truth(second(running)):
                    ranges.discard(place)
            elif first is not None and not truth(first(running)):
                continue
            action(running)
    except Next:
        pass
