"""``traceroute``: the routers on the way, each found by a packet that it gave up on.

With ``-T`` a Service's address is traced like any other: every probe is rewritten on the client's node, and conntrack
rewrites the routers' answers back, so that each seems to come from the Service.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence

from kubesim.network.trace import Outcome
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up, name_of
from kubesim.programs.usages import read_options
from kubesim.userland.command_line import Complaint, joined, program, usage
from kubesim.userland.process import Completed

_MARKS = {"net": "!N", "host": "!H", "admin": "!X"}
_BUSYBOX_MARKS = {**_MARKS, "admin": "!A"}
_FLAGS, _VALUES, _NUMBERS = "46dFITnreAUDVh", "fgimNptlwqszMOP", "fmNpqw"
_LONG = {
    "icmp": "I", "tcp": "T", "udp": "U", "first": "f", "max-hops": "m", "port": "p", "wait": "w", "queries": "q",
    "source": "s", "interface": "i", "sim-queries": "N", "version": "V", "help": "h",
}  # fmt: skip


@program()
def traceroute(run: Run) -> Completed:
    """List the hops to a host."""
    if run.busybox:
        read_options(run, "46Flnrv", "fmqptwsiz")
        if not run.operands:
            raise Complaint(usage("busybox/traceroute"))
        for letter in "fmqptw":
            if not run.options.get(letter, "0").isdecimal():
                raise Complaint(f"traceroute: invalid number '{run.options[letter]}'\n")
    else:
        _read(run)
    name, machine = run.operands[0], run.machine
    family = socket.AF_INET if run.on("4") else socket.AF_INET6 if run.on("6") else 0
    lookup = look_up(machine, name, family)
    if not lookup.addresses:
        if run.busybox:
            return Completed("", f"traceroute: bad address '{name}'\n", 1, lookup.seconds)
        position = max(number for number, word in enumerate(run.invocation.argv) if word == name)
        told = f'Cannot handle "host" cmdline arg `{name}\' on position 1 (argc {position})\n'
        return Completed("", f"{name}: {lookup.error}\n{told}", 2, lookup.seconds)
    address = lookup.first_ipv4
    limit, tries, wait, port, first = (
        int(float(run.options[letter])) if re.match(r"\d", run.options.get(letter, "")) else default
        for letter, default in (("m", 30), ("q", 3), ("w", 5), ("p", 80), ("f", 1))
    )
    head = f"traceroute to {name} ({address}), {limit} hops max, {46 if run.busybox else 60} byte packets"
    connection = machine.sockets.connect(address, port) if run.on("T") else machine.sockets.ping(address)
    problem, here = connection.trace.problem, not connection.trace.hops[1:]
    if problem == "net" and here:
        if run.busybox:
            why = "Network is unreachable"
            return Completed("", f"traceroute: can't connect to remote host ({address}): {why}\n", 1, lookup.seconds)
        return Completed(head, "\nconnect: Network is unreachable\n", 1, lookup.seconds)
    marks = _BUSYBOX_MARKS if run.busybox else _MARKS
    chance = machine.simulation.random(f"traceroute/{machine.name}")

    def times(mark: str = "", seconds: float = 0.0) -> str:
        one = [f"{seconds * 1000 + 0.01 + chance.random() * 0.08:.3f} ms{mark}" for _ in range(tries)]
        return "  ".join(one)

    def named(place: str) -> str:
        if run.on("n"):
            return place
        shown = name_of(machine, place) or place
        return f"{shown} ({place})"

    # conntrack makes an ICMP error about a rewritten probe look as if it came from the address that was asked.
    rewritten = (
        run.on("T") and connection.trace.delivered is not None and (connection.trace.delivered.destination != address)
    )
    routers = [address if rewritten else router for router in connection.routers]
    answers: list[str] = [f"{named(router)}  {times()}" for router in routers]
    seconds = lookup.seconds
    if connection.outcome in (Outcome.DELIVERED, Outcome.REFUSED):
        answers.append(f"{named(address)}  {times()}")
    elif problem in marks:
        who = machine.sockets.address if here else routers[-1]
        if (connection.seconds and not here) or here:
            answers.append(f"{named(who)}  {times(f' {marks[problem]}', connection.seconds)}")
        else:  # the router that knows no way says so of every packet that is to pass it
            answers[-1] = f"{named(who)}  {times(f' {marks[problem]}')}"
        seconds += connection.seconds
    else:
        answers += ["  ".join("*" * tries) if run.busybox else " ".join("*" * tries)] * (limit - len(answers))
        seconds += wait * (limit - len(routers) if run.busybox else max(1, (limit - len(routers)) // 16 or 1))
    lines = [f"{number:2d}  {answer}" for number, answer in enumerate(answers[:limit], 1) if number >= first]
    return Completed(joined([head, *lines]), "", 0, seconds)


def _read(run: Run) -> None:
    """traceroute's own way with options: it complains of the place of a wrong one.

    :raises Complaint: where they are wrong, or the host is missing.
    """
    words = list(run.operands)
    if not words:
        raise Complaint(usage("traceroute"), 0)
    _check_words(words)
    read_options(run, _FLAGS, _VALUES, _LONG, 2)
    if run.on("h"):
        raise Complaint(usage("traceroute"), 0)
    if run.on("V"):
        raise Complaint(
            "Modern traceroute for Linux, version 2.1.6\n"
            "Copyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later\n",
            0,
        )
    if not run.operands:
        raise Complaint('Specify "host" missing argument.\n', 2)
    hops, first, probes = (_count(run, letter, default) for letter, default in (("m", 30), ("f", 1), ("q", 3)))
    if not 1 <= first <= hops:
        raise Complaint("first hop out of range\n", 2)
    if hops > 255:
        raise Complaint("max hops cannot be more than 255\n", 2)
    if not 1 <= probes <= 10:
        raise Complaint("no more than 10 probes per hop\n", 2)


def _check_words(words: Sequence[str]) -> None:
    """Complain of a wrong option, or of a value that is no number, by its place among the words.

    :raises Complaint: where one is wrong.
    """
    known = re.findall(r"--([\w-]+)", usage("traceroute"))
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if not any(each.startswith(name) for each in known):
                raise Complaint(f"Bad option `{word}' (argc {position})\n", 2)
            if equals and _LONG.get(name, "") in _NUMBERS and not re.match(r"\d", value):
                raise Complaint(f"Cannot handle `--{name}' option with arg `{value}' (argc {position})\n", 2)
            continue
        if not re.match(r"-[^-\d]", word):
            continue
        letter = word[1]
        if letter not in _FLAGS + _VALUES:
            raise Complaint(f"Bad option `{word}' (argc {position})\n", 2)
        if letter not in _VALUES:
            continue
        value = word[2:]
        if not value:
            if position == len(words):
                named = re.search(rf"\[ -{letter} ([^\]]+) \]", usage("traceroute"))
                takes = f": `-{letter} {named[1]}'" if named else ""
                raise Complaint(f"Option `-{letter}' (argc {position}) requires an argument{takes}\n", 2)
            value = words[position]
            position += 1
        if letter in _NUMBERS and not re.match(r"\d", value):
            raise Complaint(f"Cannot handle `-{letter}' option with arg `{value}' (argc {position})\n", 2)


def _count(run: Run, letter: str, default: int) -> int:
    found = re.match(r"\d+", run.options.get(letter, ""))
    return int(found[0]) if found else default
