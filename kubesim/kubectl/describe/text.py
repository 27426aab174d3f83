"""The text of a description: lines of cells at levels of indentation, aligned when it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kubesim.api.durations import parse_timestamp
from kubesim.api.objects import OwnerReference, Toleration
from kubesim.kubectl.output.tabwriter import layout

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST_ANNOTATION = 140

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Text:
    """Collects lines; a tab ends a cell, two blanks are one level."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._open: list[str] = []

    def line(self, level: int, *cells: object) -> None:
        """One line of cells."""
        self._open.append("  " * level + "\t".join(str(cell) for cell in cells) + "\n")

    def given(self, title: str, value: object, level: int = 0) -> None:
        """A line of a title and a value, where there is one; 0 is none, and neither is an empty text."""
        if value:
            self.line(level, title, value)

    def table(self, level: int, titles: Sequence[str], rows: Iterable[Sequence[object]], rules: str = "") -> None:
        """Headers, a rule under each, and rows.

        :param rules: where the rules are not as long as the headers: all of them, as upstream writes them.
        """
        self.line(level, *titles)
        self.line(level, *(rules.split(" ") if rules else ("-" * len(title) for title in titles)))
        for row in rows:
            self.line(level, *row)

    def flush(self) -> None:
        """Align what there is; later lines are aligned among themselves."""
        self._done.append(layout("".join(self._open)))
        self._open = []

    def unaligned(self) -> str:
        """The lines as they are, tabs and all: what is printed of a template alone."""
        return "".join(self._done + self._open)

    def __str__(self) -> str:
        self.flush()
        return "".join(self._done)


def labels(text: Text, title: str, values: Mapping[str, str] | None) -> None:
    """A map, one ``key=value`` a line, in the order of the keys."""
    column(text, title, [f"{key}={values[key]}" for key in sorted(values or {})] if values else [])


def column(text: Text, title: str, lines: Sequence[str]) -> None:
    """Lines under each other beside one title; ``<none>`` where there are none."""
    for index, line in enumerate(lines or ["<none>"]):
        text.line(0, f"{title}:" if index == 0 else "", line)


def annotation_lines(text: Text, title: str, values: Mapping[str, str] | None) -> None:
    """Annotations but for the last applied configuration; long ones are cut and stand on lines of their own."""
    keys = sorted(key for key in values or {} if key != LAST_APPLIED)
    if not values or not keys:
        text.line(0, f"{title}:", "<none>")
        return
    for index, key in enumerate(keys):
        head = f"{title}:" if index == 0 else ""
        value = values[key].removesuffix("\n")
        if len(key) + len(value) + 2 <= LONGEST_ANNOTATION and "\n" not in value:
            text.line(0, head, f"{key}: {value}")
            continue
        text.line(0, head, f"{key}:")
        for line in value.split("\n"):
            longest = LONGEST_ANNOTATION - 2
            text.line(0, "", f"  {line[:longest]}..." if len(line) > longest else f"  {line}")


def tolerations(text: Text, title: str, values: Sequence[Toleration] | None) -> None:
    """Tolerations as ``key=value:Effect op=Exists for 300s``, in the order of their keys."""
    column(text, title, [_toleration(each) for each in sorted(values or (), key=lambda each: each.key)])


def _toleration(toleration: Toleration) -> str:
    shown = toleration.key
    shown += f"={toleration.value}" if toleration.value else ""
    shown += f":{toleration.effect}" if toleration.effect else ""
    if toleration.operator == "Exists" and not toleration.value:
        shown += " op=Exists" if shown else "op=Exists"
    return shown + (f" for {toleration.tolerationSeconds}s" if toleration.tolerationSeconds is not None else "")


def moment(timestamp: str | None) -> str:
    """A timestamp of the API in long form: ``Sun, 22 Nov 2026 23:12:29 +0000`` (RFC 1123 with a numeric zone)."""
    time = parse_timestamp(timestamp)
    if time is None:
        return "Mon, 01 Jan 0001 00:00:00 +0000"
    day = f"{_WEEKDAYS[time.weekday()]}, {time.day:02d} {_MONTHS[time.month - 1]} {time.year}"
    return f"{day} {time:%H:%M:%S} {time:%z}"


def controller(owners: Sequence[OwnerReference] | None) -> str:
    """The object that controls this one, as ``ReplicaSet/web-5c4bb``; empty where none does."""
    return next((f"{owner.kind}/{owner.name}" for owner in owners or () if owner.controller), "")


def yes_or_no(value: bool) -> str:
    """``True`` or ``False``, as descriptions write a boolean of a container."""
    return "True" if value else "False"
