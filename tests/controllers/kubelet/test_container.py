"""What is known of one container as it waits, runs and ends."""

from __future__ import annotations

import pytest

from kubesim.api.objects import Container
from kubesim.controllers.kubelet.container import ContainerState
from kubesim.userland.process import Running

NOON, LATER = "2026-07-01T12:00:00Z", "2026-07-01T12:05:00Z"


def made(*, init: bool = False, policy: str = "") -> ContainerState:
    return ContainerState(Container(name="c", image="nginx", restartPolicy=policy or None), init=init)


def test_a_waiting_container_says_why_and_has_a_message_only_where_there_is_one() -> None:
    container = made()
    container.wait("ContainerCreating")
    assert container.state == {"waiting": {"reason": "ContainerCreating"}}
    container.wait("ErrImagePull", "not found")
    assert container.state == {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
    assert (container.running, container.exit_code) == (False, None)


@pytest.mark.parametrize(("code", "reason"), [(0, "Completed"), (1, "Error"), (137, "Error")])
def test_an_ended_container_keeps_when_and_how(code: int, reason: str) -> None:
    container, process = made(), Running({})
    container.run(process, "containerd://1", NOON)
    assert (container.running, container.process, container.exit_code) == (True, process, None)
    assert container.state == {"running": {"startedAt": NOON}}
    container.ready = container.started = container.suspended = True
    container.end(code, LATER)
    assert container.state["terminated"] == {
        "containerID": "containerd://1",
        "exitCode": code,
        "finishedAt": LATER,
        "reason": reason,
        "startedAt": NOON,
    }
    assert (container.running, container.process, container.exit_code) == (False, None, code)
    assert (container.ready, container.started, container.suspended) == (False, False, False)


def test_every_end_is_another_incarnation() -> None:
    container, seen = made(), []
    for _ in range(3):
        container.run(None, "containerd://1", NOON)
        container.end(0, LATER)
        seen.append(container.incarnation)
    assert len(set(seen)) == 3 and seen == sorted(seen)


def test_the_state_before_is_the_end_before() -> None:
    container = made()
    container.run(None, "containerd://1", NOON)
    assert container.last == {}
    container.end(3, LATER)
    ended = container.state
    container.run(None, "containerd://2", LATER)
    assert (container.last, container.container_id) == (ended, "containerd://2")


def test_a_container_that_waits_in_between_keeps_the_state_before() -> None:
    container = made()
    container.last = {"terminated": {"exitCode": 3}}
    container.wait("CrashLoopBackOff")
    container.run(None, "containerd://2", LATER)
    assert container.last == {"terminated": {"exitCode": 3}}


def test_a_program_that_cannot_be_started_ended_before_it_began() -> None:
    container = made()
    container.fail_to_start("containerd://1", "no such file", NOON)
    assert container.state["terminated"] == {
        "containerID": "containerd://1",
        "exitCode": 128,
        "finishedAt": NOON,
        "message": "no such file",
        "reason": "StartError",
        "startedAt": "1970-01-01T00:00:00Z",
    }
    first = container.state
    container.fail_to_start("containerd://2", "no such file", LATER)
    assert container.last == first


@pytest.mark.parametrize(
    ("init", "policy", "code", "started", "initialised", "ready_after_end"),
    [
        (True, "", 0, False, True, True),
        (True, "", 1, False, False, False),
        (True, "", None, True, False, None),  # still running
        (True, "Always", None, True, True, None),  # a sidecar counts once it has started
        (True, "Always", None, False, False, None),
        (True, "Always", 0, False, False, False),
        (False, "", 0, False, True, False),
    ],
)
def test_who_holds_up_the_pod(
    init: bool, policy: str, code: int | None, started: bool, initialised: bool, ready_after_end: bool | None
) -> None:
    container = made(init=init, policy=policy)
    container.run(None, "containerd://1", NOON)
    container.started = started
    if code is not None:
        container.end(code, LATER)
        assert container.ready is ready_after_end
    assert container.sidecar is (init and policy == "Always")
    assert container.initialised is initialised


def test_back_offs_double_to_five_minutes() -> None:
    container = made()
    assert [container.next_backoff(0.0) for _ in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
    assert [container.next_pull_backoff() for _ in range(7)] == [10, 20, 40, 80, 160, 300, 300]


@pytest.mark.parametrize(("ran_for", "due"), [(599.0, 20.0), (600.0, 0.0), (601.0, 0.0)])
def test_ten_minutes_of_running_forget_the_back_off(ran_for: float, due: float) -> None:
    container = made()
    for _ in range(2):
        container.next_backoff(0.0)
    assert container.next_backoff(ran_for) == due
