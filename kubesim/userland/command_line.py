"""What programs of the command line share: options, inputs (files in order, or standard input), complaints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.machine import Invocation
from kubesim.userland.process import Completed, Running, Start


class Complaint(Exception):  # noqa: N818
    """A program's refusal of its command line.

    :param text: everything on stderr.
    """

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def is_busybox(invocation: Invocation) -> bool:
    """Whether the machine has busybox' programs, which word things their own way."""
    return invocation.machine.flavour in ("busybox", "alpine")


def inputs(
    invocation: Invocation,
    names: Sequence[str],
    problems: list[str],
    wording: Callable[[str, str], str] | None = None,
) -> Iterator[tuple[str, str]]:
    """Each input's name and text; an unreadable file adds a complaint instead.

    :param wording: (name, reason) → the complaint; by default ``PROGRAM: NAME: REASON``.
    """
    program = invocation.name
    for name in names or ("-",):
        if name == "-":
            yield "-", invocation.stdin
            continue
        try:
            text = invocation.machine.files.read(absolute(name, invocation.directory))
        except FileError as error:
            if wording is not None:
                problems.append(wording(name, error.reason))
            elif is_busybox(invocation) and error.reason != "Is a directory":
                problems.append(f"{program}: can't open '{name}': {error.reason}")
            elif is_busybox(invocation):
                problems.append(f"{program}: read error: {error.reason}")
            else:
                problems.append(f"{program}: {name}: {error.reason}")
            continue
        yield name, text


def lines_of(text: str) -> list[str]:
    """The lines of a text without their newlines."""
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return lines


def joined(lines: Sequence[str]) -> str:
    """Lines as a text."""
    return "".join(f"{line}\n" for line in lines)


def finished(out: str, problems: Sequence[str], status: int = 0, failing: int = 1) -> Completed:
    """The result of a program that went on after complaints."""
    return Completed(out, joined(problems), failing if problems else status)


def split_options(
    invocation: Invocation, flags: str, values: str = "", long: str = ""
) -> tuple[dict[str, str], list[str]]:
    """The options of a command line by letter, with their values; then the operands.

    :param flags: letters without a value; ``values`` letters that take one.
    :param long: long names for them, as ``number=n lines=l``; a name may be cut short.
    :raises Complaint: as getopt and the coreutils word it.
    """
    found: dict[str, str] = {}
    operands: list[str] = []
    words = list(invocation.argv[1:])
    names = dict(pair.split("=") for pair in long.split())
    while words:
        word = words.pop(0)
        if word == "--":
            operands += words
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            matching = [key for key in names if key == name] or [key for key in names if key.startswith(name)]
            if not matching:
                raise _bad(invocation, f"unrecognized option '{word}'")
            letter = names[matching[0]]
            if letter in values:
                if not equals:
                    if not words:
                        raise _bad(invocation, f"option '{word}' requires an argument")
                    value = words.pop(0)
                found[letter] = value
            else:
                found[letter] = value
            continue
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in values:
                if not letters and not words:
                    raise _bad(invocation, f"option requires an argument -- '{letter}'")
                found[letter] = letters or words.pop(0)
                letters = ""
            elif letter in flags:
                found[letter] = found.get(letter, "") + letter
            else:
                raise _bad(invocation, f"invalid option -- '{letter}'")
    return found, operands


def misuse(invocation: Invocation, reason: str, status: int = 1) -> Complaint:
    """What the coreutils say of a command line that they cannot use."""
    return Complaint(f"{invocation.name}: {reason}\nTry '{invocation.name} --help' for more information.\n", status)


def _bad(invocation: Invocation, reason: str) -> Complaint:
    if is_busybox(invocation):
        return Complaint(f"{invocation.name}: {reason.replace(' -- ', ': ').replace(chr(39), '')}\n")
    return misuse(invocation, reason)


Result = TypeVar("Result", bound=Completed | Running)
Started = TypeVar("Started", bound=Start[Any])


def guarded(program: Callable[[Started], Result]) -> Callable[[Started], Result | Completed]:
    """A program whose :class:`Complaint` is its stderr and status."""

    def run(invocation: Started) -> Result | Completed:
        try:
            return program(invocation)
        except Complaint as complaint:
            return Completed("", complaint.text, complaint.status)

    run.__doc__ = program.__doc__
    run.__name__ = program.__name__
    return run
