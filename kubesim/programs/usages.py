"""getopt for programs of the network: it complains of a wrong option in the words of the machine's C library, then the
program tells how it is used.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubesim.programs.machine import Run
from kubesim.userland.command_line import Complaint, usage


def read_options(
    run: Run, flags: str, values: str, long: Mapping[str, str] | None = None, status: int = 1, text: str = ""
) -> None:
    """Take the words of a command line apart as getopt does: :attr:`~Run.options`, ``repeated`` and ``operands``.

    :param flags: letters without a value; ``values`` those that take one.
    :param long: long names for letters.
    :param status: how the program ends where it is misused.
    :param text: what it says then, where that is not the usage of its name.
    :raises Complaint: with getopt's words and the program's usage.
    """
    text = text or usage(f"busybox/{run.name}" if run.busybox else run.name)
    words, run.operands = list(run.operands), []
    while words:
        word = words.pop(0)
        if word == "--":
            run.operands += words
            return
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            known = long or {}
            letter = known.get(name) or next((one for each, one in known.items() if each.startswith(name)), "")
            if not letter:
                raise Complaint(f"{run.name}: {_told(run, 'unrecognized option', word, long=True)}\n{text}", status)
            if letter in values and not equals:
                if not words:
                    told = _told(run, "option requires an argument", word, long=True)
                    raise Complaint(f"{run.name}: {told}\n{text}", status)
                value = words.pop(0)
            _note(run, letter, value)
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in values:
                    if not letters and not words:
                        told = _told(run, "option requires an argument", letter)
                        raise Complaint(f"{run.name}: {told}\n{text}", status)
                    _note(run, letter, letters or words.pop(0))
                    break
                if letter not in flags:
                    raise Complaint(f"{run.name}: {_told(run, 'invalid option', letter)}\n{text}", status)
                _note(run, letter, "")
        else:
            run.operands.append(word)


def _note(run: Run, letter: str, value: str) -> None:
    run.options[letter] = value
    run.repeated.setdefault(letter, []).append(value)


def _told(run: Run, problem: str, option: str, *, long: bool = False) -> str:
    """A complaint of getopt: musl has words of its own."""
    if run.machine.libc == "musl":
        return f"{problem.replace('invalid', 'unrecognized')}: {option.lstrip('-')}"
    return f"{problem} '{option}'" if long else f"{problem} -- '{option}'"
