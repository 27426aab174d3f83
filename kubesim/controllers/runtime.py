"""What runs containers: the seam under the kubelet, as the CRI is upstream.

The kubelet decides *when* a container is pulled, started, probed and stopped; a :class:`ContainerRuntime` says what
happens then. The one in :mod:`kubesim.controllers.containers` runs the programs of the image catalogue on the
simulated network; a test may pass another whose containers do what the test needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from kubesim.api.objects import Container, Pod, Probe
from kubesim.userland.log import LogLine
from kubesim.userland.process import Completed, Running


class Pulled(msgspec.Struct, frozen=True):
    """An image that is on the node now.

    :param reference: the full name, such as ``docker.io/library/nginx:latest``.
    :param digest: ``sha256:…`` of what was pulled.
    :param seconds: how long the pull takes.
    :param bytes: the image's size.
    :param note: what of the image is simulated, where that is not the image itself; said once.
    """

    reference: str
    digest: str
    seconds: float
    bytes: int
    note: str = ""

    @property
    def image_id(self) -> str:
        """The repository with its digest: the ``imageID`` of a container's status."""
        name, _, tag = self.reference.rpartition(":")
        return f"{name if '/' not in tag else self.reference}@{self.digest}"


@dataclass(frozen=True, slots=True)
class PullFailed:
    """An image that could not be pulled.

    :param message: the runtime's whole error.
    :param cause: the part that a waiting container's status repeats; the whole message where empty.
    :param reason: the kubelet's reason.
    """

    message: str
    seconds: float = 1.0
    cause: str = ""
    reason: str = "ErrImagePull"


@dataclass(frozen=True, slots=True)
class StartFailed:
    """A container whose program could not be started at all; ``message`` is the low-level runtime's."""

    message: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found.

    :param output: what the event says after ``Readiness probe failed: ``.
    :param seconds: how long it took; the probe's own time-out at most.
    """

    success: bool
    output: str = ""
    seconds: float = 0.0
    errored: bool = False
    """Whether it could not be carried out at all: the kubelet says so, and throws the result away."""
    answered: bool = False
    """Whether a request that failed got an answer all the same."""


class ContainerRuntime(Protocol):
    """What the kubelet asks of the machine it runs on."""

    def sandbox_seconds(self, pod: Pod) -> float | None:
        """How long a Pod's network takes to set up; None: it never comes about (ContainerCreating)."""

    def pull(self, pod: Pod, container: Container, *, present: bool) -> Pulled | PullFailed:
        """Pull the container's image onto the Pod's node.

        :param present: whether the node has pulled it before, so that only the digest must be asked for.
        """

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running | StartFailed:
        """Start a container; one that ends says after how many seconds (:attr:`Completed.seconds`)."""

    def probe(self, pod: Pod, container: Container, probe: Probe) -> ProbeResult:
        """Carry out one probe of a running container."""

    def starts_ready(self, pod: Pod, container: Container) -> bool:
        """Whether a running container without a readiness probe counts as ready; upstream: always."""

    def stopped(self, pod: Pod, container: Container) -> None:
        """A container has ended: what it listened on is closed."""

    def removed(self, pod: Pod) -> None:
        """The Pod is gone from its node: forget what was kept for it."""

    def execute(self, pod: Pod, container: Container, argv: tuple[str, ...], stdin: str = "") -> Completed:
        """Run a program in a running container (``kubectl exec``).

        :raises ExecutableNotFoundError: where its image has no such program.
        """

    def run_hook(self, pod: Pod, container: Container, argv: tuple[str, ...]) -> Completed:
        """Run the program of a container's lifecycle hook.

        :raises ExecutableNotFoundError: where its image has no such program.
        """

    def attach(self, pod: Pod, container: Container, text: str) -> Completed | Running | None:
        """Type a text, and its end, into a container's first process; None where it does not read.

        :returns: what it does with it, told to the kubelet: it ends, or goes on as something that runs.
        """

    def log(self, pod: Pod, container: Container, *, previous: bool = False) -> list[LogLine]:
        """What the container has written so far."""
