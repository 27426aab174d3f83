"""Ctrl-C at any moment: the cluster is whole, and the same thing done again comes out as if nothing had happened.

Each scene is run once in peace, while its calls are counted. Then it is run again and again; each time the signal
arrives at another of those calls. What was interrupted is done again, and once everything has settled the cluster must
be the one of the run in peace. ``python -m tests.test_interruption POINTS`` tries so many moments of each scene.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal
from tests.api.manifests import VALID

DEPLOYMENT = next(wire for wire in VALID if wire["kind"] == "Deployment")
SERVICE = next(wire for wire in VALID if wire["kind"] == "Service")
Act = Callable[[Cluster, Terminal], object]


@dataclass(frozen=True)
class Scene:
    """What somebody does, act by act; each may be done again."""

    acts: Sequence[Act]
    before: Sequence[Act] = field(default=())


def typed(line: str) -> Act:
    """Type a line, and again where it says ^C."""

    def act(cluster: Cluster, terminal: Terminal) -> None:
        if terminal.screen(line).endswith("^C\n"):
            raise KeyboardInterrupt

    return act


UP: tuple[Act, ...] = (lambda c, t: c.apply([DEPLOYMENT, SERVICE]), lambda c, t: c.settle())
PICTURES: tuple[Act, ...] = (lambda c, t: c.diagram().svg, lambda c, t: c.table("pods"))
SCENES = {
    "apply and settle": Scene(UP),
    "scale": Scene(
        (lambda c, t: c.patch("Deployment", "a", {"spec": {"replicas": 3}}), lambda c, t: c.settle()), before=UP
    ),
    "delete": Scene((typed("kubectl delete deployment a --ignore-not-found"), lambda c, t: c.settle()), before=UP),
    "a node fails": Scene(
        (lambda c, t: c.fail_node("worker"), lambda c, t: t.cluster.settle(400), lambda c, t: c.recover_node("worker")),
        before=UP,
    ),
    "a request": Scene((lambda c, t: c.connect("laptop", "http://10.43.0.1:443"),), before=UP),
    "a typed line": Scene((typed("kubectl get pods | wc -l; X=1; echo $X > f; cat f"),), before=UP),
    "kubectl apply": Scene((typed("kubectl apply -f myservice.yaml -f node-port.yaml"),)),
    "a picture": Scene(PICTURES, before=(*UP, *PICTURES)),
}


class Interrupter:
    """Sends the signal at one of the calls that are made.

    :param at: the number of the call; 0 only counts.
    """

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.calls = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            self.calls += 1
            if self.calls == self.at:
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)


def play(scene: Scene, cluster: Cluster, terminal: Terminal, at: int = 0) -> tuple[Any, int]:
    """Run a scene, interrupted at a call; the state of the settled cluster, and how many calls there were."""
    interrupter, before = Interrupter(at), signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for act in scene.acts:
            if not at or interrupter.calls < at:
                sys.setprofile(interrupter)
            try:
                act(cluster, terminal)
            except KeyboardInterrupt:
                act(cluster, terminal)
            finally:
                sys.setprofile(None)
    finally:
        signal.signal(signal.SIGINT, before)
    cluster.settle()
    return state(cluster), interrupter.calls


def state(cluster: Cluster) -> Any:
    """The cluster's objects and machines, without what tells only how often and when something was asked for."""
    found = []
    for wire in cluster.store.snapshot().values():
        text = json.dumps(wire, sort_keys=True)
        text = re.sub(r'"(resourceVersion|uid|containerID|generation|observedGeneration)": ("[^"]*"|\d+)', "", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "T", text)
        found.append(re.sub(r"\ba-[a-z0-9]{8,10}-[a-z0-9]{5}\b", "a-pod", text))
    return sorted(found), sorted(re.sub("-[a-z0-9]{5}$", "", host.name) for host in cluster.network.topology.hosts)


@pytest.mark.parametrize("name", SCENES)
def test_an_interrupted_scene_that_is_done_again_ends_like_one_in_peace(name: str) -> None:
    check(SCENES[name], 10 if name == "a picture" else 20)


def check(scene: Scene, points: int) -> int:
    """Interrupt a scene at so many of its calls, all over it; each time in a process of its own, split off before.

    :returns: at how many.
    """
    cluster = Cluster()
    terminal = Terminal(cluster)
    terminal.prepare("kubectl get nodes | wc -l")  # what is loaded late is loaded now, once for all
    for act in scene.before:
        act(cluster, terminal)
    expected, calls = elsewhere(lambda: play(scene, cluster, terminal))
    moments = sorted({1 + point * calls // points for point in range(points)})
    for at in moments:
        found, _ = elsewhere(lambda at=at: play(scene, cluster, terminal, at))  # type: ignore[misc]
        assert found == expected, f"interrupted at call {at} of {calls}"
    return len(moments)


def elsewhere(run: Callable[[], Any]) -> Any:
    """What a function returns in a process that is split off for it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writing, "wb") as pipe:
            try:
                pickle.dump(run(), pipe)
            except BaseException:
                pickle.dump((traceback.format_exc(), 0), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        result = pickle.load(pipe)
    os.waitpid(child, 0)
    return result


@pytest.mark.parametrize("waited_for", [True, False], ids=["while a line settles", "in the middle of a loop"])
def test_what_was_printed_before_ctrl_c_stays_on_the_page(waited_for: bool) -> None:
    cluster = Cluster()
    terminal = Terminal(cluster)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        cluster.simulation.after(5, lambda: signal.raise_signal(signal.SIGINT), progress=waited_for)
        shown = terminal.screen("echo first\nwhile true; do sleep 1; done\necho never\n")
    finally:
        signal.signal(signal.SIGINT, before)
    assert shown == "first\n^C\n"
    assert terminal.run("echo $?").stdout == "130\n"


def test_callers_of_several_threads_take_turns() -> None:
    cluster = Cluster()
    cluster.apply([DEPLOYMENT, SERVICE])
    problems: list[BaseException] = []

    def work(number: int) -> None:
        terminal = Terminal(cluster, on=("master", "worker", "laptop")[number % 3])
        try:
            for turn in range(6):
                cluster.patch("Deployment", "a", {"spec": {"replicas": (number + turn) % 4}})
                cluster.settle(3)
                nodes = cluster.scene().nodes
                assert len({pod.machine for node in nodes for pod in node.pods}) == sum(len(n.pods) for n in nodes)
                terminal.run("kubectl get pods,ep -o wide; curl -s -m 1 http://10.43.0.1")
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    cluster.patch("Deployment", "a", {"spec": {"replicas": 2}})
    cluster.settle()
    assert cluster.get("Deployment", "a").status.readyReplicas == 2


if __name__ == "__main__":
    for name, scene in SCENES.items():
        print(f"{name}: {check(scene, int(sys.argv[1]))} moments, all the same", flush=True)
