"""The subresources ``exec`` and ``attach``: a program in a container, and the channels of a WebSocket it talks over.

Each message begins with a byte that says which channel it is of. Upstream: ``k8s.io/streaming/pkg/remotecommand``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kubesim.api.errors import ApiError, bad_request
from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.serve.logs import container_of, container_status, everyone
from kubesim.serve.messages import Request, encoded
from kubesim.turn import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""What is spoken, the best first; only v5 can say that the standard input has ended."""
PATIENCE = 900.0
"""Simulated seconds after which a program gets Ctrl-C."""
_LARGEST_MESSAGE = 32 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """A program that is to run.

    :param stdin: whether the client sends it a standard input.
    :param attached: whether it runs already: it is the container's first process.
    """

    pod: str
    namespace: str
    container: str
    argv: tuple[str, ...]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool
    attached: bool = False


def command_of(cluster: Cluster, request: Request, pod: Wire) -> Command:
    """The program that a request wants to run.

    :raises ApiError: 400 where there is no such container, no node or no program.
    """
    argv = tuple(request.query.get("command", ()))
    if not argv:
        container_of(request, pod)
        raise bad_request("you must specify at least 1 command for the container")
    return _asked(request, pod, argv, attached=False)


def attachment_of(cluster: Cluster, request: Request, pod: Wire) -> Command:
    """The first process that a request wants to be at.

    :raises ApiError: 400 where there is no such container, or no node.
    """
    name = container_of(request, pod)
    spec = next(each for each in everyone(pod) if each["name"] == name)
    argv = (*(spec.get("command") or ()), *(spec.get("args") or ()))
    if not argv:
        image = cluster.images.find(str(spec.get("image", "")))
        argv = image.argv((), ()) if image is not None else ()
    found = _asked(request, pod, argv, attached=True)
    return replace(found, stdin=found.stdin and bool(spec.get("stdin")), tty=found.tty and bool(spec.get("tty")))


def _asked(request: Request, pod: Wire, argv: tuple[str, ...], *, attached: bool) -> Command:
    name, container = pod["metadata"]["name"], container_of(request, pod)
    if not (pod.get("spec") or {}).get("nodeName"):
        raise bad_request(f"pod {name} does not have a host assigned")
    on = {flag: request.on(flag) for flag in ("stdin", "stdout", "stderr", "tty")}
    if not (on["stdin"] or on["stdout"] or on["stderr"]):
        raise bad_request("you must specify at least one of stdin, stdout, stderr")
    return Command(name, pod["metadata"]["namespace"], container, argv, **on, attached=attached)


def problem_with(cluster: Cluster, command: Command) -> ApiError | None:
    """Why nothing can be done in the container, if so: it does not run."""
    pod = cluster.store.get("Pod", command.pod, command.namespace)
    if pod is not None and "running" in (container_status(pod, command.container).get("state") or {}):
        return None
    return _internal(f'unable to upgrade connection: container not found ("{command.container}")')


def _not_started(cluster: Cluster, why: str) -> ApiError:
    """What is said of a program that the container's runtime did not start."""
    task = f"{cluster.simulation.random('exec/id').getrandbits(256):064x}"
    return _internal(
        "Internal error occurred: error executing command in container: failed to exec in container: failed to "
        f'start exec "{task}": OCI runtime exec failed: exec failed: {why}'
    )


def carried_out(cluster: Cluster, command: Command, stdin: str) -> tuple[list[bytes], Wire]:
    """Run a program to its end: what the client gets of it, and the Status that says how it ended."""
    try:
        problem = problem_with(cluster, command)
        if problem is not None:
            raise problem
        argv, container, namespace = command.argv, command.container, command.namespace
        if not argv:
            raise _not_started(cluster, "args must not be empty")
        with cluster.turn.limited():
            done = cluster.exec(command.pod, argv, container, stdin, namespace, patience=PATIENCE)
    except ExecutableNotFoundError as error:
        return [], failure(_not_started(cluster, f"unable to start container process: {error}"))
    except Interrupted:
        return [], exit_status(130)
    except ApiError as error:
        return [], failure(error)
    except LookupError as error:
        return [], failure(_internal(str(error.args[0])))
    return written(command, done.stdout, done.stderr), exit_status(done.returncode)


def written(command: Command, out: str, err: str) -> list[bytes]:
    """What a program has written, as messages of the channels that the client listens to."""
    if command.tty:  # one stream, as a terminal shows it
        out, err = (out + err).replace("\n", "\r\n"), ""
    return [*_messages(STDOUT, out if command.stdout else ""), *_messages(STDERR, err if command.stderr else "")]


def _messages(channel: int, text: str) -> list[bytes]:
    data = text.encode("utf-8", "surrogateescape")
    pieces = range(0, len(data), _LARGEST_MESSAGE)
    return [bytes([channel]) + data[start : start + _LARGEST_MESSAGE] for start in pieces]


def ending(status: Wire, protocol: str | None) -> bytes:
    """The last message, which says how it ended; v5 has an empty ``metadata`` in it."""
    head: Wire = {"metadata": {}} if protocol == PROTOCOLS[0] else {}
    return bytes([ERROR]) + encoded(head | status)


def _internal(message: str) -> ApiError:
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def failure(error: ApiError) -> Wire:
    """The Status of what could not be done."""
    status: Wire = {"status": "Failure", "message": error.message, "reason": error.reason}
    return status | ({"details": error.details} if error.details else {}) | {"code": error.code}


def exit_status(status: int) -> Wire:
    """The Status of a program that has ended."""
    if not status:
        return {"status": "Success"}
    message = f"command terminated with non-zero exit code: command terminated with exit code {status}"
    causes = [{"reason": "ExitCode", "message": str(status)}]
    return {"status": "Failure", "message": message, "reason": "NonZeroExitCode", "details": {"causes": causes}}
