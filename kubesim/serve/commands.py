"""The subresource ``exec``: a program in a container, and the channels of a WebSocket that it talks over.

Each message begins with a byte that says which channel it is of. Upstream: ``k8s.io/streaming/pkg/remotecommand``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from kubesim.api.errors import ApiError, bad_request
from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.serve.logs import container_of, container_status
from kubesim.serve.messages import Request, encoded
from kubesim.turn import Interrupted
from kubesim.userland.machine import ExecutableNotFoundError

STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""What is spoken, the best first; only v5 can say that the standard input has ended."""
PATIENCE = 900.0
"""Simulated seconds after which a program gets Ctrl-C."""
_LARGEST_MESSAGE = 32 * 1024
_SHELLS = frozenset(("ash", "bash", "dash", "sh"))


@dataclass(frozen=True, slots=True)
class Command:
    """A program that is to run.

    :param stdin: whether the client sends it a standard input.
    """

    pod: str
    namespace: str
    container: str
    argv: tuple[str, ...]
    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @property
    def is_interactive(self) -> bool:
        """Whether it is a shell that somebody wants to type into."""
        return self.tty and self.stdin and len(self.argv) == 1 and PurePosixPath(self.argv[0]).name in _SHELLS


def command_of(cluster: Cluster, request: Request, pod: Wire) -> Command:
    """The program that a request wants to run.

    :raises ApiError: 400 where there is no such container, no node or no program.
    """
    name, argv = pod["metadata"]["name"], tuple(request.query.get("command", ()))
    container = container_of(request, pod)
    if not argv:
        raise bad_request("you must specify at least 1 command for the container")
    if not (pod.get("spec") or {}).get("nodeName"):
        raise bad_request(f"pod {name} does not have a host assigned")
    on = {flag: request.on(flag) for flag in ("stdin", "stdout", "stderr", "tty")}
    if not (on["stdin"] or on["stdout"] or on["stderr"]):
        raise bad_request("you must specify at least one of stdin, stdout, stderr")
    return Command(name, pod["metadata"]["namespace"], container, argv, **on)


def carried_out(cluster: Cluster, command: Command, stdin: str, *, with_metadata: bool) -> list[bytes]:
    """Run a program to its end: the messages that the client gets.

    :param with_metadata: whether the last one has an empty ``metadata``, as v5 has it.
    """
    head: Wire = {"metadata": {}} if with_metadata else {}
    try:
        pod = cluster.store.get("Pod", command.pod, command.namespace)
        if pod is None or "running" not in (container_status(pod, command.container).get("state") or {}):
            raise _internal(f'unable to upgrade connection: container not found ("{command.container}")')
        if command.is_interactive:
            raise _internal(
                "a shell to type into is not simulated for real clients; run one command at a time, or use "
                "`kubesim shell`"
            )
        argv, container, namespace = command.argv, command.container, command.namespace
        with cluster.turn.limited():
            done = cluster.exec(command.pod, argv, container, stdin, namespace, patience=PATIENCE)
    except ExecutableNotFoundError as error:
        task = f"{cluster.simulation.random('exec/id').getrandbits(256):064x}"
        problem = _internal(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to "
            f'start exec "{task}": OCI runtime exec failed: exec failed: unable to start container process: {error}'
        )
        return [bytes([ERROR]) + encoded(head | _failure(problem))]
    except Interrupted:
        return [bytes([ERROR]) + encoded(head | _exit(130))]
    except ApiError as error:
        return [bytes([ERROR]) + encoded(head | _failure(error))]
    except LookupError as error:
        return [bytes([ERROR]) + encoded(head | _failure(_internal(str(error.args[0]))))]
    out, err = done.stdout, done.stderr
    if command.tty:  # one stream, as a terminal shows it
        out, err = (out + err).replace("\n", "\r\n"), ""
    messages = [*_messages(STDOUT, out if command.stdout else ""), *_messages(STDERR, err if command.stderr else "")]
    status = _exit(done.returncode) if done.returncode else {"status": "Success"}
    return [*messages, bytes([ERROR]) + encoded(head | status)]


def _messages(channel: int, text: str) -> list[bytes]:
    data = text.encode("utf-8", "surrogateescape")
    pieces = range(0, len(data), _LARGEST_MESSAGE)
    return [bytes([channel]) + data[start : start + _LARGEST_MESSAGE] for start in pieces]


def _internal(message: str) -> ApiError:
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def _failure(error: ApiError) -> Wire:
    status: Wire = {"status": "Failure", "message": error.message, "reason": error.reason}
    return status | ({"details": error.details} if error.details else {}) | {"code": error.code}


def _exit(status: int) -> Wire:
    message = f"command terminated with non-zero exit code: command terminated with exit code {status}"
    causes = [{"reason": "ExitCode", "message": str(status)}]
    return {"status": "Failure", "message": message, "reason": "NonZeroExitCode", "details": {"causes": causes}}
