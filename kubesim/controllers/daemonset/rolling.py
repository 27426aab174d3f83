"""Which Pods of a DaemonSet go and which nodes get one now: the surplus of a node, and the steps of an update. Pure.

Upstream: ``pkg/controller/daemon/{daemon_controller,update}.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kubesim.api.int_or_string import scaled
from kubesim.api.objects import Wire
from kubesim.controllers.pods import is_ready, is_terminating


@dataclass(slots=True)
class Plan:
    """What is to be done.

    :ivar nodes: those that get a Pod.
    :ivar pods: those that go.
    """

    nodes: list[str] = field(default_factory=list)
    pods: list[Wire] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judge:
    """What may be asked of a Pod.

    :param is_new: whether it was made from the present template.
    :param is_available: whether it has been ready for long enough.
    """

    is_new: Callable[[Wire], bool]
    is_available: Callable[[Wire], bool]


def by_age(pods: Sequence[Wire]) -> list[Wire]:
    """Pods that were given a node first, then the oldest."""
    return sorted(
        pods,
        key=lambda pod: (
            not pod["spec"].get("nodeName"),
            pod["metadata"].get("creationTimestamp") or "",
            int(pod["metadata"]["resourceVersion"]),
        ),
    )


def limits(wire: Wire, wanted: int) -> tuple[int, int]:
    """How many Pods an update may add (``maxSurge``) and take away (``maxUnavailable``); never neither."""
    strategy = wire["spec"].get("updateStrategy") or {}
    rolling = (strategy.get("rollingUpdate") or {}) if strategy.get("type") == "RollingUpdate" else {}
    surge = scaled(rolling.get("maxSurge", 0), wanted, round_up=True)
    unavailable = scaled(rolling.get("maxUnavailable", 0), wanted, round_up=True)
    return surge, unavailable if surge or unavailable else 1


def surplus(running: Sequence[Wire], judge: Judge, surges: bool) -> list[Wire]:
    """The Pods of one node that are too many.

    Without a surge the oldest stays. With one, an old Pod stays beside a new one until that is available.
    """
    ordered = by_age(running)
    if not surges or len(ordered) < 2:
        return ordered[1:]
    new = next((pod for pod in ordered if judge.is_new(pod)), None)
    old = next((pod for pod in ordered if not judge.is_new(pod)), None)
    going = [pod for pod in ordered if pod is not new and pod is not old]
    if new is not None and old is not None and (not is_ready(old) or judge.is_available(new)):
        going.append(old)
    return going


def update(on_nodes: Mapping[str, Sequence[Wire]], judge: Judge, surge: int, unavailable: int) -> Plan:
    """The next step of a rolling update.

    :param on_nodes: the Pods by node, of every node that is to have one, too.
    :param surge: how many Pods may be added, and ``unavailable`` how many nodes may be without one.
    """
    return _surging(on_nodes, judge, surge) if surge else _replacing(on_nodes, judge, unavailable)


def _replacing(on_nodes: Mapping[str, Sequence[Wire]], judge: Judge, limit: int) -> Plan:
    lacking, broken, candidates = 0, list[Wire](), list[Wire]()
    for pods in on_nodes.values():
        new, old, clear = _pair(pods, judge)
        if not clear or (new is None) == (old is None):
            lacking += 1
        elif new is not None:
            lacking += not judge.is_available(new)
        elif old is not None and not judge.is_available(old):
            broken.append(old)
            lacking += 1
        elif old is not None and lacking < limit:
            candidates.append(old)
    return Plan(pods=broken + candidates[: max(0, limit - lacking)])


def _surging(on_nodes: Mapping[str, Sequence[Wire]], judge: Judge, limit: int) -> Plan:
    surged, broken, candidates, going = 0, list[str](), list[str](), list[Wire]()
    for node, pods in on_nodes.items():
        new, old, clear = _pair(pods, judge)
        if not clear:
            surged += 1
        elif old is None:
            continue
        elif new is None and not judge.is_available(old):
            broken.append(node)
        elif new is None:
            candidates.append(node)
        elif judge.is_available(new):
            going.append(old)
        else:
            surged += 1
    return Plan(broken + candidates[: max(0, limit - surged)], going)


def _pair(pods: Sequence[Wire], judge: Judge) -> tuple[Wire | None, Wire | None, bool]:
    """The new and the old Pod of a node, and whether there is one of each at most."""
    staying = [pod for pod in pods if not is_terminating(pod)]
    new = [pod for pod in staying if judge.is_new(pod)]
    old = [pod for pod in staying if not judge.is_new(pod)]
    if len(new) > 1 or len(old) > 1:
        return None, None, False
    return new[0] if new else None, old[0] if old else None, True
