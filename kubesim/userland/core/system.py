"""What a machine says of itself and of who asks: ``hostname``, ``uname``, ``id``, ``printenv``, ``which``…"""

from __future__ import annotations

import re

from kubesim.userland.command_line import Complaint, guarded, joined, split_options
from kubesim.userland.machine import ExecutableNotFoundError, Invocation
from kubesim.userland.process import Completed


@guarded
def hostname(invocation: Invocation) -> Completed:
    """The machine's name; ``-i`` and ``-I`` its addresses, ``-f`` its full name."""
    options, names = split_options(invocation, "ifsdIaA", long="ip-address=i fqdn=f all-ip-addresses=I")
    machine = invocation.machine
    if names:
        raise Complaint("hostname: you must be root to change the host name\n")
    if "i" in options or "I" in options:
        return Completed(machine.address + (" \n" if "I" in options else "\n"))
    if "d" in options:
        return Completed("\n")
    if "f" in options:
        for line in machine.files.read("/etc/hosts").splitlines() if machine.files.is_file("/etc/hosts") else []:
            words = line.partition("#")[0].split()
            if machine.hostname in words[1:]:
                return Completed(f"{words[1]}\n")
    return Completed(f"{machine.hostname}\n")


def printenv(invocation: Invocation) -> Completed:
    """Print environment variables."""
    names = [word for word in invocation.argv[1:] if not word.startswith("-")]
    if not names:
        return Completed(joined([f"{name}={value}" for name, value in invocation.environment.items()]))
    found = [invocation.environment[name] for name in names if name in invocation.environment]
    return Completed(joined(found), "", int(len(found) < len(names)))


@guarded
def envsubst(invocation: Invocation) -> Completed:
    """Fill ``$NAME`` and ``${NAME}`` from the environment."""
    return Completed(
        re.sub(
            r"\$(?:\{(\w+)\}|(\w+))",
            lambda match: invocation.environment.get(match[1] or match[2], ""),
            invocation.stdin,
        )
    )


_USERS = {"root": 0, "nginx": 101, "curl_user": 100, "nobody": 65534}


@guarded
def identity(invocation: Invocation) -> Completed:
    """``id``."""
    options, names = split_options(invocation, "ugnGr")
    user = names[0] if names else invocation.machine.user
    if user not in _USERS:
        raise Complaint(f"id: ‘{user}’: no such user\n")
    number = _USERS[user]
    shown = user if "n" in options else str(number)
    if {"u", "g", "G"} & set(options):
        return Completed(f"{shown}\n")
    return Completed(f"uid={number}({user}) gid={number}({user}) groups={number}({user})\n")


def whoami(invocation: Invocation) -> Completed:
    """The user's name."""
    return Completed(f"{invocation.machine.user}\n")


@guarded
def uname(invocation: Invocation) -> Completed:
    """The kernel."""
    long = "all=a kernel-name=s nodename=n kernel-release=r machine=m operating-system=o"
    options, _ = split_options(invocation, "asnrvmpio", long=long)
    machine = invocation.machine
    version = "#63-Ubuntu SMP PREEMPT_DYNAMIC Tue Apr 15 19:04:15 UTC 2025"
    values = {"s": "Linux", "n": machine.hostname, "r": machine.kernel, "v": version, "m": "x86_64", "o": "GNU/Linux"}
    letters = values if "a" in options else [letter for letter in values if letter in options] or ["s"]
    return Completed(" ".join(values[letter] for letter in letters) + "\n")


def which(invocation: Invocation) -> Completed:
    """Where programs are."""
    out = []
    status = 0
    for name in invocation.argv[1:]:
        if name.startswith("-"):
            continue
        try:
            invocation.machine.find(name, invocation.directory)
        except ExecutableNotFoundError:
            status = 1
            continue
        out.append(name if "/" in name else invocation.machine.path_of(name))
    return Completed(joined(out), "", status)


def nproc(invocation: Invocation) -> Completed:
    """How many processors."""
    return Completed("4\n")


def refuse_reboot(invocation: Invocation) -> Completed:
    """``reboot``, ``shutdown``, ``poweroff``: nothing here is rebooted from its shell."""
    name = invocation.argv[0].rsplit("/", 1)[-1]
    return Completed("", f"{name}: Operation not permitted\n", 1)
