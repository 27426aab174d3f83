"""``conntrack -L``, ``-C``, ``-D``, ``-F``: the connections that a machine remembers."""

from __future__ import annotations

import zlib

from kubesim.network.conntrack import Entry
from kubesim.programs.machine import Run
from kubesim.userland.command_line import Complaint, joined, program
from kubesim.userland.process import Completed

_NUMBERS = {"TCP": 6, "UDP": 17, "ICMP": 1, "SCTP": 132}
_LONG = (
    "proto=p src=s dst=d orig-src=s orig-dst=d dport=P sport=O dst-nat=n src-nat=g orig-port-dst=P orig-port-src=O "
    "reply-src=r reply-dst=q state=S"
)


@program("LCDFEngG", "psdrqPOSof", _LONG)
def conntrack(run: Run) -> Completed:
    """List, count or delete entries."""
    version = "conntrack v1.4.8 (conntrack-tools)"
    options, sockets = run.options, run.machine.sockets
    if run.operands and run.operands[0] not in ("conntrack", "expect"):
        options.setdefault("p", run.operands[0])
    entries = [entry for entry in sockets.connections if _wanted(entry, options)]
    if run.on("C"):
        return Completed(f"{len(sockets.connections)}\n")
    if run.on("F"):
        sockets.forget(lambda entry: True)
        return Completed("", f"{version}: connection tracking table has been emptied.\n")
    now = run.machine.simulation.now + run.invocation.elapsed
    shown = options.get("o", "").split(",") if options.get("o") else []
    for word in shown:
        if word not in ("extended", "id", "ktimestamp", "labels"):
            raise Complaint(f"conntrack: -o {word}: this option is not simulated\n")
    text = joined(entry_text(entry, now, extended="extended" in shown, numbered="id" in shown) for entry in entries)
    if run.on("D"):
        sockets.forget(lambda entry: entry in entries)
        return Completed(text, f"{version}: {len(entries)} flow entries have been deleted.\n", int(not entries))
    if run.on("L"):
        return Completed(text, f"{version}: {len(entries)} flow entries have been shown.\n")
    if run.on("E"):
        raise Complaint("conntrack: -E: this option is not simulated\n")
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


def entry_text(entry: Entry, now: float, *, extended: bool = False, numbered: bool = False) -> str:
    """One connection as ``conntrack -L`` prints it.

    :param extended: whether the network's protocol comes first (``-o extended``).
    :param numbered: whether its number comes last (``-o id``).
    """
    original, reply = entry.original, entry.rewritten.reply()
    left = max(0, int(entry.timeout - (now - entry.seen)))
    state = f" {entry.state}" if entry.state else ""
    head = f"{original.protocol.lower():<8} {_NUMBERS.get(original.protocol, 0)} {left}{state}"
    if original.protocol == "ICMP":
        details = [f"type={kind} code=0 id={original.source_port or 1}" for kind in (8, 0)]
    else:
        details = [f"sport={each.source_port} dport={each.destination_port}" for each in (original, reply)]
    there = f"src={original.source} dst={original.destination} {details[0]}"
    back = f"src={reply.source} dst={reply.destination} {details[1]}"
    unanswered = "" if entry.answered else "[UNREPLIED] "
    assured = "[ASSURED] " if entry.answered and original.protocol == "TCP" else ""  # UDP's comes with a third packet
    number = f" id={zlib.crc32(repr(original).encode())}" if numbered else ""
    return f"{'ipv4     2 ' if extended else ''}{head} {there} {unanswered}{back} {assured}mark=0 use=1{number}"
