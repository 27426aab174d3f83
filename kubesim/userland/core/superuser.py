"""``sudo``: who sits at a node is root already, so the command runs as it is, with the variables that sudo sets."""

from __future__ import annotations

import shlex

from kubesim.userland.command_line import Complaint, Run, program
from kubesim.userland.core.wrappers import start_inside
from kubesim.userland.machine import DEFAULT_PATH, ExecutableNotFoundError
from kubesim.userland.process import Completed, Running

USAGE = """\
usage: sudo -h | -K | -k | -V
usage: sudo [-ABbEHknPS] [-u user] [VAR=value] [-i | -s] [command [arg ...]]
"""


@program("ABbEHknPSisKV", "ugCpTrth", "user=u group=g login=i shell=s version=V preserve-env=E", in_order=True)
def sudo(run: Run) -> Completed | Running:
    """Run a command as root, or open a shell (``-i``, ``-s``)."""
    if run.on("V"):
        return Completed("Sudo version 1.9.15p5\n")
    user = run.options.get("u", "root")
    if user != "root":
        known = {line.partition(":")[0] for line in run.files.read("/etc/passwd").splitlines()}
        problem = f"a command as {user} is not simulated" if user in known else f"unknown user {user}"
        raise Complaint(f"sudo: {problem}\n")
    words = list(run.operands)
    environment = {
        **run.invocation.environment,
        "PATH": DEFAULT_PATH,
        "HOME": "/root",
        "LOGNAME": "root",
        "USER": "root",
    }
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    if run.on("is"):
        words = ["bash", "-c", shlex.join(words)] if words else ["bash"]
    elif not words and run.on("Kk"):
        return Completed()
    elif not words:
        raise Complaint(USAGE)
    environment |= {"SUDO_COMMAND": " ".join(words), "SUDO_GID": "0", "SUDO_UID": "0", "SUDO_USER": run.machine.user}
    try:
        return start_inside(run.invocation, words, environment)
    except ExecutableNotFoundError:
        return Completed("", f"sudo: {words[0]}: command not found\n", 1)
