"""When an image is pulled, what becomes of the pull, and the kubelet's words for it.

The words are those of a real kubelet's events (recorded sessions), the cases those of the page on images of the
Kubernetes documentation: ``Always`` asks each time, ``IfNotPresent`` and ``Never`` use what is there.
"""

from __future__ import annotations

import pytest

from kubesim.api.objects import Container, ObjectMeta, Pod, PodSpec
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.controllers.kubelet.node import NodeAddresses, NodeState
from kubesim.controllers.kubelet.pulling import fetch, note_backoff, note_failure, note_pulled
from kubesim.controllers.runtime import Pulled, PullFailed
from tests.conformance.transcripts.oracle import OracleRuntime

REFERENCE = "docker.io/library/nginx:1.29"
PULLED = Pulled(REFERENCE, "sha256:abc", 1.5, 1000)


class Registry(OracleRuntime):
    """Knows one image, and notes whether it was asked for as one that is there."""

    def __init__(self, result: Pulled | PullFailed = PULLED) -> None:
        self.result, self.asked = result, list[bool]()

    def pull(self, pod: Pod, container: Container, *, present: bool) -> Pulled | PullFailed:
        self.asked.append(present)
        return self.result


def container(image: str = "nginx:1.29", policy: str = "IfNotPresent") -> ContainerState:
    return ContainerState(Container(name="c", image=image, imagePullPolicy=policy))


def node(*images: str) -> NodeState:
    return NodeState("master", "172.31.0.1", NodeAddresses("10.42.0.0/24"), set(images))


POD = Pod(metadata=ObjectMeta(name="p", namespace="default"), spec=PodSpec(containers=[]))


@pytest.mark.parametrize(
    ("policy", "present", "asked", "fetched"),
    [
        ("IfNotPresent", False, [False], True),
        ("IfNotPresent", True, [True], False),
        ("Always", False, [False], True),
        ("Always", True, [True], True),
        ("Never", True, [True], False),
    ],
)
def test_the_policy_says_when_an_image_is_pulled(policy: str, present: bool, asked: list[bool], fetched: bool) -> None:
    registry = Registry()
    found = fetch(registry, node(*[REFERENCE] if present else []), POD, container(policy=policy))
    assert (found, registry.asked) == ((PULLED, fetched), asked)


def test_an_image_that_is_not_there_is_never_pulled_against_the_policy() -> None:
    registry = Registry()
    message = 'Container image "nginx:1.29" is not present with pull policy of Never'
    expected = PullFailed(message, 0.0, reason="ErrImageNeverPull"), False
    assert fetch(registry, node(), POD, container(policy="Never")) == expected
    assert registry.asked == []


def test_a_name_that_is_none_is_not_asked_for() -> None:
    registry = Registry()
    result, fetched = fetch(registry, node(), POD, container("Nginx"))
    assert isinstance(result, PullFailed)
    assert (result.reason, result.seconds, fetched, registry.asked) == ("InvalidImageName", 0.0, False, [])
    start = 'Failed to apply default image tag "Nginx": couldn\'t parse image name "Nginx": '
    assert result.message.startswith(start) and len(result.message) > len(start)


@pytest.mark.parametrize("present", [False, True])
def test_a_failed_pull_was_one(present: bool) -> None:
    failure = PullFailed("no route to host")
    images = [REFERENCE] if present else []
    assert fetch(Registry(failure), node(*images), POD, container()) == (failure, True)


def test_a_pulled_image_is_on_the_node_and_in_the_status() -> None:
    where, what = node(), container()
    what.pull_backoff = 40.0
    took = "in 1.5s (1.5s including waiting). Image size: 1000 bytes."
    said = [("Normal", "Pulled", f'Successfully pulled image "nginx:1.29" {took}')]
    assert note_pulled(where, what, PULLED, fetched=True) == said
    assert where.images == {REFERENCE}
    assert (what.image, what.image_id) == (REFERENCE, "docker.io/library/nginx@sha256:abc")
    assert what.next_pull_backoff() == 10, "a pull that worked forgets the failures before it"


def test_an_image_that_is_there_is_said_to_be() -> None:
    message = 'Container image "nginx:1.29" already present on machine and can be accessed by the pod'
    assert note_pulled(node(), container(), PULLED, fetched=False) == [("Normal", "Pulled", message)]


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        ("ErrImagePull", ("Warning", "Failed", 'Failed to pull image "nginx:1.29": why')),
        ("InvalidImageName", ("Warning", "InspectFailed", "why")),
        ("ErrImageNeverPull", ("Warning", "ErrImageNeverPull", "why")),
    ],
)
def test_a_failure_is_told_twice(reason: str, first: tuple[str, str, str]) -> None:
    what = container()
    said = note_failure(what, PullFailed("why", reason=reason))
    assert said == [first, ("Warning", "Failed", f"Error: {reason}")]
    assert what.state == {"waiting": {"reason": reason, "message": "why"}}


@pytest.mark.parametrize(("cause", "told"), [("", "the whole error"), ("the cause", "the cause")])
def test_a_container_in_its_back_off_repeats_the_cause(cause: str, told: str) -> None:
    what = container()
    said = note_backoff(what, PullFailed("the whole error", cause=cause))
    back_off = 'Back-off pulling image "nginx:1.29"'
    assert said == [("Normal", "BackOff", back_off), ("Warning", "Failed", "Error: ImagePullBackOff")]
    assert what.state == {"waiting": {"reason": "ImagePullBackOff", "message": f"{back_off}: ErrImagePull: {told}"}}
