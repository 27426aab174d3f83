"""The containers of the recorder: none ran; each Pod's annotations said which states it went through.

``oracle/state`` is ``running`` (the default), ``notready``, ``creating``, ``crashloop``, ``completed``, ``error`` or
``imagepull``; ``oracle/notready-containers`` names containers that never get ready; ``oracle/terminate-after``,
``oracle/start-delay`` and ``oracle/run-seconds`` are seconds. The recorder of November 29 took more time (its
:class:`Pace`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubesim.api.objects import Container, Pod, Probe
from kubesim.controllers.runtime import ProbeResult, Pulled, PullFailed
from kubesim.programs.image_references import parse_reference
from kubesim.userland.log import LogLine
from kubesim.userland.process import Completed, Running

DIGEST = "sha256:" + "0" * 64
PULL_SECONDS = 0.387
IMAGE_BYTES = 62939286
"""What the recorder said of every pull."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many seconds the recorder's Pods took.

    :param sandbox: from a bound Pod to its containers; their start takes 0.1 more.
    :param stop: from a deleted Pod to its ended containers.
    :param run: of a container whose command ends.
    :param stubborn: whether one that only sleeps outlasts its grace period.
    :param apart: by how much the nodes' kubelets differ: no two things happened at once there.
    """

    sandbox: float = 0.1
    stop: float = 0.1
    run: float = 0.1
    stubborn: bool = False
    apart: float = 0.0


FIRST = Pace()
SECOND = Pace(sandbox=0.8, stop=0.4, run=1.0, stubborn=True, apart=0.05)
"""The recorders of November 22 and 29."""


def annotation(pod: Pod, name: str) -> str:
    """An ``oracle/`` annotation of a Pod, or ""."""
    return (pod.metadata.annotations or {}).get(f"oracle/{name}", "")


class OracleRuntime:
    """A container runtime that follows the annotations."""

    _pace = FIRST

    def __init__(self, pace: Pace = FIRST) -> None:
        self._pace = pace

    def sandbox_seconds(self, pod: Pod) -> float | None:
        """Set up at once, unless the Pod stays in ContainerCreating or has a delay."""
        if annotation(pod, "state") == "creating":
            return None
        later = self._pace.apart if pod.spec.nodeName == "worker" else 0.0
        return later + float(annotation(pod, "start-delay") or self._pace.sandbox)

    def pull(self, pod: Pod, container: Container, *, present: bool) -> Pulled | PullFailed:
        """Every image is there, unless the Pod's state says otherwise."""
        if container.image.endswith(":1.999"):
            reference = parse_reference(container.image)
            start = f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}"'
            return PullFailed(f"rpc error: code = NotFound desc = {start}: {reference}: not found")
        if annotation(pod, "state") == "imagepull" or "nosuch" in container.image:
            reference = parse_reference(container.image)
            start = f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}"'
            denied = "pull access denied, repository does not exist or may require authorization"
            why = "server message: insufficient_scope: authorization failed"
            return PullFailed(f"{start}: {denied}: {why}", cause="pull access denied")
        return Pulled(str(parse_reference(container.image)), DIGEST, 0.387, 62_939_286)

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running:
        """A container that runs, or ends as the Pod's state says."""
        state, took = annotation(pod, "state"), float(annotation(pod, "run-seconds") or self._pace.run)
        if not state and self._pace.stubborn:
            command = " ".join([*(container.command or []), *(container.args or [])])
            sleeps = re.fullmatch(r"(?:sh -c )?sleep (\d+)", command)
            if sleeps is not None and annotation(pod, "run-seconds") == "" and float(sleeps[1]) < 60:
                return Completed(seconds=float(sleeps[1]))
            if sleeps is not None:
                return Running({}, stop_seconds=None)
            code = re.search(r"exit (\d+)", command)
            if code is not None:
                return Completed(returncode=int(code[1]), seconds=took)
            if pod.spec.restartPolicy != "Always":
                return Completed(seconds=took)
        if not state and _ends(container):
            state = "completed"
        match state:
            case "crashloop" | "error":
                return Completed(returncode=1, seconds=took)
            case "completed":
                return Completed(returncode=0, seconds=took)
        after = annotation(pod, "terminate-after")
        return Running({}, stop_seconds=float(after) if after else self._pace.stop)

    def probe(self, pod: Pod, container: Container, probe: Probe) -> ProbeResult:
        """A probe succeeds wherever the container counts as ready."""
        return ProbeResult(self.starts_ready(pod, container))

    def starts_ready(self, pod: Pod, container: Container) -> bool:
        """Ready, unless the annotations say otherwise."""
        if annotation(pod, "state") == "notready":
            return False
        return container.name not in annotation(pod, "notready-containers").split(",")

    def stopped(self, pod: Pod, container: Container) -> None:
        """Nothing is kept."""

    def removed(self, pod: Pod) -> None:
        """Nothing is kept."""

    def execute(self, pod: Pod, container: Container, argv: tuple[str, ...], stdin: str = "") -> Completed:
        """No container ran on the recorder, so nothing can be run in one."""
        return Completed(stderr="error: no containers here\n", returncode=1)

    def run_hook(self, pod: Pod, container: Container, argv: tuple[str, ...]) -> Completed:
        """A hook is a program of a container, of which there were none."""
        return self.execute(pod, container, argv)

    def attach(self, pod: Pod, container: Container, text: str) -> None:
        """Nothing reads."""

    def log(self, pod: Pod, container: Container, *, previous: bool = False) -> list[LogLine]:
        """Nothing was written."""
        return []


def _ends(container: Container) -> bool:
    """Whether the recorder held that a container's command ends by itself."""
    words = [*(container.command or []), *(container.args or [])]
    return (bool(words) and words[0] in ("echo", "curl", "true", "date")) or (
        words[:2] == ["sh", "-c"] and "sleep" not in words[-1]
    )
