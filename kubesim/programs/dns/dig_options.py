"""``dig``'s command line: questions, each with the options that hold for it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from kubesim.network.dns import names
from kubesim.network.dns.exchange import DNS_PORT
from kubesim.programs.dns.bind import record_type
from kubesim.userland.numerals import is_number, whole_number

EDNS_SIZE = 1232


USAGE = """Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use "dig -h" (or "dig -h | more") for complete list of options
"""


_SHOWN = ("cmd", "comments", "question", "answer", "authority", "additional", "stats")
"""What ``+all`` and ``+noall`` are for."""
_SWITCHES = f"""
{" ".join(_SHOWN)} short tcp search recurse edns cookie ttlid class dnssec adflag cdflag aaflag ignore fail identify
multiline qr onesoa showsearch nssearch rrcomments besteffort keepopen unknownformat crypto expire nsid idnin idnout
zflag split trace
""".split()
_NAMES = "vc=tcp defname=search rdflag=recurse rec=recurse cl=class ttl=ttlid do=dnssec multi=multiline aa=aaflag"
_NAMES += " ad=adflag cd=cdflag sho=short comm=comments domain=search"
_OTHER_NAMES = dict(pair.split("=") for pair in _NAMES.split())
_NUMBERS = {"time": "time", "timeout": "time"} | {name: name for name in ("tries", "retry", "ndots", "bufsize")}
_DEFAULTS_ON = (*_SHOWN, "recurse", "edns", "cookie", "ttlid", "class", "adflag")


class DigUsageError(Exception):
    """An option that ``dig`` does not know."""


@dataclass(slots=True)
class Lookup:
    """One question, with the options that hold for it."""

    name: str | None = None
    type: str | None = None
    class_name: str = "IN"
    server: str | None = None
    port: int = DNS_PORT
    switches: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(_DEFAULTS_ON, True))
    numbers: dict[str, int] = field(default_factory=dict)

    def on(self, switch: str) -> bool:
        """Whether a ``+switch`` is set."""
        return self.switches.get(switch, False)


def parse_arguments(words: list[str]) -> list[Lookup]:
    """The questions that a command line asks.

    :raises DigUsageError: for an option that ``dig`` does not know, or a value it cannot use.
    """
    common = Lookup()
    lookups: list[Lookup] = []

    def current() -> Lookup:
        return lookups[-1] if lookups else common

    def begin(name: str) -> None:
        fresh = copy.deepcopy(common)
        fresh.name = name
        if lookups and fresh.server is None:
            fresh.server = lookups[-1].server
        lookups.append(fresh)

    while words:
        word = words.pop(0)
        if word.startswith("@"):
            current().server = word[1:]
            if not lookups:
                common.server = word[1:]
        elif word.startswith("+"):
            _plus(current(), word)
        elif word.startswith("-") and len(word) > 1:
            letter, value = word[1], word[2:]
            if letter in "46mur" and not value:
                continue
            if letter not in "xtcqpbkyf":
                raise DigUsageError(f"Invalid option: {word}")
            if not value:
                if not words:
                    raise DigUsageError(f"Invalid option: {word}")
                value = words.pop(0)
            _dash(letter, value, current, begin)
        elif (kind := record_type(word)) is not None and current().type is None:
            current().type = kind
        elif word.upper() in ("IN", "CH", "HS", "ANY"):
            current().class_name = word.upper()
        else:
            begin(word)
            if common.type is not None and len(lookups) == 1:
                lookups[-1].type, common.type = common.type, None
            if common.class_name != "IN" and len(lookups) == 1:
                lookups[-1].class_name, common.class_name = common.class_name, "IN"
    if not lookups:
        begin(".")
        lookups[-1].type = common.type or "NS"
    return lookups


def _dash(letter: str, value: str, current: Callable[[], Lookup], begin: Callable[[str], None]) -> None:
    match letter:
        case "x":
            if not names.is_address(value):
                raise DigUsageError(f"Invalid IP address {value}")
            begin(names.reverse_name(value))
            current().type = "PTR"
        case "q":
            begin(value)
        case "t":
            current().type = record_type(value)
            if current().type is None:
                raise DigUsageError(f";; Warning, ignoring invalid type {value}")
        case "c":
            current().class_name = value.upper()
        case "p":
            if not is_number(value) or not 0 < whole_number(value) < 65536:
                raise DigUsageError("Couldn't parse port number")
            current().port = whole_number(value)
        case _:
            raise DigUsageError(f"Invalid option: -{letter}")


def _plus(lookup: Lookup, word: str) -> None:
    option, equals, value = word[1:].partition("=")
    option = option.lower()
    state = not option.startswith("no") or option in _SWITCHES
    bare = option if state else option[2:]
    bare = _OTHER_NAMES.get(bare, bare)
    if bare == "all":
        lookup.switches |= dict.fromkeys(_SHOWN, state)
    elif bare in _NUMBERS and equals:
        if not is_number(value):
            raise DigUsageError(f"Couldn't parse {bare}")
        lookup.numbers[_NUMBERS[bare]] = whole_number(value)
    elif bare in _SWITCHES:
        lookup.switches[bare] = state
        if bare == "short" and state:
            lookup.switches |= {"cmd": False, "comments": False, "stats": False}
    else:
        raise DigUsageError(f"Invalid option: {word}")
