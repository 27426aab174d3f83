"""``traceroute``: the routers on the way, each found by a packet that it had to give up on."""

from __future__ import annotations

from kubesim.network.trace import Outcome
from kubesim.programs.machine import Invocation
from kubesim.programs.name_lookup import look_up, name_of
from kubesim.userland.files_text import Complaint, guarded, is_busybox, split_options
from kubesim.userland.process import Completed


@guarded
def traceroute(invocation: Invocation) -> Completed:
    """List the hops to a host."""
    options, names = split_options(
        invocation, "nTIUFdrvw46", "qmpwsitgzlf" if not is_busybox(invocation) else "qmpwsitgzf"
    )
    if not names:
        raise Complaint('Specify "host" missing argument.\n', 2)
    lookup = look_up(invocation.machine, names[0])
    if not lookup.addresses:
        if is_busybox(invocation):
            return Completed("", f"traceroute: bad address '{names[0]}'\n", 1, lookup.seconds)
        return Completed(
            "", f'{names[0]}: {lookup.error}\nCannot handle "host" cmdline arg `{names[0]}\' on position 1\n', 2
        )
    address = lookup.addresses[0]
    machine = invocation.machine
    limit = int(options["m"]) if options.get("m", "").isdigit() else 30
    tries = int(options["q"]) if options.get("q", "").isdigit() else 3
    wait = float(options["w"]) if options.get("w", "").isdigit() else 5.0
    busybox = is_busybox(invocation)
    shown = names[0]
    head = f"traceroute to {shown} ({address}), {limit} hops max, {46 if busybox else 60} byte packets"
    port = int(options["p"]) if options.get("p", "").isdigit() else 80
    connection = machine.sockets.connect(address, port) if "T" in options else machine.sockets.ping(address)
    chance = machine.simulation.random(f"traceroute/{machine.name}")

    def times() -> str:
        return "  ".join(f"{0.01 + chance.random() * 0.08:.3f} ms" for _ in range(tries))

    def named(place: str) -> str:
        return place if "n" in options else f"{name_of(machine, place) or place} ({place})"

    routers = connection.routers
    lines = [head]
    for number, router in enumerate(routers[:limit], 1):
        lines.append(f"{number:2d}  {named(router)}  {times()}")
    reached = connection.outcome is Outcome.DELIVERED
    seconds = lookup.seconds
    if reached:
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
