"""What can stand on the left of ``=`` in awk, or name an array: fields, variables, elements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from kubesim.userland.command_line import Complaint
from kubesim.userland.text.awk.arrays import Array
from kubesim.userland.text.awk.running import Awk, Expression
from kubesim.userland.text.awk.values import UNSET, Value, integer_of


class Place(ABC):
    """An expression that can stand on the left of ``=``."""

    @abstractmethod
    def __call__(self, awk: Awk) -> Value:
        """Its value."""

    @abstractmethod
    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""


class ArrayReference(Place):
    """An expression that names an array."""

    @abstractmethod
    def array(self, awk: Awk) -> Array:
        """The array."""

    @abstractmethod
    def is_array(self, awk: Awk) -> bool:
        """Whether it is one by now."""


@dataclass(frozen=True, slots=True)
class Field(Place):
    """``$number``."""

    number: Expression

    def __call__(self, awk: Awk) -> Value:
        """The field's text."""
        return awk.field_value(integer_of(self.number(awk)))

    def assign(self, awk: Awk, value: Value) -> None:
        """Change the field, and with it the record."""
        awk.set_field(integer_of(self.number(awk)), value)


RECORD = Field(lambda awk: 0.0)
"""``$0``."""


@dataclass(frozen=True, slots=True)
class Global(ArrayReference):
    """A variable of the whole program."""

    name: str

    def __call__(self, awk: Awk) -> Value:
        """Its value; unset before the first assignment."""
        if self.name == "NF":
            return float(len(awk.fields))
        found = awk.variables.get(self.name, UNSET)
        if isinstance(found, Array):
            raise _illegal(awk, "array", self.name)
        return found

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value; ``NF`` cuts or fills the record."""
        if self.name == "NF":
            awk.set_count(integer_of(value))
        else:
            awk.variables[self.name] = value

    def array(self, awk: Awk) -> Array:
        """Itself as an array."""
        found = awk.variables.get(self.name)
        if found is None or found is UNSET:
            found = awk.variables[self.name] = awk.array()
        if not isinstance(found, Array):
            raise _illegal(awk, "variable", self.name)
        return found

    def is_array(self, awk: Awk) -> bool:
        """Whether it is one by now."""
        return isinstance(awk.variables.get(self.name), Array)


@dataclass(frozen=True, slots=True)
class Local(ArrayReference):
    """A parameter, or a local variable, of a function."""

    name: str
    slot: int

    def __call__(self, awk: Awk) -> Value:
        """Its value."""
        found = awk.frame[self.slot]
        if isinstance(found, Array):
            raise _illegal(awk, "array", self.name)
        return found

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""
        awk.frame[self.slot] = value

    def array(self, awk: Awk) -> Array:
        """Itself as an array."""
        found = awk.frame[self.slot]
        if found is UNSET:
            found = awk.frame[self.slot] = awk.array()
        if not isinstance(found, Array):
            raise _illegal(awk, "variable", self.name)
        return found

    def is_array(self, awk: Awk) -> bool:
        """Whether it is one by now."""
        return isinstance(awk.frame[self.slot], Array)


def _illegal(awk: Awk, what: str, name: str) -> Complaint:
    if awk.world.busybox:
        return Complaint("awk: cmd. line:1: Not an array\n", 1)
    return Complaint(f"awk: line 1: illegal reference to {what} {name}\n", 2)


@dataclass(frozen=True, slots=True)
class Element(Place):
    """``name[subscript]``; reading makes it exist."""

    owner: Global | Local
    subscript: Expression

    def __call__(self, awk: Awk) -> Value:
        """Its value."""
        key = self.subscript(awk)
        return self.owner.array(awk).get(key, awk.form)

    def assign(self, awk: Awk, value: Value) -> None:
        """Give it a value."""
        key = self.subscript(awk)
        self.owner.array(awk).put(key, awk.form, value)
