"""``kubectl attach``, and what ``kubectl run`` does with ``-i`` and ``--attach``: be at a container's first process.

Where a person is at the keyboard and the process is a shell, what is typed goes into it. Else what was piped into
kubectl is typed, and its end, and what the process writes is shown until it ends (upstream:
``k8s.io/kubectl/pkg/cmd/attach``).
"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.pods import container_of, container_spec, pod_of, status_of
from kubesim.kubectl.watching import wait_until

NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file"
RECORDED = (
    "All commands and output from this session will be recorded in container logs, including credentials and sensitive "
    "information passed through the command prompt."
)
PROMPT = "If you don't see a command prompt, try pressing enter."


def attach(call: Call) -> int:
    """Be at a running container's first process until it ends."""
    if not call.arguments:
        raise UsageError(call.command, "at least 1 argument is required for attach")
    if len(call.arguments) > 2:
        given = f"{len(call.arguments)}: [{' '.join(call.arguments)}]"
        raise UsageError(call.command, f"expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {given}")
    pod = pod_of(call, "/".join(call.arguments))
    phase = (pod.get("status") or {}).get("phase", "")
    if phase in ("Succeeded", "Failed"):
        raise KubectlError(f"cannot attach a container in a completed pod; current phase is {phase}")
    container = container_of(call, pod, call.flags.text("container"), quiet=call.flags.on("quiet"))
    if "running" not in (status_of(pod, container).get("state") or {}):
        raise KubectlError(f'unable to upgrade connection: container not found ("{container}")')
    be_at(call, pod, container, shown=len(call.api.log(pod, container)))
    return 0


def be_at(call: Call, pod: Wire, container: str, *, shown: int = 0, ended: Callable[[], object] = lambda: None) -> bool:
    """Show what a container's first process writes until it ends; a person at the keyboard types into its shell.

    :param shown: how many lines of its log are not shown again.
    :param ended: called once, when the person has left the shell.
    :returns: whether it is over; False where a person types now.
    """
    flags = call.flags
    stdin, tty, quiet = flags.on("stdin"), flags.on("tty"), flags.on("quiet")
    spec = container_spec(pod, container) or {}
    if tty and not spec.get("tty"):
        tty = False
        if not quiet:
            call.complain(f"error: Unable to use a TTY - container {container} did not allocate one")
    live = call.attach is not None and stdin
    if stdin and tty and not live and not quiet:
        call.complain(NO_TERMINAL)
    if not quiet:
        call.complain(RECORDED)
        call.complain(PROMPT)
    restarts = status_of(pod, container).get("restartCount", 0)
    if live and call.attach is not None:
        command = [*(spec.get("command") or ()), *(spec.get("args") or ())] or ["sh"]

        def farewell(status: int) -> str:
            call.api.leave(pod, container, status)
            said = len(call.stdout)
            ended()
            return ("" if quiet or not tty else _farewell(pod, container)) + "".join(call.stdout[said:])

        if call.attach(pod, container, command, farewell):
            return False
    call.api.attach(pod, container, call.stdin if stdin else None)
    try:
        wait_until(call, lambda: _is_over(call, pod, container, restarts), None)
    finally:
        # Who leaves with Ctrl-C, or is ended, has seen what was written until then.
        now = call.api.find(resource_type("pods"), pod["metadata"]["name"], pod["metadata"]["namespace"])
        again = now is not None and status_of(now, container).get("restartCount", 0) > restarts
        if now is not None:
            lines = call.api.log(pod, container, previous=again)[shown:]
            call.stdout.extend(line.text for line in lines)
    return True


def _farewell(pod: Wire, container: str) -> str:
    metadata = pod["metadata"]
    return (
        f"Session ended, resume using 'kubectl attach {metadata['name']} -c {container} -n {metadata['namespace']} "
        "-i -t' command\n"
    )


def _is_over(call: Call, pod: Wire, container: str, restarts: int) -> bool:
    now = call.api.find(resource_type("pods"), pod["metadata"]["name"], pod["metadata"]["namespace"])
    if now is None or now["metadata"].get("uid") != pod["metadata"].get("uid"):
        return True
    status = status_of(now, container)
    return "running" not in (status.get("state") or {}) or status.get("restartCount", 0) > restarts
