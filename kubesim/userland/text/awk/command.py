"""``awk``: its options, and the rules run over the lines of its files."""

from __future__ import annotations

import re
from contextlib import suppress

from kubesim.userland.command_line import Complaint, Run, lines_of, program
from kubesim.userland.filesystem import FileError
from kubesim.userland.process import Completed
from kubesim.userland.text.awk.parser import Parser, Rule
from kubesim.userland.text.awk.running import ESCAPES, Awk, Exit, InputText, LoopJump, Next, number_of, truth


@program("", "vFf", in_order=True, status=2)
def awk(run: Run) -> Completed:
    """Scan lines with a program."""
    words = run.operands
    if run.on("f"):
        try:
            text = run.files.read(run.path(run.options["f"]))
        except FileError as error:
            raise Complaint(f"awk: cannot open {run.options['f']} ({error.reason})\n", 2) from error
    elif words:
        text = words.pop(0)
    else:
        raise Complaint("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n", 2)
    rules = Parser(text).program()
    running = Awk()
    if run.on("F"):
        running.variables["FS"] = {"t": "\t", "\\t": "\t"}.get(run.options["F"], run.options["F"])
    for setting in run.repeated.get("v", ()):
        name, _, value = setting.partition("=")
        running.variables[name] = InputText(re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[0]), value))
    run.operands = [name for name in words if not re.match(r"[A-Za-z_]\w*=", name)]
    with suppress(Exit, Next, LoopJump):
        _scan(running, rules, run)
    return run.finished("".join(running.out), running.status, failing=2)


def _scan(running: Awk, rules: list[Rule], run: Run) -> None:
    with suppress(Exit):
        for kind, _, _, action in rules:
            if kind == "BEGIN":
                action(running)
        if all(kind == "BEGIN" for kind, _, _, _ in rules):
            return
        ranges: set[int] = set()
        for name, text in run.inputs(wording=lambda name, reason: f'awk: cannot open "{name}" ({reason})'):
            running.variables["FILENAME"] = "" if name == "-" else name
            for number, line in enumerate(lines_of(text), 1):
                running.variables["NR"] = number_of(running.variables["NR"]) + 1
                running.variables["FNR"] = float(number)
                running.set_record(line)
                with suppress(Next):
                    _one_record(running, rules, ranges)
    for kind, _, _, action in rules:
        if kind == "END":
            action(running)


def _one_record(running: Awk, rules: list[Rule], ranges: set[int]) -> None:
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
