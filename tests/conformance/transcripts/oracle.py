"""The containers of the recorder: none ran; each Pod's annotations said which states it went through.

``oracle/state`` is ``running`` (the default), ``notready``, ``creating``, ``crashloop``, ``completed``, ``error`` or
``imagepull``; ``oracle/notready-containers`` names containers that never get ready; ``oracle/terminate-after`` and
``oracle/start-delay`` are seconds.
"""

from __future__ import annotations

from kubesim.api.objects import Container, Pod, Probe
from kubesim.controllers.runtime import ProbeResult, Pulled, PullFailed
from kubesim.programs.image_references import parse_reference
from kubesim.userland.log import LogLine
from kubesim.userland.process import Completed, Running

DIGEST = "sha256:" + "0" * 64
PULL_SECONDS = 0.387
IMAGE_BYTES = 62939286
"""What the recorder said of every pull."""


def annotation(pod: Pod, name: str) -> str:
    """An ``oracle/`` annotation of a Pod, or ""."""
    return (pod.metadata.annotations or {}).get(f"oracle/{name}", "")


class OracleRuntime:
    """A container runtime that follows the annotations."""

    def sandbox_seconds(self, pod: Pod) -> float | None:
        """Set up at once, unless the Pod stays in ContainerCreating or has a delay."""
        if annotation(pod, "state") == "creating":
            return None
        return float(annotation(pod, "start-delay") or 0.1)

    def pull(self, pod: Pod, container: Container, *, present: bool) -> Pulled | PullFailed:
        """Every image is there, unless the Pod's state says otherwise."""
        if annotation(pod, "state") == "imagepull" or "nosuch" in container.image:
            reference = parse_reference(container.image)
            start = f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}"'
            denied = "pull access denied, repository does not exist or may require authorization"
            why = "server message: insufficient_scope: authorization failed"
            return PullFailed(f"{start}: {denied}: {why}", cause="pull access denied")
        return Pulled(str(parse_reference(container.image)), DIGEST, 0.387, 62_939_286)

    def start(self, pod: Pod, container: Container, restarts: int) -> Completed | Running:
        """A container that runs, or ends as the Pod's state says."""
        state = annotation(pod, "state")
        if not state and _ends(container):
            state = "completed"
        match state:
            case "crashloop":
                return Completed(returncode=1, seconds=0.1)
            case "error":
                return Completed(returncode=1, seconds=0.1)
            case "completed":
                return Completed(returncode=0, seconds=0.1)
        after = annotation(pod, "terminate-after")
        return Running({}, stop_seconds=float(after) if after else 0.1)

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

    def log(self, pod: Pod, container: Container, *, previous: bool = False) -> list[LogLine]:
        """Nothing was written."""
        return []


def _ends(container: Container) -> bool:
    """Whether the recorder held that a container's command ends by itself."""
    words = [*(container.command or []), *(container.args or [])]
    return (bool(words) and words[0] in ("echo", "curl", "true", "date")) or (
        words[:2] == ["sh", "-c"] and "sleep" not in words[-1]
    )
