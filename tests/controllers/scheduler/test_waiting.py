"""Pods that fit nowhere wait in groups: one of each group is tried, and the next one when it has a place."""

from __future__ import annotations

from kubesim.controllers.scheduler.demand import Demands
from kubesim.controllers.scheduler.waiting import WaitingPods

DEMANDS = Demands()
SMALL, LARGE = (DEMANDS.of({"containers": [{"resources": {"requests": {"cpu": cpu}}}]}) for cpu in ("1", "2"))
A, B, C, D = (("default", name) for name in "abcd")


def test_the_first_of_each_group_has_its_turn() -> None:
    waiting = WaitingPods()
    for key, demand in ((A, SMALL), (B, SMALL), (C, LARGE)):
        assert waiting.add(key, demand, "no room", for_room=True) == []
    assert waiting.firsts() == [A, C]
    assert A in waiting and D not in waiting
    assert waiting.drop(A) == B
    assert waiting.firsts() == [B, C]
    assert waiting.drop(C) is None and waiting.drop(C) is None
    assert waiting.firsts() == [B]


def test_one_that_was_not_the_first_gives_nobody_a_turn() -> None:
    waiting = WaitingPods()
    for key in (A, B, C):
        waiting.add(key, SMALL, "no room", for_room=True)
    assert waiting.drop(B) is None
    assert waiting.drop(A) == C and waiting.drop(C) is None
    assert waiting.firsts() == []


def test_those_that_were_told_something_else_must_hear_of_it() -> None:
    waiting = WaitingPods()
    for key in (A, B):
        waiting.add(key, SMALL, "no room", for_room=True)
    waiting.add(D, LARGE, "no room", for_room=True)
    assert waiting.add(A, SMALL, "no room", for_room=True) == []
    assert waiting.add(C, SMALL, "no nodes", for_room=True) == [A, B]
    assert waiting.add(A, SMALL, "no nodes", for_room=True) == []


def test_a_pod_that_asks_for_something_else_changes_its_group() -> None:
    waiting = WaitingPods()
    waiting.add(A, SMALL, "no room", for_room=True)
    waiting.add(A, LARGE, "no room", for_room=True)
    assert waiting.firsts() == [A]
    waiting.drop(A)
    assert waiting.firsts() == [] and A not in waiting
    assert waiting.add(B, SMALL, "other words", for_room=True) == [], "a group that ended remembers no words"


def test_a_pod_that_ends_helps_those_that_wait_for_room() -> None:
    waiting = WaitingPods()
    waiting.add(A, SMALL, "no such label", for_room=False)
    waiting.add(C, LARGE, "no room", for_room=True)
    assert waiting.firsts() == [A, C] and waiting.firsts(for_room=True) == [C]
    waiting.add(A, SMALL, "no room", for_room=True)
    waiting.add(C, LARGE, "no such label", for_room=False)
    assert waiting.firsts(for_room=True) == [A]
