"""Running a template over a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubesim.api.go_format import sprint, type_name
from kubesim.kubectl.output.go_template import nodes
from kubesim.kubectl.output.go_template.functions import FUNCTIONS, FunctionError, arguments_of, truth
from kubesim.kubectl.output.go_template.nodes import Command, Node, Operand, Pipeline, TemplateError, execution_error
from kubesim.turn import Interrupted

MOST_ROUNDS = 100_000
"""How far a range may count, and how many rounds all ranges of a run may make before somebody presses Ctrl-C."""

_NOTHING = object()


class _Leave(Exception):  # noqa: N818 - control flow, no error
    """``break`` or ``continue`` on its way to the range around it."""


class Evaluation:
    """One run: the output so far, and the variables in sight."""

    def __init__(self, text: str, out: list[str], allow_missing_keys: bool) -> None:
        self.text = text
        self.out = out
        self.allow_missing_keys = allow_missing_keys
        self.variables: list[tuple[str, Any]] = []
        self._rounds = 0

    def run(self, template: tuple[Node, ...], document: Any) -> None:
        """Write the output for a document.

        :raises TemplateError: when the template does not fit it.
        """
        self.variables = [("$", document)]
        self._nodes(template, document)

    def _nodes(self, body: tuple[Node, ...], dot: Any) -> None:
        for node in body:
            match node:
                case nodes.Text(text):
                    self.out.append(text)
                case nodes.Action(pipeline):
                    value = self._pipeline(pipeline, dot)
                    if not pipeline.variables:
                        self.out.append("<no value>" if value is None else sprint(value))
                case nodes.Branch():
                    depth = len(self.variables)
                    self._branch(node, dot)
                    del self.variables[depth:]
                case nodes.Jump(keyword):
                    raise _Leave(keyword)

    def _branch(self, node: nodes.Branch, dot: Any) -> None:
        value = self._pipeline(node.pipeline, dot)
        if node.keyword == "range":
            self._range(node, value, dot)
        elif truth(value):
            self._nodes(node.body, value if node.keyword == "with" else dot)
        else:
            self._nodes(node.otherwise, dot)

    def _range(self, node: nodes.Branch, value: Any, dot: Any) -> None:
        names = node.pipeline.variables
        if names:
            self.variables.pop()
        depth = len(self.variables)
        empty = True
        for key, element in self._elements(node, value):
            empty = False
            self._rounds += 1
            if self._rounds > MOST_ROUNDS:
                raise Interrupted
            if names:
                # One variable gets the element, two the key and the element.
                self.variables += zip(names, (key, element) if len(names) > 1 else (element,), strict=True)
            try:
                self._nodes(node.body, element)
            except _Leave as leave:
                if leave.args[0] == "break":
                    break
            finally:
                del self.variables[depth:]
        if empty:
            self._nodes(node.otherwise, dot)

    def _elements(self, node: nodes.Branch, value: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, dict):
            return ((key, value[key]) for key in sorted(value))
        if isinstance(value, list):
            return iter(list(enumerate(value)))
        if isinstance(value, int) and not isinstance(value, bool) and value <= MOST_ROUNDS:
            return ((index, index) for index in range(value))
        if value is None:
            return iter(())
        first = node.pipeline.commands[0][0]
        raise execution_error(self.text, first.position, first.shown, f"range can't iterate over {sprint(value)}")

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: Any = _NOTHING
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        if pipeline.variables:
            self._assign(pipeline, value)
        return value

    def _assign(self, pipeline: Pipeline, value: Any) -> None:
        name = pipeline.variables[-1]
        if pipeline.declares:
            self.variables.append((name, value))
            return
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return

    def _command(self, command: Command, dot: Any, final: Any) -> Any:
        first, arguments = command[0], command[1:]
        if isinstance(first, nodes.Function):
            return self._call(first, arguments, dot, final)
        if arguments or final is not _NOTHING:
            message = f"can't give argument to non-function {first.shown}"
            if isinstance(first, (nodes.Dot, nodes.Variable)) and first.fields:
                message = f"{first.fields[-1]} is not a method but has arguments"
            raise execution_error(self.text, first.position, first.shown, message)
        return self._operand(first, dot)

    def _call(self, function: nodes.Function, arguments: Command, dot: Any, final: Any) -> Any:
        name = function.name
        count = len(arguments) + (final is not _NOTHING)
        least, most = arguments_of(name)
        if count < least or (most is not None and count > most):
            wanted = f"at least {least}" if most is None else f"{least}"
            raise self._failed(function, f"wrong number of args for {name}: want {wanted} got {count}")
        values: list[Any] = []
        for argument in arguments:
            values.append(self._operand(argument, dot))
            if (name == "and" and not truth(values[-1])) or (name == "or" and truth(values[-1])):
                return values[-1]  # the rest is not even looked at
        if final is not _NOTHING:
            values.append(final)
        try:
            return FUNCTIONS[name](*values)
        except FunctionError as error:
            raise self._failed(function, f"error calling {name}: {error}") from None

    def _failed(self, function: nodes.Function, message: str) -> TemplateError:
        return execution_error(self.text, function.position, function.name, message)

    def _operand(self, operand: Operand, dot: Any) -> Any:
        match operand:
            case nodes.Literal(value):
                return value
            case nodes.Dot(fields):
                return self._fields(dot, fields, operand)
            case nodes.Variable(name, fields):
                value = next(value for known, value in reversed(self.variables) if known == name)
                return self._fields(value, fields, operand)
            case nodes.Chain(pipeline, fields):
                return self._fields(self._pipeline(pipeline, dot), fields, operand)
            case nodes.Function():
                return self._call(operand, (), dot, _NOTHING)

    def _fields(self, value: Any, fields: tuple[str, ...], operand: nodes.Dot | nodes.Variable | nodes.Chain) -> Any:
        for field in fields:
            if value is None:
                message = f"nil pointer evaluating interface {{}}.{field}"
                raise execution_error(self.text, operand.position, operand.shown, message)
            if not isinstance(value, dict):
                message = f"can't evaluate field {field} in type {_interface(value)}"
                raise execution_error(self.text, operand.position, operand.shown, message)
            if field not in value and not self.allow_missing_keys:
                message = f'map has no entry for key "{field}"'
                raise execution_error(self.text, operand.position, operand.shown, message)
            value = value.get(field)
        return value


def _interface(value: Any) -> str:
    """How Go names the type of a value inside a decoded document."""
    name = type_name(value)
    return "interface {}" if name in ("string", "bool", "float64") or name.startswith("[]") else name
