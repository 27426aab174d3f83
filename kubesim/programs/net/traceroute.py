"""``traceroute``: the routers on the way, each found by a packet that it had to give up on."""

from __future__ import annotations

from kubesim.network.trace import Outcome
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import look_up, name_of
from kubesim.userland.command_line import Complaint, guarded, is_busybox, split_options
from kubesim.userland.process import Completed


@guarded
def traceroute(invocation: Invocation) -> Completed:
    """List the hops to a host."""
    busybox = is_busybox(invocation)
    options, names = split_options(invocation, "nTIUFdrvw46", "qmpwsitgzf" if busybox else "qmpwsitgzlf")
    if not names:
        raise Complaint('Specify "host" missing argument.\n', 2)
    lookup = look_up(invocation.machine, names[0])
    if not lookup.addresses:
        if busybox:
            return Completed("", f"traceroute: bad address '{names[0]}'\n", 1, lookup.seconds)
        text = f'{names[0]}: {lookup.error}\nCannot handle "host" cmdline arg `{names[0]}\' on position 1\n'
        return Completed("", text, 2, lookup.seconds)
    address = lookup.addresses[0]
    machine = invocation.machine
    limit, tries, wait, port = (
        int(options[letter]) if options.get(letter, "").isdigit() else default
        for letter, default in (("m", 30), ("q", 3), ("w", 5), ("p", 80))
    )
    head = f"traceroute to {names[0]} ({address}), {limit} hops max, {46 if busybox else 60} byte packets"
    connection = machine.sockets.connect(address, port) if "T" in options else machine.sockets.ping(address)
    chance = machine.simulation.random(f"traceroute/{machine.name}")

    def times() -> str:
        return "  ".join(f"{0.01 + chance.random() * 0.08:.3f} ms" for _ in range(tries))

    def named(place: str) -> str:
        return place if "n" in options else f"{name_of(machine, place) or place} ({place})"

    routers = connection.routers
    lines = [head, *(f"{number:2d}  {named(router)}  {times()}" for number, router in enumerate(routers[:limit], 1))]
    seconds = lookup.seconds
    if connection.outcome is Outcome.DELIVERED:
        lines.append(f"{len(routers) + 1:2d}  {named(address)}  {times()}")
    elif connection.outcome is Outcome.UNREACHABLE:
        who = routers[-1] if routers else machine.sockets.address
        mark = "!H" if connection.seconds else "!N"
        if routers:
            lines.pop()
        taken = f"{connection.seconds * 1000 + 0.3:.3f} ms" if connection.seconds else times()
        lines.append(f"{max(1, len(routers)):2d}  {named(who)}  {taken} {mark}")
        seconds += connection.seconds
    else:
        lines += [f"{number:2d}  {' '.join('*' * tries)}" for number in range(len(routers) + 1, limit + 1)]
        seconds += wait
    return Completed("".join(f"{line}\n" for line in lines), "", 0, seconds)
