"""Variables and functions written as text that would make them again: ``declare -p``, ``set``, ``declare -f``."""

from __future__ import annotations

from kubesim.userland.printing import ansi_quoted, quoted
from kubesim.userland.shell.state import Variable
from kubesim.userland.shell.tree import (
    AndOr,
    ArithmeticCommand,
    Case,
    Command,
    CommandList,
    Compound,
    Conditional,
    For,
    ForArithmetic,
    Function,
    Group,
    If,
    Pipeline,
    Redirect,
    Select,
    Simple,
    Subshell,
    While,
)


def _double(value: str) -> str:
    if any(not character.isprintable() for character in value):
        return ansi_quoted(value)
    escaped = "".join(f"\\{character}" if character in '"$`\\' else character for character in value)
    return f'"{escaped}"'


def declared(name: str, variable: Variable) -> str:
    """A variable as ``declare -p`` shows it."""
    start = f"declare -{variable.letters} {name}"
    if variable.elements is not None:
        items = " ".join(f"[{_key(key)}]={_double(value)}" for key, value in variable.items())
        if not items and variable.value is None:
            return start
        return f"{start}=({items}{' ' if items and variable.associative else ''})"
    return start if variable.value is None else f"{start}={_double(variable.value)}"


def _key(key: int | str) -> str:
    text = str(key)
    return text if isinstance(key, int) or all(c.isalnum() or c in "_-./" for c in text) else _double(text)


def assigned(name: str, variable: Variable, dialect: str) -> str:
    """A variable as ``set`` shows it."""
    if variable.elements is not None:
        return f"{name}=({' '.join(f'[{key}]={_double(value)}' for key, value in variable.items())})"
    text = variable.text or ""
    if dialect == "bash":
        return f"{name}={quoted(text) if text else ''}"
    return f"{name}='" + text.replace("'", "'\"'\"'") + "'"


def function_text(name: str, body: Command) -> str:
    """A function as ``declare -f`` shows it: bash's own layout, four spaces a level."""
    return f"{name} () \n{_body(body)}\n"


def _body(body: Command) -> str:
    if isinstance(body, Compound) and isinstance(body.body, Group):
        return f"{{ \n{_lines(body.body.body, 1)}\n}}{_redirects(body.redirects)}"
    return f"{{ \n    {_command(body, 1)}\n}}"


def _indent(level: int) -> str:
    return "    " * level


def _lines(commands: CommandList, level: int) -> str:
    """Commands, each on a line of its own, with a semicolon behind all but the last."""
    shown = []
    for number, (and_or, background, _) in enumerate(commands.items):
        last = number == len(commands.items) - 1
        end = " &" if background else "" if last else ";"
        shown.append(f"{_indent(level)}{_and_or(and_or, level)}{end}")
    return "\n".join(shown)


def _inline(commands: CommandList, level: int) -> str:
    return "; ".join(_and_or(and_or, level) + (" &" if background else "") for and_or, background, _ in commands.items)


def _and_or(commands: AndOr, level: int) -> str:
    rest = "".join(f" {operator} {_pipeline(pipeline, level)}" for operator, pipeline in commands.rest)
    return _pipeline(commands.first, level) + rest


def _pipeline(pipeline: Pipeline, level: int) -> str:
    start = ("time " if pipeline.timed else "") + ("! " if pipeline.negated else "")
    return start + " | ".join(_command(command, level) for command in pipeline.commands)


def _redirects(redirects: tuple[Redirect, ...]) -> str:
    shown = ""
    for each in redirects:
        default = 0 if each.operator.startswith("<") else 1
        number = str(each.descriptor) if each.descriptor != default else ""
        space = "" if each.operator in (">&", "<&") else " "
        if each.operator in (">&", "<&") and not number:
            number = str(default)
        shown += f" {number}{each.operator}{space}{each.target.source}"
    return shown


def _command(command: Command, level: int) -> str:
    if isinstance(command, Simple):
        return command.source
    return _compound(command, level) + _redirects(command.redirects)


def _block(commands: CommandList, level: int) -> str:
    return f"{_lines(commands, level + 1)};"


def _compound(command: Compound, level: int) -> str:
    here = _indent(level)
    match command.body:
        case Group(body):
            return f"{{ \n{_lines(body, level + 1)}\n{here}}}"
        case Subshell(body):
            return f"( {_inline(body, level)} )"
        case If(branches, otherwise):
            shown = ""
            for number, (condition, then) in enumerate(branches):
                word = "elif" if number else "if"
                shown += f"{word} {_inline(condition, level)}; then\n{_block(then, level)}\n{here}"
            if otherwise is not None:
                shown += f"else\n{_block(otherwise, level)}\n{here}"
            return f"{shown}fi"
        case While(condition, body, until):
            word = "until" if until else "while"
            return f"{word} {_inline(condition, level)}; do\n{_block(body, level)}\n{here}done"
        case For(name, words, body) | Select(name, words, body):
            start = "select" if isinstance(command.body, Select) else "for"
            listed = '"$@"' if words is None else " ".join(word.source for word in words)
            return f"{start} {name} in {listed};\n{here}do\n{_block(body, level)}\n{here}done"
        case ForArithmetic(start, condition, step, body):
            head = f"for (({start.strip()}; {condition.strip()}; {step.strip()}))"
            return f"{head}\n{here}do\n{_block(body, level)}\n{here}done"
        case Case(subject, branches):
            shown = f"case {subject.source} in \n"
            for patterns, body, ending in branches:
                listed = " | ".join(pattern.source for pattern in patterns)
                inner = f"{_lines(body, level + 2)}\n" if body.items else ""
                shown += f"{_indent(level + 1)}{listed})\n{inner}{_indent(level + 1)}{ending}\n"
            return f"{shown}{here}esac"
        case Function(name, body):
            return f"function {name} () \n{here}{_body(body)}"
        case Conditional():
            return f"[[ {command.body.source} ]]"
        case ArithmeticCommand(expression):
            return f"(({expression}))"
