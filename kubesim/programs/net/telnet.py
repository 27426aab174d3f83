"""``telnet``: inetutils' and busybox'; with nothing to type it ends at once."""

from __future__ import annotations

from kubesim.network.trace import Outcome
from kubesim.programs.connecting import SERVICES, attempt
from kubesim.programs.machine import Run
from kubesim.programs.name_lookup import look_up
from kubesim.programs.usages import read_options
from kubesim.userland.command_line import Complaint, program, usage
from kubesim.userland.numerals import is_number, whole_number
from kubesim.userland.process import Completed

BLOCKING_SECONDS = 1.0
"""A blocking connect hears of an ICMP error that comes back at once only when it sends its SYN again."""
_PORT = "23"


@program()
def telnet(run: Run) -> Completed:
    """Open a connection."""
    if run.busybox:
        read_options(run, "a", "l")
        if not run.operands:
            raise Complaint(usage("busybox/telnet"))
    else:
        _read(run)
        if not run.operands:
            return Completed("telnet> \n")
    name, given = (*run.operands, _PORT)[:2]
    numbers = [number for number, service in SERVICES.items() if service == given]
    known = given.isdecimal() or bool(numbers)
    lookup = look_up(run.machine, name)
    if not lookup.addresses or not known:
        why = lookup.error or "Servname not supported for ai_socktype"
        if not run.busybox:
            return Completed(f"Server lookup failure:  {name}:{given}, {why}\n", "", 1, lookup.seconds)
        text = f"bad address '{name}'" if not lookup.addresses else f"bad port '{given}'"
        return Completed("", f"telnet: {text}\n", 1, lookup.seconds)
    port = whole_number(given) if is_number(given) else numbers[0]
    seconds, out, error = lookup.seconds, "", ""
    for number, address in enumerate(lookup.addresses, 1):
        out += run.worded(f"Trying {address}...\n", "")
        tried = attempt(run.machine, address, port, later=run.invocation.elapsed + seconds)
        seconds += tried.seconds + (BLOCKING_SECONDS if tried.connection.outcome is Outcome.REJECTED else 0.0)
        if not tried.problem:
            break
        if run.busybox:
            told = f"telnet: can't connect to remote host ({address}): {tried.problem}\n"
            return Completed("", told, 1, seconds)
        last = number == len(lookup.addresses)
        error += f"{'telnet: Unable to connect to remote host' if last else 'Connection failed'}: {tried.problem}\n"
        if last:
            return Completed(out, error, 1, seconds)
    tried.connection.close(seconds)
    if run.busybox:
        return Completed(f"Connected to {name}\n", "", 0, seconds)
    text = f"{out}Connected to {name}.\nEscape character is '^]'.\n"
    return Completed(text, f"{error}Connection closed by foreign host.\n", 0, seconds)


def _read(run: Run) -> None:
    """inetutils' options, by way of argp.

    :raises Complaint: where they are wrong.
    """
    name, hint = run.name, "Try '{0} --help' or '{0} --usage' for more information.\n"
    flags, values = "468cdaEKLrFfx", "enlXkb"
    words, run.operands = list(run.operands), []
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            run.operands.append(word)
            continue
        for letter in word[1:]:
            if letter not in flags + values:
                raise Complaint(f"{name}: invalid option -- '{letter}'\n{hint.format(name)}", 64)
            run.options[letter] = ""
            if letter in values:
                words = words[1:]
                break
    if len(run.operands) > 2:
        raise Complaint(f"{name}: too many arguments\n{hint.format(name)}", 64)
