"""Commands made of others: groups, subshells, ``if``, loops, ``case``, ``[[ ]]``, functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubesim.userland.process import Steps
from kubesim.userland.shell import patterns
from kubesim.userland.shell.conditions import double_bracket
from kubesim.userland.shell.signals import LoopJump
from kubesim.userland.shell.tree import (
    ArithmeticCommand,
    Body,
    Case,
    CommandList,
    Conditional,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Subshell,
    While,
)

if TYPE_CHECKING:
    from kubesim.userland.shell.execution import Interpreter


def run(shell: Interpreter, body: Body) -> Steps:
    """Run a compound command; its status."""
    match body:
        case Group():
            return (yield from shell.command_list(body.body))
        case Subshell():
            return (yield from _subshell(shell, body.body))
        case If():
            return (yield from _if(shell, body))
        case While():
            return (yield from _while(shell, body))
        case For():
            return (yield from _for(shell, body))
        case ForArithmetic():
            return (yield from _for_arithmetic(shell, body))
        case Case():
            return (yield from _case(shell, body))
        case Function():
            shell.state.functions[body.name] = body.body
            return 0
        case Conditional():
            return double_bracket(shell, body.words)
        case ArithmeticCommand():
            return int(shell.expander.arithmetic(shell.expander.text(_expandable(shell, body.expression))) == 0)


def _expandable(shell: Interpreter, text: str):  # type: ignore[no-untyped-def]
    from kubesim.userland.shell.lexer import Lexer

    return Lexer(text, shell.dialect).expandable('$`"\\')


def _subshell(shell: Interpreter, commands: CommandList) -> Steps:
    child = shell.child(dict(shell.descriptors))
    steps = child.run_body(commands)
    while True:
        try:
            event = next(steps)
        except StopIteration as stop:
            shell.commands = child.commands
            return stop.value or 0
        if isinstance(event, float | int):
            yield from shell.wait(event)
        else:
            yield event


def _quietly(shell: Interpreter, commands: CommandList) -> Steps:
    """A condition: ``set -e`` does not look at it."""
    shell.quiet += 1
    try:
        return (yield from shell.command_list(commands))
    finally:
        shell.quiet -= 1


def _if(shell: Interpreter, body: If) -> Steps:
    for condition, then in body.branches:
        if (yield from _quietly(shell, condition)) == 0:
            return (yield from shell.command_list(then))
    if body.otherwise is not None:
        return (yield from shell.command_list(body.otherwise))
    return 0


def _round(shell: Interpreter, commands: CommandList) -> Steps:
    """One round of a loop; a negative status asks the loop to end."""
    shell.state.loops += 1
    try:
        return (yield from shell.command_list(commands))
    except LoopJump as jump:
        if jump.levels > 1 and shell.state.loops > 1:
            raise LoopJump(jump.levels - 1, again=jump.again) from jump
        return 0 if jump.again else -1
    finally:
        shell.state.loops -= 1


def _while(shell: Interpreter, body: While) -> Steps:
    status = 0
    while True:
        shell.state.loops += 1
        try:
            condition = yield from _quietly(shell, body.condition)
        except LoopJump as jump:
            if jump.levels > 1 and shell.state.loops > 1:
                raise LoopJump(jump.levels - 1, again=jump.again) from jump
            return status
        finally:
            shell.state.loops -= 1
        if (condition == 0) == body.until:
            return status
        status = yield from _round(shell, body.body)
        if status < 0:
            return 0


def _for(shell: Interpreter, body: For) -> Steps:
    words = list(shell.state.positional) if body.words is None else shell.expander.fields(body.words)
    status = 0
    for word in words:
        shell.state.set(body.name, word)
        status = yield from _round(shell, body.body)
        if status < 0:
            return 0
    return status


def _for_arithmetic(shell: Interpreter, body: ForArithmetic) -> Steps:
    def value(text: str) -> int:
        return shell.expander.arithmetic(shell.expander.text(_expandable(shell, text)))

    status = 0
    value(body.start)
    while not body.condition.strip() or value(body.condition):
        status = yield from _round(shell, body.body)
        if status < 0:
            return 0
        value(body.step)
    return status


def _case(shell: Interpreter, body: Case) -> Steps:
    subject = shell.expander.text(body.subject)
    status = 0
    falls = False
    for alternatives, commands, ending in body.branches:
        if not falls and not any(patterns.matches(shell.expander.pattern(each), subject) for each in alternatives):
            continue
        if commands.items:
            status = yield from shell.command_list(commands)
        falls = ending == ";&"
        if ending == ";;":
            return status
    return status
