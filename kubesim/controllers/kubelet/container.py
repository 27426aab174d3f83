"""One container of a Pod as its kubelet knows it: waiting, running or terminated, and how it came there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kubesim.api.objects import Container, Wire
from kubesim.controllers.kubelet.probes import ProbeTally
from kubesim.userland.process import Running

FIRST_BACKOFF_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 300.0
"""Back-offs, of restarts and of pulls, double from the first to the longest."""
START_ERROR_CODE = 128
"""What containerd reports of a program that could not be started."""
BACKOFF_FORGOTTEN_AFTER = 600.0
"""A container that ran for ten minutes starts anew with the shortest back-off."""


@dataclass(slots=True)
class ContainerState:
    """What is known of one container.

    :param ephemeral: whether it was added to the Pod for debugging: nothing depends on it, and it runs once.
    :param state: the current ``state`` of its status, in wire form.
    :param last: the ``lastState``.
    :param begun: whether its image has been asked for at all.
    :param changed: whether it is being ended for another image, with which it begins again at once.
    :param incarnation: grows with every end; work that was planned for an earlier one is void.
    :param backoff: seconds to wait before the next restart; 0 before the first.
    :param probes: those that are asked now, by kind.
    :ivar mounts: the ``volumeMounts`` of its status.
    :param frozen: the next step of a process that is suspended.
    """

    spec: Container
    init: bool = False
    ephemeral: bool = False
    state: Wire = field(default_factory=dict)
    last: Wire = field(default_factory=dict)
    restarts: int = 0
    container_id: str = ""
    image: str = ""
    image_id: str = ""
    ready: bool = False
    started: bool = False
    process: Running | None = None
    incarnation: int = 0
    backoff: float = 0.0
    pull_backoff: float = 0.0
    suspended: bool = False
    begun: bool = False
    changed: bool = False
    probes: dict[str, ProbeTally] = field(default_factory=dict)
    frozen: Callable[[], object] | None = None
    mounts: list[Wire] = field(init=False)

    def __post_init__(self) -> None:
        self.mounts = [
            {"mountPath": mount.mountPath, "name": mount.name}
            | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.readOnly else {})
            for mount in self.spec.volumeMounts or []
        ]

    @property
    def name(self) -> str:
        """The container's name."""
        return self.spec.name

    @property
    def sidecar(self) -> bool:
        """Whether it is an init container that keeps running beside the others."""
        return self.init and self.spec.restartPolicy == "Always"

    @property
    def field(self) -> str:
        """The list of the Pod's specification in which it stands."""
        return "initContainers" if self.init else "ephemeralContainers" if self.ephemeral else "containers"

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return "running" in self.state

    @property
    def initialised(self) -> bool:
        """Whether, as an init container, it no longer holds up the Pod: it ended well, or as a sidecar has started."""
        return self.started if self.sidecar else self.exit_code == 0

    @property
    def exit_code(self) -> int | None:
        """The exit status, where it has terminated."""
        terminated = self.state.get("terminated")
        return None if terminated is None else int(terminated["exitCode"])

    def wait(self, reason: str, message: str = "") -> None:
        """It waits, for a reason that ``kubectl get pod`` shows."""
        self.state = {"waiting": {"message": message, "reason": reason} if message else {"reason": reason}}

    def lack(self, what: str) -> None:
        """It cannot be made: an object that a variable needs is not there."""
        if "terminated" in self.state:
            self.last = {"terminated": self.state["terminated"]}
        self.wait("CreateContainerConfigError", what)

    @property
    def lacking(self) -> bool:
        """Whether it waits for what :meth:`lack` says."""
        return "waiting" in self.state and self.state["waiting"]["reason"] == "CreateContainerConfigError"

    def run(self, process: Running | None, container_id: str, now: str) -> None:
        """Its process has started."""
        if "terminated" in self.state:
            self.last = {"terminated": self.state["terminated"]}
        self.process = process
        self.container_id = container_id
        self.state = {"running": {"startedAt": now}}

    def fail_to_start(self, container_id: str, message: str, now: str) -> None:
        """Its program could not be started: containerd reports a process that ended before it began."""
        if "terminated" in self.state:
            self.last = {"terminated": self.state["terminated"]}
        self.container_id = container_id
        self.end(START_ERROR_CODE, now, "StartError")
        self.state["terminated"] |= {"message": message, "startedAt": "1970-01-01T00:00:00Z"}

    def end(self, exit_code: int, now: str, reason: str = "") -> None:
        """Its process has ended."""
        began = self.state.get("running", {}).get("startedAt", now)
        terminated: Wire = {
            "containerID": self.container_id,
            "exitCode": exit_code,
            "finishedAt": now,
            "reason": reason or ("Completed" if exit_code == 0 else "Error"),
            "startedAt": began,
        }
        self.state = {"terminated": terminated}
        self.process = None
        self.ready = self.init and not self.sidecar and exit_code == 0
        self.started = False
        self.suspended = False
        self.incarnation += 1

    def next_backoff(self, ran_for: float) -> float:
        """How long to wait before the restart that is due now, and make the following one longer."""
        if ran_for >= BACKOFF_FORGOTTEN_AFTER:
            self.backoff = 0.0
        due = self.backoff
        self.backoff = _longer(self.backoff)
        return due

    def next_pull_backoff(self) -> float:
        """How long to wait before a failed pull is tried again."""
        self.pull_backoff = _longer(self.pull_backoff)
        return self.pull_backoff


def _longer(backoff: float) -> float:
    return min(backoff * 2 or FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
