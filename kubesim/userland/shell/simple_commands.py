"""A simple command: assignments, then a function, a builtin or a program."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from kubesim.userland.process import Steps
from kubesim.userland.shell.builtins.table import BUILTINS, SPECIAL
from kubesim.userland.shell.escapes import quoted
from kubesim.userland.shell.programs import run_program
from kubesim.userland.shell.redirections import redirected
from kubesim.userland.shell.signals import FunctionReturn, Interrupted
from kubesim.userland.shell.tree import Assignment, Simple

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


VALUE_LIMIT = 1_000_000
"""Characters of a variable; a loop that doubles one would otherwise fill the memory of the learner's own machine."""


def run_simple(shell: Interpreter, command: Simple) -> Steps:
    """A simple command: assignments alone, a function, a builtin or a program."""
    shell.temporary = []
    words = shell.expander.fields(command.words)
    if words and words[0] in shell.state.aliases and command.words and command.words[0].bare == words[0]:
        words = shell.state.aliases[words[0]].split() + words[1:]
    waited, shell.waited = shell.waited, 0.0
    yield from shell.wait(waited)
    declared = bool(words) and words[0] in ("declare", "local", "export", "readonly", "typeset")
    if not words or declared:
        return (yield from _assign_only(shell, command, words))
    prefix = [(each.name, _value_of(shell, each)) for each in command.assignments]
    _trace(shell, [*(f"{name}={quoted(value)}" for name, value in prefix)], words)
    outer = shell.descriptors
    shell.descriptors = redirected(shell, command.redirects)
    name = words[0]
    try:
        if name in shell.state.functions and "/" not in name:
            return (yield from _with_variables(shell, prefix, _call_function(shell, words)))
        builtin = BUILTINS[shell.dialect.name].get(name)
        if builtin is not None:
            if name == "exec" and len(words) == 1:
                outer = shell.descriptors
                return 0
            result = builtin(shell, words)
            if isinstance(result, Generator):
                return (yield from _with_variables(shell, prefix if name not in SPECIAL else [], result))
            return result
        return (yield from run_program(shell, words, dict(prefix)))
    finally:
        shell.descriptors = outer
        if name == "exec" and len(words) == 1:
            shell.descriptors = outer
        for path in shell.temporary:
            if shell.machine.files.exists(path):
                shell.machine.files.remove(path)


def _assign_only(shell: Interpreter, command: Simple, words: list[str]) -> Steps:
    shell.state.status = 0
    for assignment in command.assignments:
        if words and words[0] == "local":
            shell.state.remember_local(assignment.name)
        _assign(shell, assignment)
    waited, shell.waited = shell.waited, 0.0
    yield from shell.wait(waited)
    status = shell.state.status
    if command.redirects:
        redirected(shell, command.redirects)
    if words:
        _trace(shell, [], words)
        result = BUILTINS[shell.dialect.name][words[0]](shell, words)
        return result if isinstance(result, int) else (yield from result)
    return status


def _value_of(shell: Interpreter, assignment: Assignment) -> str:
    if isinstance(assignment.value, tuple):
        return " ".join(shell.expander.fields(assignment.value))
    value = shell.expander.text(assignment.value)
    return (shell.state.get(assignment.name) or "") + value if assignment.append else value


def _assign(shell: Interpreter, assignment: Assignment) -> None:
    """Carry out an assignment."""
    state, name = shell.state, assignment.name
    if isinstance(assignment.value, tuple):
        items = shell.expander.fields(assignment.value)
        elements = state.elements(name) if assignment.append else {}
        start = max(elements, default=-1) + 1
        state.set_array(name, elements | {start + number: item for number, item in enumerate(items)})
        _trace(shell, [f"{name}=({' '.join(map(quoted, items))})"], [])
        return
    value = shell.expander.text(assignment.value)
    if len(value) > VALUE_LIMIT:
        raise Interrupted
    if assignment.index is not None:
        elements = state.elements(name)
        index = shell.expander.arithmetic(shell.expander.text(assignment.index))
        elements[index] = elements.get(index, "") + value if assignment.append else value
        state.set_array(name, elements)
    else:
        state.set(name, (state.get(name) or "") + value if assignment.append else value)
    _trace(shell, [f"{name}={quoted(value)}"], [])


def _trace(shell: Interpreter, assignments: Sequence[str], words: Sequence[str]) -> None:
    if "xtrace" not in shell.state.options or not (assignments or words):
        return
    mark = shell.state.get("PS4") or "+ "
    if words:
        for each in assignments:
            shell.write(f"{mark}{each}\n", 2)
        shell.write(f"{mark}{' '.join(map(quoted, words))}\n", 2)
    else:
        shell.write(f"{mark}{' '.join(assignments)}\n", 2)


def _with_variables(shell: Interpreter, prefix: list[tuple[str, str]], steps: Steps) -> Steps:
    saved = {name: shell.state.variables.get(name) for name, _ in prefix}
    for name, value in prefix:
        shell.state.set(name, value, export=True)
    try:
        return (yield from steps)
    finally:
        for name, old in saved.items():
            if old is None:
                shell.state.variables.pop(name, None)
            else:
                shell.state.variables[name] = old


def _call_function(shell: Interpreter, words: list[str]) -> Steps:
    """Call a function."""
    state = shell.state
    if state.functions_running > 200:
        raise Interrupted
    outer, state.positional = state.positional, tuple(words[1:])
    state.locals.append({})
    state.functions_running += 1
    loops, state.loops = state.loops, 0
    try:
        return (yield from shell.command(state.functions[words[0]]))
    except FunctionReturn as leaving:
        return leaving.status
    finally:
        state.positional = outer
        state.loops = loops
        state.functions_running -= 1
        for name, old in state.locals.pop().items():
            if old is None:
                state.variables.pop(name, None)
            else:
                state.variables[name] = old
