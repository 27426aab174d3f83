"""Getting a container's image onto the node: what becomes of a pull, and the words for it. Pure but for the runtime.

What is said is a list of (type, reason, message), each an event about the container.
"""

from __future__ import annotations

from kubesim.api.durations import go_duration
from kubesim.api.objects import Pod
from kubesim.controllers.events import NORMAL, WARNING
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.kubelet.node import NodeState
from kubesim.controllers.runtime import ContainerRuntime, Pulled, PullFailed
from kubesim.programs.image_references import InvalidReferenceError, parse_reference

Said = list[tuple[str, str, str]]


def fetch(
    runtime: ContainerRuntime, node: NodeState, pod: Pod, container: ContainerState
) -> tuple[Pulled | PullFailed, bool]:
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
    result = runtime.pull(pod, container.spec, present=present)
    return result, isinstance(result, PullFailed) or not present or policy == "Always"


def note_pulled(node: NodeState, container: ContainerState, result: Pulled, *, fetched: bool) -> Said:
    """The image is on the node now."""
    node.images.add(result.reference)
    container.image = result.reference
    container.image_id = result.image_id
    container.pull_backoff = 0.0
    image = container.spec.image
    if fetched:
        took = go_duration(result.seconds)  # a container that need not wait pulls as long as it waits
        how = f"in {took} ({took} including waiting). Image size: {result.bytes} bytes."
        said = [(NORMAL, "Pulled", f'Successfully pulled image "{image}" {how}')]
    else:
        message = f'Container image "{image}" already present on machine and can be accessed by the pod'
        said = [(NORMAL, "Pulled", message)]
    if result.note and container.restarts == 0 and not container.lacking:
        said.append((NORMAL, "Simulated", result.note))
    return said


def note_failure(container: ContainerState, failure: PullFailed) -> Said:
    """The pull failed: the container waits with the reason."""
    container.wait(failure.reason, failure.message)
    why = {
        "ErrImagePull": ("Failed", f'Failed to pull image "{container.spec.image}": {failure.message}'),
        "InvalidImageName": ("InspectFailed", failure.message),
    }.get(failure.reason, (failure.reason, failure.message))
    return [(WARNING, *why), (WARNING, "Failed", f"Error: {failure.reason}")]


def note_backoff(container: ContainerState, failure: PullFailed) -> Said:
    """The kubelet found the container in its back-off: the reason is now ImagePullBackOff."""
    message = f'Back-off pulling image "{container.spec.image}"'
    container.wait("ImagePullBackOff", f"{message}: ErrImagePull: {failure.cause or failure.message}")
    return [(NORMAL, "BackOff", message), (WARNING, "Failed", "Error: ImagePullBackOff")]
