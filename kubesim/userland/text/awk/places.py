"""What can be assigned to: a variable, a field of the record, an element of an array."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from kubesim.userland.bounds import require
from kubesim.userland.text.awk.runtime import Awk, Expression
from kubesim.userland.text.awk.values import UNSET, Value, number_of, text_of


class Place(ABC):
    """An expression that can stand on the left of ``=``."""

    @abstractmethod
    def __call__(self, awk: Awk) -> Value:
        """Its value."""

    @abstractmethod
    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""


@dataclass(frozen=True, slots=True)
class Variable(Place):
    """A variable, or an array where a function takes one; assigning to ``NF`` cuts or fills the record."""

    name: str

    def __call__(self, awk: Awk) -> Value:
        """Its value; the empty text before the first assignment."""
        return float(len(awk.fields)) if self.name == "NF" else awk.variables.get(self.name, UNSET)

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""
        if self.name == "NF":
            count = int(number_of(value))
            require(count)
            awk.fields = (awk.fields + [""] * count)[:count]
            awk.record = str(awk.variables["OFS"]).join(awk.fields)
        awk.variables[self.name] = value


@dataclass(frozen=True, slots=True)
class Field(Place):
    """``$number``."""

    number: Expression

    def __call__(self, awk: Awk) -> Value:
        """The field's text."""
        return awk.field_value(int(number_of(self.number(awk))))

    def assign(self, awk: Awk, value: Value) -> None:
        """Change the field, and with it the record."""
        awk.set_field(int(number_of(self.number(awk))), text_of(value))


@dataclass(frozen=True, slots=True)
class Element(Place):
    """``name[subscript]``; reading makes it exist."""

    name: str
    subscript: Expression

    def __call__(self, awk: Awk) -> Value:
        """Its value."""
        return awk.arrays.setdefault(self.name, {}).setdefault(text_of(self.subscript(awk)), UNSET)

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""
        awk.arrays.setdefault(self.name, {})[text_of(self.subscript(awk))] = value


RECORD = Field(lambda awk: 0.0)
"""``$0``."""
