"""What Shift+Tab shows in a terminal: what the command at the cursor is for, and how it is written.

Nothing is run and nothing changes, as in :mod:`kubesim.terminal.completion`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from kubesim.data_directory import DATA, read_yaml
from kubesim.terminal.completion import Desk, command_at_the_end
from kubesim.userland.command_line import usage
from kubesim.userland.machine import ExecutableNotFoundError
from kubesim.userland.shell.builtins.table import BUILTINS


def explain(desk: Desk | None, text: str) -> str:
    """The help of the command that a text ends in; empty where there is none.

    :param desk: where it is typed; None, before there is a cluster, knows kubectl.
    """
    words = command_at_the_end(text)
    if words[:1] == ["kubectl"]:
        if desk is not None and "--" in words and "exec" in words:
            return _program(desk, words[words.index("--") + 1])
        return _kubectl(words[1:])
    return _program(desk, words[0]) if words and desk is not None else ""


@cache
def _descriptions() -> Mapping[str, str]:
    texts: Mapping[str, str] = read_yaml(DATA / "descriptions.yaml")
    return texts


def _kubectl(words: list[str]) -> str:
    from kubesim.kubectl import help_texts  # with all of kubectl: only when it is asked for
    from kubesim.kubectl.call import Verb
    from kubesim.kubectl.main import find_verb
    from kubesim.kubectl.registry import VERBS

    command, verb, _ = find_verb(Verb("kubectl", subcommands=VERBS), words)
    return help_texts.help_of(command, verb)


def _program(desk: Desk, name: str) -> str:
    """What a program is for, and what it says of itself; a builtin's first sentence."""
    builtin = BUILTINS["bash"].get(name)
    if builtin is not None and name not in _descriptions():
        return f"{name}: a builtin of the shell. {_first_sentence(builtin)}"
    try:
        found = desk.machine.find(name, desk.directory)
    except ExecutableNotFoundError:
        found = None
    if found is None and name not in _descriptions():
        return ""
    parts = [_descriptions().get(name) or f"{name}: {_first_sentence(found)}\n"]
    flavour = "busybox/" if desk.machine.flavour in ("busybox", "alpine") else ""
    with suppress(KeyError):
        parts.append(usage(f"{flavour}{name}"))
    return "\n".join(parts)


def _first_sentence(what: object) -> str:
    return (what.__doc__ or "").split("\n")[0].replace("``", "")
