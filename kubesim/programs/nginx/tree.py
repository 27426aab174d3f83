"""A configuration of nginx as a tree of directives."""

from __future__ import annotations

from typing import NamedTuple


class ConfigurationError(Exception):
    """A configuration that nginx refuses; ``str()`` is the part after ``[emerg] ``."""


class Directive(NamedTuple):
    """One directive: its words, and what its braces hold.

    :param where: the file and the line, as nginx' complaints name them.
    """

    name: str
    arguments: tuple[str, ...] = ()
    children: tuple[Directive, ...] = ()
    where: str = ""

    def all(self, name: str) -> list[Directive]:
        """Its children of one name, in order."""
        return [child for child in self.children if child.name == name]

    def last(self, name: str) -> Directive | None:
        """Its last child of one name, which is the one that holds."""
        return next((child for child in reversed(self.children) if child.name == name), None)

    def value(self, name: str, default: str = "") -> str:
        """The first word of a child."""
        found = self.last(name)
        return found.arguments[0] if found and found.arguments else default
