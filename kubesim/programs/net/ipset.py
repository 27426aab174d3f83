"""``ipset list``, ``save`` and ``test``: the sets that kube-router keeps for the rules of NetworkPolicies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zlib import crc32

from kubesim.network.addresses import is_ipv4, prefix_bounds
from kubesim.network.ipsets import HASH_SIZE, MOST_ELEMENTS, IpSet, Kind
from kubesim.network.matches import InIpSet
from kubesim.network.rules import Ruleset
from kubesim.programs.machine import Run
from kubesim.userland.command_line import Complaint, program
from kubesim.userland.process import Completed

_VERSION = "v7.19, protocol version: 7"
_BUCKET = 12
_REVISIONS = {Kind.ADDRESSES: 6, Kind.PREFIXES: 7}
"""What kernel 6.8 has of each type."""
_BYTES = {Kind.ADDRESSES: (200, 96), Kind.PREFIXES: (456, 96)}
"""How much an empty set takes, and each element of it; about: a hash grows by blocks."""
_MISSING = "The set with the given name does not exist"
_HOW = frozenset(("-o", "plain", "-s", "-sorted", "-t", "-terse", "-n", "-name"))
_CHANGING = frozenset(
    ("add", "create", "del", "destroy", "flush", "rename", "restore", "swap", "-N", "-A", "-D", "-X", "-F", "-E", "-W")
)


@program()
def ipset(run: Run) -> Completed:
    """List sets, or ask whether one has an address; changing them by hand is not simulated."""
    words = [
        word for word in run.operands if word not in ("-o", "plain", "-s", "-sorted", "-t", "-terse", "-n", "-name")
    ]
    if not words:
        hint = "Try `ipset help' for more information."
        raise Complaint(f"ipset {_VERSION.partition(',')[0]}: No command specified.\n{hint}\n", 2)
    command, rest = words[0], words[1:]
    if command in ("version", "-v", "-V", "--version"):
        return Completed(f"ipset {_VERSION}\n")
    if command in _CHANGING:
        raise Complaint(f"ipset: {command}: changing sets by hand is not simulated; kube-router writes them\n")
    rules = run.machine.sockets.rules
    sets = {} if rules is None else rules.ipsets
    if command in ("test", "-T", "--test"):
        return _test(run, sets.get(rest[0]) if rest else None, rest)
    if command not in ("list", "-L", "--list", "save", "-S", "--save"):
        raise Complaint(f"ipset {_VERSION.partition(',')[0]}: Unknown argument: `{command}'\n", 2)
    if rest and rest[0] not in sets:
        raise Complaint(f"ipset {_VERSION.partition(',')[0]}: {_MISSING}\n")
    chosen = [sets[name] for name in (rest[:1] or sorted(sets))]
    given = set(run.operands)
    if given & {"-n", "-name"}:
        return run.finished([each.name for each in chosen])
    if command in ("save", "-S", "--save"):
        return run.finished([line for each in chosen for line in _saved(each)])
    references = Counter() if rules is None else _references(rules)
    terse = bool(given & {"-t", "-terse"})
    blocks = ["\n".join(_listed(each, references[each.name], terse)) + "\n" for each in chosen]
    return Completed("\n".join(blocks))


def _references(rules: Ruleset) -> Counter[str]:
    """How many conditions of rules name each set."""
    every = (rule for chain in rules.chains.values() for rule in chain.rules)
    return Counter(match.set for rule in every for match in rule.matches if isinstance(match, InIpSet))


def _header(given: IpSet) -> str:
    # The kernel begins a set's hash with a random number; here it follows from the name.
    sizes = f"hashsize {HASH_SIZE} maxelem {MOST_ELEMENTS} timeout 0 bucketsize {_BUCKET}"
    return f"family inet {sizes} initval 0x{crc32(given.name.encode()):08x}"


def _elements(given: IpSet) -> Iterator[str]:
    """The elements; the kernel lists them by their hash, here they are in order."""
    for each in sorted(given.members, key=prefix_bounds):
        excepted = given.kind is Kind.PREFIXES and bool(given.members[each])
        yield f"{each} timeout 0" + (" nomatch" if excepted else "")


def _listed(given: IpSet, references: int, terse: bool) -> Iterator[str]:
    empty, each = _BYTES[given.kind]
    yield f"Name: {given.name}"
    yield f"Type: {given.kind}"
    yield f"Revision: {_REVISIONS[given.kind]}"
    yield f"Header: {_header(given)}"
    yield f"Size in memory: {empty + each * len(given.members)}"
    yield f"References: {references}"
    yield f"Number of entries: {len(given.members)}"
    if not terse:
        yield "Members:"
        yield from _elements(given)


def _saved(given: IpSet) -> Iterator[str]:
    yield f"create {given.name} {given.kind} {_header(given)}"
    yield from (f"add {given.name} {element}" for element in _elements(given))


def _test(run: Run, given: IpSet | None, words: list[str]) -> Completed:
    me = f"ipset {_VERSION.partition(',')[0]}"
    if len(words) < 2:
        raise Complaint(
            f"{me}: Missing mandatory argument to command test\nTry `ipset help' for more information.\n", 2
        )
    if given is None:
        raise Complaint(f"{me}: {_MISSING}\n")
    address = words[1]
    if not is_ipv4(address):
        raise Complaint(f"{me}: Syntax error: cannot parse {address}: resolving to IPv4 address failed\n")
    if given.has(address):
        return Completed("", f"Warning: {address} is in set {given.name}.\n")
    return Completed("", f"{address} is NOT in set {given.name}.\n", 1)
