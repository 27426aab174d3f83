"""The parts a template is made of, and its error. ``str()`` of a node is upstream's notation (``NodeField: name``)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is printed as it is."""

    text: str

    def __str__(self) -> str:
        return f"NodeText: {self.text}"


@dataclass(frozen=True, slots=True)
class Field:
    """``.name``: the value under a key."""

    name: str

    def __str__(self) -> str:
        return f"NodeField: {self.name}"


@dataclass(frozen=True, slots=True)
class Bound:
    """One of the three numbers of ``[start:end:step]``.

    :param known: whether it was written, or follows from ``start``.
    :param derived: whether it is the end that a single index implies.
    """

    value: int = 0
    known: bool = False
    derived: bool = False

    def __str__(self) -> str:
        return f"{{{self.value} {str(self.known).lower()} {str(self.derived).lower()}}}"


@dataclass(frozen=True, slots=True)
class Array:
    """``[1]``, ``[1:3]``, ``[0:6:2]``, ``[*]``: elements of a list."""

    start: Bound
    end: Bound
    step: Bound

    def __str__(self) -> str:
        return f"NodeArray: [{self.start} {self.end} {self.step}]"


@dataclass(frozen=True, slots=True)
class Number:
    """A number; an integer never equals a float."""

    value: int | float

    def __str__(self) -> str:
        return f"NodeInt: {self.value}" if isinstance(self.value, int) else f"NodeFloat: {self.value}"


@dataclass(frozen=True, slots=True)
class Boolean:
    """``true`` or ``false``."""

    value: bool

    def __str__(self) -> str:
        return f"NodeBool: {str(self.value).lower()}"


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``.*``: every value of a map or list."""

    def __str__(self) -> str:
        return "NodeWildcard"


@dataclass(frozen=True, slots=True)
class Recursive:
    """``..``: a value and everything inside it."""

    def __str__(self) -> str:
        return "NodeRecursive"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A word: ``range`` or ``end``; anything else fails when it is evaluated."""

    name: str

    def __str__(self) -> str:
        return f"NodeIdentifier: {self.name}"


@dataclass(slots=True)
class Sequence:
    """The steps of one pair of braces, or the whole template."""

    nodes: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return "NodeList"


@dataclass(frozen=True, slots=True)
class Union:
    """``[a,b]``: the results of each, one after the other."""

    parts: tuple[Sequence, ...]

    def __str__(self) -> str:
        return "NodeUnion"


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(left operator right)]``; the operator is ``exists`` where there is no comparison."""

    left: Sequence
    right: Sequence
    operator: str

    def __str__(self) -> str:
        return f"NodeFilter: {self.left} {self.operator} {self.right}"


Node = Text | Field | Array | Number | Boolean | Wildcard | Recursive | Identifier | Sequence | Union | Filter


class JsonPathError(ValueError):
    """A template that cannot be parsed, or that does not fit the document; the text is upstream's."""
