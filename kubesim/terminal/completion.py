"""What Tab offers in a terminal: programs, kubectl's words, variables and files, by where the cursor stands.

Nothing is run and nothing changes: a line is looked at up to the cursor. After ``kubectl exec POD --`` the programs and
files are those of the Pod.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from kubesim.cluster import Cluster
from kubesim.programs.machine import Machine
from kubesim.terminal.terminal import HOME, Terminal
from kubesim.userland.filesystem import FileError, absolute
from kubesim.userland.shell.builtins.table import BUILTINS

_SEPARATORS = frozenset("|&;()\n`")
_BEFORE_COMMANDS = frozenset(
    {"!", "{", "do", "elif", "else", "env", "exec", "if", "nohup", "sudo", "then", "time", "until", "while", "xargs"}
)
"""Words after which a command begins."""
_NETWORK_PROGRAMS = frozenset({"curl", "dig", "getent", "host", "nc", "nslookup", "ping", "wget"})
"""Programs whose arguments are names of hosts."""


class Candidate(NamedTuple):
    """One text that may stand at the cursor.

    :param kind: what it is: ``verb``, ``flag``, ``kind``, ``name``, ``file``, ``program``, ``variable``…
    """

    text: str
    kind: str


@dataclass(frozen=True)
class Completions:
    """What may stand in the place of the text before the cursor.

    :param begun: the end of that text, which a candidate replaces.
    """

    begun: str
    candidates: list[Candidate] = field(default_factory=list)


@dataclass(frozen=True)
class Desk:
    """Where a line is typed.

    :param directory: the working directory.
    :param names: programs and functions beside the machine's programs: builtins, functions, aliases.
    """

    cluster: Cluster
    machine: Machine
    directory: str
    names: Iterable[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, terminal: Terminal) -> Desk:
        """The desk of a terminal."""
        state = terminal.state
        names = [*BUILTINS["bash"], *state.functions, *state.aliases]
        return cls(terminal.cluster, terminal.current_machine, state.directory, names, terminal.variables)


def complete(desk: Desk, text: str) -> Completions:
    """What may come at the end of a text.

    :param text: what is typed up to the cursor; several lines are one text.
    """
    found = _command_at_the_end(text)
    if found is None:
        return Completions("")
    words, begun = found
    if begun.startswith("$"):
        brace = "{" if begun.startswith("${") else ""
        variables = (Candidate(f"${brace}{name}{'}' if brace else ''}", "variable") for name in desk.variables)
        return _matching(begun, variables)
    words = _without_what_stands_before(words)
    if not words:
        return _files(desk, begun, _programs(desk)) if "/" in begun else _matching(begun, _programs(desk))
    if words[0] == "kubectl":
        return _kubectl(desk, words[1:], begun)
    if begun.startswith("-"):
        return Completions(begun)
    names = (Candidate(name, "name") for name in _hosts(desk.machine)) if words[0] in _NETWORK_PROGRAMS else ()
    return _files(desk, begun, names)


def command_at_the_end(text: str) -> list[str]:
    """The words of the command that a text ends in, what stands before a command taken away."""
    words, begun = _command_at_the_end(text) or ([], "")
    return _without_what_stands_before([*words, begun] if begun else words)


def _without_what_stands_before(words: list[str]) -> list[str]:
    """A command without assignments, without words after which one begins, and without ``k3s`` before kubectl."""
    while words and (words[0] in _BEFORE_COMMANDS or ("=" in words[0] and not words[0].startswith("-"))):
        words = words[1:]
    return words[1:] if words[:2] == ["k3s", "kubectl"] else words


def _command_at_the_end(text: str) -> tuple[list[str], str] | None:
    """The words of the command that the cursor is in, quotes taken away, and the word that is being typed.

    None in a comment, and in a word that ends otherwise than it is written.
    """
    start, position, quote = 0, 0, ""
    around: list[str] = []
    """The quotes that substitutions stand in."""
    while position < len(text):
        character = text[position]
        if character == "\\" and quote != "'":
            position += 1
        elif text.startswith("$(", position) and quote != "'":
            around.append(quote)
            start, position, quote = position + 2, position + 1, ""
        elif character == ")" and not quote and around:
            quote = around.pop()
            start = position + 1
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _SEPARATORS:
            start = position + 1
        elif character == "#" and text[position - 1 : position] in ("", " ", "\n"):
            position = text.find("\n", position)
            if position < 0:
                return None
            continue
        position += 1
    command = text[start:].replace("\\\n", " ")
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(command + closing)
        except ValueError:
            continue
        begun = words.pop() if words and (closing or not command[-1:].isspace()) else ""
        begun = begun.rpartition(">")[2].rpartition("<")[2] if begun[:1] in "<>12" else begun
        return (words, begun) if command.endswith(begun) else None
    return None


def _matching(begun: str, found: Iterable[Candidate]) -> Completions:
    by_text = {each.text: each for each in found if each.text.startswith(begun)}
    return Completions(begun, [by_text[text] for text in sorted(by_text)])


def _programs(desk: Desk) -> Iterator[Candidate]:
    for name in desk.machine.programs:
        if "/" not in name:
            yield Candidate(name, "program")
    for name in desk.names:
        yield Candidate(name, "builtin")


def _files(desk: Desk, begun: str, others: Iterable[Candidate] = ()) -> Completions:
    """The files below the directory that is being typed, directories with a slash."""
    place, slash, start = begun.rpartition("/")
    written = f"{place}{slash}" or "."
    directory = absolute(written.replace("~/", f"{HOME}/", 1) if place.startswith("~") else written, desk.directory)
    files = desk.machine.files
    found = list(others)
    try:
        names = files.list(directory)
    except FileError:
        names = []
    for name in names:
        if not name.startswith(".") or start.startswith("."):
            is_directory = files.is_directory(f"{directory.rstrip('/')}/{name}")
            found.append(Candidate(f"{place}{slash}{name}{'/' if is_directory else ''}", "file"))
    return _matching(begun, found)


def _hosts(machine: Machine) -> set[str]:
    """The names in a machine's ``/etc/hosts``."""
    try:
        lines = machine.files.read("/etc/hosts").splitlines()
    except FileError:
        return set()
    return {name for line in lines for name in line.partition("#")[0].split()[1:]}


def _kubectl(desk: Desk, words: list[str], begun: str) -> Completions:
    from kubesim.kubectl.completion import candidates  # with all of kubectl: only when it is typed

    if "--" in words and words[0] == "exec":
        return _inside_a_pod(desk, words, begun)
    found = candidates(words, begun, desk.cluster, desk.machine.files)
    if found is None:
        return _files(desk, begun)
    return Completions(begun, [Candidate(*each) for each in found])


def _inside_a_pod(desk: Desk, words: list[str], begun: str) -> Completions:
    """What may stand in a command that a Pod is to run: as at a desk in its container."""
    from kubesim.kubectl.completion import container_of

    where = container_of(words[: words.index("--")], desk.cluster, desk.machine.files)
    try:
        machine = desk.cluster.machine(*where) if where is not None else None
    except LookupError:
        machine = None
    if machine is None:
        return Completions(begun)
    line = shlex.join([*words[words.index("--") + 1 :], ""])[:-2] + begun
    return complete(Desk(desk.cluster, machine, machine.directory), line)
