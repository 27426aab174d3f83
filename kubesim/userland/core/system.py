"""What a machine says of itself and of who asks: ``hostname``, ``uname``, ``id``, ``printenv``, ``which``…"""

from __future__ import annotations

import re

from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.machine import ExecutableNotFoundError, Invocation
from kubesim.userland.process import Completed


@program("ifsdIaA", long="ip-address=i fqdn=f all-ip-addresses=I")
def hostname(run: Run) -> Completed:
    """The machine's name; ``-i`` and ``-I`` its addresses, ``-f`` its full name."""
    machine = run.machine
    if run.operands:
        raise Complaint("hostname: you must be root to change the host name\n")
    if run.on("iI"):
        return Completed(machine.address + (" \n" if run.on("I") else "\n"))
    if run.on("d"):
        return Completed("\n")
    if run.on("f"):
        for line in run.files.read("/etc/hosts").splitlines() if run.files.is_file("/etc/hosts") else []:
            words = line.partition("#")[0].split()
            if machine.hostname in words[1:]:
                return Completed(f"{words[1]}\n")
    return Completed(f"{machine.hostname}\n")


@program()
def printenv(run: Run) -> Completed:
    """Print environment variables."""
    environment = run.invocation.environment
    names = [word for word in run.operands if not word.startswith("-")]
    if not names:
        return run.finished(f"{name}={value}" for name, value in environment.items())
    found = [environment[name] for name in names if name in environment]
    return run.finished(found, int(len(found) < len(names)))


@program()
def envsubst(run: Run) -> Completed:
    """Fill ``$NAME`` and ``${NAME}`` from the environment."""
    values = run.invocation.environment
    filled = re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda match: values.get(match[1] or match[2], ""), run.stdin)
    return Completed(filled)


_USERS = {"root": 0, "nginx": 101, "curl_user": 100, "nobody": 65534}


@program("ugnGr")
def identity(run: Run) -> Completed:
    """``id``."""
    user = (*run.operands, run.machine.user)[0]
    if user not in _USERS:
        raise Complaint(f"id: ‘{user}’: no such user\n")
    number = _USERS[user]
    if run.on("ugG"):
        return Completed(f"{user if run.on('n') else number}\n")
    return Completed(f"uid={number}({user}) gid={number}({user}) groups={number}({user})\n")


@program()
def whoami(run: Run) -> Completed:
    """The user's name."""
    return Completed(f"{run.machine.user}\n")


@program("asnrvmpio", long="all=a kernel-name=s nodename=n kernel-release=r machine=m operating-system=o")
def uname(run: Run) -> Completed:
    """The kernel."""
    version = "#63-Ubuntu SMP PREEMPT_DYNAMIC Tue Apr 15 19:04:15 UTC 2025"
    values = {"s": "Linux", "n": run.machine.hostname, "r": run.machine.kernel, "v": version, "m": "x86_64"}
    values["o"] = "GNU/Linux"
    letters = values if run.on("a") else [letter for letter in values if run.on(letter)] or ["s"]
    return Completed(" ".join(values[letter] for letter in letters) + "\n")


@program()
def which(run: Run) -> Completed:
    """Where programs are."""
    out, status = [], 0
    for name in run.operands:
        if name.startswith("-"):
            continue
        try:
            run.machine.find(name, run.invocation.directory)
            out.append(name if "/" in name else run.machine.path_of(name))
        except ExecutableNotFoundError:
            status = 1
    return run.finished(out, status)


@program()
def nproc(run: Run) -> Completed:
    """How many processors."""
    return Completed("4\n")


@program()
def refuse_reboot(run: Run) -> Completed:
    """``reboot``, ``shutdown``, ``poweroff``: nothing here is rebooted from its shell."""
    raise Complaint(f"{run.name}: Operation not permitted\n")


def refuse_screen(start: Invocation) -> Completed:
    """``vi``, ``nano`` and the like: nobody sees a whole screen here, so there is nothing to draw a text on."""
    how = "write a file with cat > FILE <<EOF, change one with sed -i"
    return Completed("", f"{start.name}: there is no screen for an editor here: {how}\n", 1)
