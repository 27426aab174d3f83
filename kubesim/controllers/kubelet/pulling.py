"""Getting a container's image onto the node, and the words for how it went."""

from __future__ import annotations

from kubesim.api.objects import Pod
from kubesim.controllers.events import NORMAL, WARNING
from kubesim.controllers.kubelet.container import LONGEST_BACKOFF_SECONDS, ContainerState
from kubesim.controllers.kubelet.context import KubeletContext, NodeState
from kubesim.controllers.runtime import Pulled, PullFailed
from kubesim.programs.references import InvalidReferenceError, parse_reference

FIRST_PULL_BACKOFF = 10.0


def go_duration(seconds: float) -> str:
    """A duration as Go prints it, to the millisecond: ``387ms``, ``2.5s``, ``1m3s``."""
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    tail = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + tail


def fetch(
    context: KubeletContext, node: NodeState, pod: Pod, container: ContainerState
) -> tuple[Pulled | PullFailed | None, bool]:
    """Ask the runtime for the image, as the container's pull policy wants it.

    :returns: the result, and whether it was pulled now rather than found on the node.
    """
    image, policy = container.spec.image, container.spec.imagePullPolicy
    try:
        reference = str(parse_reference(image))
    except InvalidReferenceError as error:
        message = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {error}'
        return PullFailed(message, 0.0, reason="InvalidImageName"), False
    present = reference in node.images
    if policy == "Never" and not present:
        message = f'Container image "{image}" is not present with pull policy of Never'
        return PullFailed(message, 0.0, reason="ErrImageNeverPull"), False
    result = context.runtime.pull(pod, container.spec, present=present)
    if isinstance(result, Pulled):
        return result, not present or policy == "Always"
    return result, True


def note_pulled(node: NodeState, container: ContainerState, result: Pulled) -> None:
    """The image is on the node now."""
    node.images.add(result.reference)
    container.image = result.reference
    container.image_id = result.image_id
    container.pull_backoff = 0.0


def pulled_message(image: str, result: Pulled) -> str:
    """What the Pulled event says of a pull; a container that need not wait pulls as long as it waits."""
    took = go_duration(result.seconds)
    return (
        f'Successfully pulled image "{image}" in {took} ({took} including waiting). Image size: {result.bytes} bytes.'
    )


def present_message(image: str) -> str:
    """What the Pulled event says of an image the node has."""
    return f'Container image "{image}" already present on machine and can be accessed by the pod'


def note_failure(
    context: KubeletContext, node: NodeState, wire: dict[str, object], container: ContainerState, failure: PullFailed
) -> None:
    """Say that the pull failed, and let the container wait with the reason."""
    image = container.spec.image
    if failure.reason == "ErrImagePull":
        message = f'Failed to pull image "{image}": {failure.message}'
        context.say(wire, node, WARNING, "Failed", message, container.name, init=container.init)
        context.say(wire, node, WARNING, "Failed", "Error: ErrImagePull", container.name, init=container.init)
    elif failure.reason == "InvalidImageName":
        context.say(wire, node, WARNING, "InspectFailed", failure.message, container.name, init=container.init)
        context.say(wire, node, WARNING, "Failed", "Error: InvalidImageName", container.name, init=container.init)
    else:
        context.say(wire, node, WARNING, failure.reason, failure.message, container.name, init=container.init)
        context.say(wire, node, WARNING, "Failed", f"Error: {failure.reason}", container.name, init=container.init)
    container.wait(failure.reason, failure.message)


def next_pull_backoff(container: ContainerState) -> float:
    """How long to wait before the pull is tried again: 10 s, doubled up to 5 minutes."""
    container.pull_backoff = min(container.pull_backoff * 2 or FIRST_PULL_BACKOFF, LONGEST_BACKOFF_SECONDS)
    return container.pull_backoff


def note_backoff(
    context: KubeletContext, node: NodeState, wire: dict[str, object], container: ContainerState, failure: PullFailed
) -> None:
    """The kubelet found the container in its back-off: the reason is now ImagePullBackOff."""
    message = f'Back-off pulling image "{container.spec.image}"'
    context.say(wire, node, NORMAL, "BackOff", message, container.name, init=container.init)
    context.say(wire, node, WARNING, "Failed", "Error: ImagePullBackOff", container.name, init=container.init)
    container.wait("ImagePullBackOff", f"{message}: ErrImagePull: {failure.cause or failure.message}")
