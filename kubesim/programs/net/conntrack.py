"""``conntrack -L``, ``-C``, ``-D``, ``-F``: the connections that a machine remembers."""

from __future__ import annotations

from kubesim.network.conntrack import Entry
from kubesim.programs.machine import Invocation
from kubesim.userland.command_line import Complaint, guarded, joined, split_options
from kubesim.userland.process import Completed

_NUMBERS = {"TCP": 6, "UDP": 17, "ICMP": 1, "SCTP": 132}
_LONG = (
    "proto=p src=s dst=d orig-src=s orig-dst=d dport=P sport=O dst-nat=n src-nat=g orig-port-dst=P orig-port-src=O "
    "reply-src=r reply-dst=q state=S"
)


@guarded
def conntrack(invocation: Invocation) -> Completed:
    """List, count or delete entries."""
    options, rest = split_options(invocation, "LCDFEngG", "psdrqPOSof", _LONG)
    if rest:
        options["p"] = options.get("p", "") if rest[0] in ("conntrack", "expect") else options.get("p", rest[0])
    sockets = invocation.machine.sockets
    entries = [entry for entry in sockets.connections if _wanted(entry, options)]
    version = "conntrack v1.4.8 (conntrack-tools)"
    if "C" in options:
        return Completed(f"{len(sockets.connections)}\n")
    if "F" in options:
        sockets.forget(lambda entry: True)
        return Completed("", f"{version}: connection tracking table has been emptied.\n")
    now = invocation.machine.simulation.now + invocation.elapsed
    text = joined([_line(entry, now) for entry in entries])
    if "D" in options:
        sockets.forget(lambda entry: entry in entries)
        return Completed(text, f"{version}: {len(entries)} flow entries have been deleted.\n", int(not entries))
    if "L" in options:
        return Completed(text, f"{version}: {len(entries)} flow entries have been shown.\n")
    if "E" in options:
        raise Complaint("conntrack: -E: this option is not simulated\n", 1)
    raise Complaint(
        f"{version}: you must specify an operation\nTry `conntrack -h' or 'conntrack --help' for more information.\n", 2
    )


def _wanted(entry: Entry, options: dict[str, str]) -> bool:
    original, reply = entry.original, entry.rewritten.reply()
    tests = {
        "p": original.protocol.lower(),
        "s": original.source,
        "d": original.destination,
        "r": reply.source,
        "q": reply.destination,
        "P": str(original.destination_port),
        "O": str(original.source_port),
        "S": entry.state,
    }
    if any(letter in options and options[letter] and options[letter] != value for letter, value in tests.items()):
        return False
    if "n" in options and reply.source == original.destination and reply.source_port == original.destination_port:
        return False
    return not ("g" in options and reply.destination == original.source)


def _line(entry: Entry, now: float) -> str:
    original, reply = entry.original, entry.rewritten.reply()
    name = original.protocol.lower()
    left = max(0, int(entry.timeout - (now - entry.seen)))
    head = f"{name:<8} {_NUMBERS.get(original.protocol, 0)} {left}"
    if original.protocol == "ICMP":
        first = f"src={original.source} dst={original.destination} type=8 code=0 id={original.source_port or 1}"
        second = f"src={reply.source} dst={reply.destination} type=0 code=0 id={original.source_port or 1}"
        unanswered = "" if entry.answered else "[UNREPLIED] "
        return f"{head} {first} {unanswered}{second} mark=0 use=1"
    state = f" {entry.state}" if entry.state else ""
    first = f"src={original.source} dst={original.destination} "
    first += f"sport={original.source_port} dport={original.destination_port}"
    second = f"src={reply.source} dst={reply.destination} sport={reply.source_port} dport={reply.destination_port}"
    if not entry.answered:
        return f"{head}{state} {first} [UNREPLIED] {second} mark=0 use=1"
    assured = "[ASSURED] " if original.protocol == "TCP" else ""  # UDP's comes with a third packet
    return f"{head}{state} {first} {second} {assured}mark=0 use=1"
