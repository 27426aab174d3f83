"""``kubectl exec``: run a program in a Pod's container."""

from __future__ import annotations

from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.pods import bad_request, container_of, pod_of, status_of
from kubesim.userland.machine import ExecutableNotFoundError

PATIENCE = 900.0
"""Simulated seconds after which a program gets Ctrl-C."""


def exec_(call: Call) -> int:
    """Run the words after ``--``; their exit status becomes kubectl's."""
    arguments, dash = call.arguments, call.dash
    if (dash == 0 and not call.flags.texts("filename")) or (not arguments and not call.flags.texts("filename")):
        raise KubectlError("pod, type/name or --filename must be specified")
    if dash < 0 and len(arguments) > 1:
        raise UsageError(
            call.command, "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"
        )
    command = arguments[dash:] if dash >= 0 else ()
    if not command:
        raise UsageError(call.command, "you must specify at least one command for the container")
    pod = pod_of(call, arguments[0])
    name = pod["metadata"]["name"]
    phase = (pod.get("status") or {}).get("phase", "")
    if phase in ("Succeeded", "Failed"):
        raise KubectlError(f"cannot exec into a container in a completed pod; current phase is {phase}")
    wanted = call.flags.text("container")
    try:
        container = container_of(call, pod, wanted, quiet=call.flags.on("quiet"))
    except KubectlError:  # kubectl leaves a name that was given to the server
        raise bad_request(f"container {wanted} is not valid for pod {name}") from None
    if not (pod.get("spec") or {}).get("nodeName"):
        raise bad_request(f"pod {name} does not have a host assigned")
    if "running" not in (status_of(pod, container).get("state") or {}):
        raise KubectlError(f'unable to upgrade connection: container not found ("{container}")')
    if call.attach is not None and call.flags.on("tty") and call.flags.on("stdin"):
        if call.attach(pod, container, command):
            return 0
    elif call.flags.on("tty"):
        call.complain("Unable to use a TTY - input is not a terminal or the right kind of file")
    stdin = call.stdin if call.flags.on("stdin") else ""
    try:
        done = call.api.execute(pod, container, command, stdin, PATIENCE)
    except ExecutableNotFoundError as error:
        task = f"{call.simulation.random('exec/id').getrandbits(256):064x}"
        raise KubectlError(
            "Internal error occurred: Internal error occurred: error executing command in container: failed to exec in "
            f'container: failed to start exec "{task}": OCI runtime exec failed: exec failed: unable to start '
            f"container process: {error}"
        ) from None
    call.stdout.append(done.stdout)
    call.stderr.append(done.stderr)
    if done.returncode:
        call.complain(f"command terminated with exit code {done.returncode}")
    return done.returncode
