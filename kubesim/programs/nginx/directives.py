"""Which directives there are: the blocks they may stand in, how many arguments they take, what sort of value.

The table is nginx' own (its modules' command tables), so a word that it does not have is an unknown directive,
and one in the wrong block is not allowed there. What a value must be beyond that: :mod:`kubesim.programs.nginx.values`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

FREE = frozenset({"types", "map", "geo", "split_clients", "charset_map", "stream/map", "stream/geo"})
"""Blocks whose lines may begin with any word."""
_WITHIN = {
    ("main", "events"): "events", ("main", "http"): "http", ("http", "server"): "server",
    ("http", "upstream"): "upstream",
    ("server", "location"): "location", ("location", "location"): "location", ("server", "if"): "server-if",
    ("location", "if"): "location-if", ("location", "limit_except"): "limit_except", ("main", "stream"): "stream",
    ("stream", "server"): "stream-server", ("stream", "upstream"): "stream-upstream", ("main", "mail"): "mail",
    ("mail", "server"): "mail-server",
}  # fmt: skip
_TIME = "(?:[0-9]+y)?(?:[0-9]+M)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?"
_PATTERNS = {
    "num": "[0-9]{1,18}",
    "size": "[0-9]{1,15}[kKmM]?",
    "off": "[0-9]{1,15}[kKmMgG]?",
    "sec": f"(?=.){_TIME}(?:[0-9]+)?",
    "msec": f"(?=.){_TIME}(?:[0-9]+ms)?(?:[0-9]+)?",
}
"""How a value is written, by its sort; a time's units go from the largest to the smallest."""
_BOUNDS = {"gzip_comp_level": (1, 9), "http2_max_concurrent_streams": (1, None), "worker_aio_requests": (1, None)}


class Rule(NamedTuple):
    """What nginx' table says of a directive.

    :param counts: ``1,2``, ``1+``, ``*``, ``flag``.
    :param opens: whether a block belongs to it.
    :param sort: of its value: ``flag``, ``num``, ``enum:a|b``…; ``-`` where the directive checks it itself.
    :param once: whether a second one in the same block is refused.
    """

    name: str
    counts: str
    opens: bool
    sort: str
    once: bool
    variables: bool
    places: frozenset[str]

    def takes(self, count: int) -> bool:
        """Whether it may have so many arguments."""
        if self.counts.endswith("+"):
            return count >= int(self.counts[:-1])
        return (
            self.counts == "*" or count == 1 if self.counts in ("*", "flag") else str(count) in self.counts.split(",")
        )

    def problem(self, words: Sequence[str]) -> str:
        """What is wrong with its value, as far as its sort says; empty where nothing is."""
        sort, _, names = self.sort.partition(":")
        value = words[0] if words else ""
        match sort:
            case "flag" if value.lower() not in ("on", "off"):
                return f'invalid value "{value}" in "{self.name}" directive, it must be "on" or "off"'
            case "enum" | "bitmask":
                wrong = next((word for word in words if word not in names.split("|")), None)
                return "" if wrong is None else f'invalid value "{wrong}"'
            case "bufs" if not re.fullmatch("0*[1-9][0-9]{0,8}", value) or not re.fullmatch(
                _PATTERNS["size"], words[1]
            ):
                return f'"{self.name}" directive invalid value'
            case "num" | "size" | "off" | "sec" | "msec" if not re.fullmatch(_PATTERNS[sort], value):
                return f'"{self.name}" directive invalid {"number" if sort == "num" else "value"}'
            case "num" if self.name in _BOUNDS:
                least, most = _BOUNDS[self.name]
                if int(value) < least:
                    told = (
                        f"must be equal to or greater than {least}"
                        if most is None
                        else f"must be between {least} and {most}"
                    )
                    return f"value {told}"
                if most is not None and int(value) > most:
                    return f"value must be between {least} and {most}"
        return ""


@functools.cache
def rules() -> Mapping[str, tuple[Rule, ...]]:
    """The table, by name; a name may stand for several directives, each in blocks of its own."""
    found: dict[str, tuple[Rule, ...]] = {}
    for line in Path(__file__).with_name("directives.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, counts, end, sort, marks, places = line.split(" ", 5)
        rule = Rule(name, counts, end == "{", sort, "once" in marks, "variables" in marks, frozenset(places.split()))
        found[name] = (*found.get(name, ()), rule)
    return found


def rule_for(name: str, place: str) -> Rule | None:
    """The rule of a directive in a block of that sort.

    :raises LookupError: where there is no such directive anywhere.
    """
    known = rules()[name]
    return next((rule for rule in known if place in rule.places or "any" in rule.places), None)


def place_in(place: str, name: str) -> str:
    """What sort of block a directive opens: ``server-if``…; its name where words are free in it."""
    return _WITHIN.get((place, name), name)
