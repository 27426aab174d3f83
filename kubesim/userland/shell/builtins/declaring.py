"""Builtins that declare variables: ``export``, ``readonly``, ``declare``, ``local``, ``unset``."""

from __future__ import annotations

import re
from dataclasses import replace

from kubesim.userland.shell.builtins.shell import Shell
from kubesim.userland.shell.listing import declared, function_text
from kubesim.userland.shell.state import ReadOnlyError, Variable

_MARKING = {"bash": "aAfnp-", "dash": "p-", "ash": "np-"}
"""Options of ``export`` and ``readonly``, by shell."""
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ELEMENT = re.compile(r"([A-Za-z_]\w*)\[(.+)\]", re.DOTALL)


def valid(shell: Shell, command: str, word: str) -> bool:
    """Whether a word begins with a name; a complaint where not."""
    name = word.partition("=")[0].removesuffix("+")
    if _IDENTIFIER.match(name):
        return True
    if shell.dialect.is_bash:
        shell.fail(command, f"`{word}': not a valid identifier", 1)
    else:
        shell.fail(
            command, f"{name}: bad variable name", 2, special=command in ("export", "readonly", "unset", "local")
        )
    return False


def _mark(shell: Shell, words: list[str], *, exported: bool = False, readonly: bool = False) -> int:
    status = 0
    letters = "".join(word[1:] for word in words[1:] if re.match(r"-.", word))
    names = [word for word in words[1:] if not re.match(r"-.", word)]
    if wrong := next((letter for letter in letters if letter not in _MARKING[shell.dialect.name]), ""):
        told = {"bash": f"-{wrong}: invalid option", "dash": f"Illegal option -{wrong}"}
        status = shell.fail(words[0], told.get(shell.dialect.name, f"illegal option -{wrong}"), 2, special=True)
        if shell.dialect.is_bash:
            options, listing = ("[-fn]", "") if exported else ("[-aAf]", "")
            shell.write(f"{words[0]}: usage: {words[0]} {options} [name[=value] ...] or {words[0]} -p{listing}\n", 2)
        return status
    if "f" in letters and shell.dialect.is_bash:
        missing = [name for name in names if name not in shell.state.functions]
        for name in missing:
            shell.fail(words[0], f"{name}: not a function", 1)
        return int(bool(missing))
    compound = shell.compound
    for assignment in compound:
        shell.assign(assignment)
        names.append(assignment.name)
    if not names:
        _list_marked(shell, words[0], exported=exported, readonly=readonly)
        return 0
    for word in names:
        if not valid(shell, words[0], word):
            status = 1
            continue
        name, equals, value = word.partition("=")
        if equals:
            shell.assign_text(name, value)
        old = shell.state.variables.get(name, Variable(None))
        keeps = exported and "n" not in letters
        shell.state.variables[name] = replace(
            old, exported=keeps if exported else old.exported, readonly=old.readonly or readonly
        )
    return status


def _list_marked(shell: Shell, command: str, *, exported: bool, readonly: bool) -> None:
    for name, each in sorted(shell.state.variables.items()):
        if (exported and each.exported) or (readonly and each.readonly):
            if shell.dialect.is_bash:
                shell.write(f"{declared(name, each)}\n")
            else:
                shown = "" if each.text is None else f"='{each.text}'"
                shell.write(f"{command} {name}{shown}\n")


def export(shell: Shell, words: list[str]) -> int:
    """Mark variables for the environment of programs."""
    return _mark(shell, words, exported=True)


def readonly(shell: Shell, words: list[str]) -> int:
    """Mark variables as constant."""
    return _mark(shell, words, readonly=True)


def unset(shell: Shell, words: list[str]) -> int:
    """Forget variables and functions."""
    status = 0
    letters = "".join(word[1:] for word in words[1:] if re.match(r"-.", word))
    for word in words[1:]:
        if re.match(r"-.", word):
            continue
        element = _ELEMENT.fullmatch(word)
        try:
            if element and shell.dialect.is_bash:
                _unset_element(shell, element[1], element[2])
            elif "f" not in letters and word in shell.state.variables:
                shell.state.unset(word)
            elif "f" in letters or ("v" not in letters and shell.dialect.is_bash):
                shell.state.functions.pop(word, None)
            elif not _IDENTIFIER.match(word):
                return shell.fail("unset", f"{word}: bad variable name", 2, special=True)
        except ReadOnlyError:
            if not shell.dialect.is_bash:
                return shell.fail("unset", f"{word}: is read only", 2, special=True)
            status = shell.fail("unset", f"{word}: cannot unset: readonly variable", 1)
    return status


def _unset_element(shell: Shell, name: str, subscript: str) -> None:
    if subscript in ("@", "*"):
        shell.state.unset(name)
        return
    elements = shell.state.elements(name)
    key = shell.expander.key(name, subscript)
    if isinstance(key, int) and key < 0:
        key += shell.state.length(elements)
    elements.pop(key, None)
    if name in shell.state.variables:
        shell.state.set_array(name, elements)


def declare(shell: Shell, words: list[str]) -> int:
    """``declare``, ``typeset`` and ``local``."""
    command = words[0]
    names = [word for word in words[1:] if not re.match(r"[-+].", word)]
    on = "".join(word[1:] for word in words[1:] if re.match(r"-.", word))
    off = "".join(word[1:] for word in words[1:] if re.match(r"\+.", word))
    local = command == "local"
    if local and not shell.state.calls:
        text = "can only be used in a function" if shell.dialect.is_bash else "not in a function"
        return shell.fail("local", text, 1 if shell.dialect.is_bash else 2, special=True)
    unknown = next((letter for letter in on + off if letter not in "aAfFgiIlnprtux"), "")
    if unknown and shell.dialect.is_bash:
        shell.fail(command, f"-{unknown}: invalid option", 2)
        usage = "option" if local else "[-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux]"
        shell.write(f"{command}: usage: {command} {usage} [name{'[=value]' if local else ''} ...]\n", 2)
        return 2
    if "n" in on:
        return shell.fail(command, "-n: references to variables are not simulated", 1)
    if "f" in on or "F" in on:
        return _functions(shell, names, only_names="F" in on)
    if not names and not shell.compound:
        _list_all(shell, on)
        return 0
    if "p" in on and not local:
        return _shown(shell, command, names)
    status = 0
    scoped = bool(shell.state.calls) and "g" not in on
    for assignment in shell.compound:
        _begin(shell, assignment.name, on, off, scoped=scoped, array=True)
        shell.assign(assignment)
        _finish(shell, assignment.name, on)
    for word in names:
        element = re.match(r"([A-Za-z_]\w*)\[(.*?)\](?:(\+?=)(.*))?\Z", word, re.DOTALL)
        if element and shell.dialect.is_bash:
            _begin(shell, element[1], on, off, scoped=scoped, array=True)
            if element[3]:
                shell.state.set_element(element[1], shell.expander.key(element[1], element[2]), element[4])
            continue
        if not valid(shell, command, word):
            status = 1
            continue
        name, equals, value = word.partition("=")
        append = name.endswith("+")
        name = name.removesuffix("+")
        before = shell.state.get(name)
        _begin(shell, name, on, off, scoped=scoped, array=bool(set("aA") & set(on)))
        if equals:
            _assign(shell, command, name, value, before if append else None)
        _finish(shell, name, on)
    return status


def _assign(shell: Shell, command: str, name: str, value: str, before: str | None) -> None:
    old = shell.state.variables.get(name, Variable(None))
    if old.integer and before is not None:
        value = f"{before or 0}+({value})"
    elif before is not None:
        value = before + value
    try:
        shell.assign_text(name, value, command=f"{command}: ")
    except ReadOnlyError:
        shell.fail(command, f"{name}: readonly variable", 1)


def _begin(shell: Shell, name: str, on: str, off: str, *, scoped: bool, array: bool) -> None:
    """Make a variable what its attributes say, before it gets a value."""
    state = shell.state
    fresh = scoped and state.remember_local(name)
    old = Variable(None) if fresh or name not in state.variables else state.variables[name]
    if fresh and old.value is None and name in state.variables and state.variables[name].exported:
        old = replace(old, exported=True)
    elements = old.elements
    if array and elements is None and (set("aA") & set(on) or "A" not in on):
        elements = {} if old.value is None else {0: old.value}
    case = "upper" if "u" in on else "lower" if "l" in on else "" if set("ul") & set(off) else old.case
    state.variables[name] = replace(
        old,
        elements=elements,
        associative=old.associative or "A" in on,
        integer=(old.integer or "i" in on) and "i" not in off,
        exported=(old.exported or "x" in on) and "x" not in off,
        case=case,
    )


def _finish(shell: Shell, name: str, on: str) -> None:
    """Make it constant, after it got its value."""
    if "r" in on:
        shell.state.variables[name] = replace(shell.state.variables[name], readonly=True)


def _functions(shell: Shell, names: list[str], *, only_names: bool) -> int:
    status = 0
    for name in names or sorted(shell.state.functions):
        found = shell.state.functions.get(name)
        if found is None:
            status = 1
        elif only_names:
            shell.write(f"{name}\n" if names else f"declare -f {name}\n")
        else:
            shell.write(function_text(name, found.body))
    return status


def _list_all(shell: Shell, on: str) -> None:
    wanted = set(on) - {"p", "g"}
    for name, each in sorted(shell.state.variables.items()):
        if wanted <= set(each.letters) or not wanted:
            shell.write(f"{declared(name, each)}\n")


def _shown(shell: Shell, command: str, names: list[str]) -> int:
    status = 0
    for name in names:
        found = shell.state.variables.get(name)
        if found is None:
            status = shell.fail(command, f"{name}: not found", 1)
        else:
            shell.write(f"{declared(name, found)}\n")
    return status
