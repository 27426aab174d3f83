"""The explorer's plain function: a choice goes in, what really happens comes out."""

import pytest

from kubesim.notebook.explorer import TYPES, Choice, Explorer, changed_lines, manifest_for


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return Explorer()


# type, source, replicas, ready, selector right → outcome
TABLE = [
    ("ClusterIP", "client Pod", 2, True, True, "delivered"),
    ("ClusterIP", "node worker", 2, True, True, "delivered"),
    ("ClusterIP", "laptop", 2, True, True, "lost"),  # no route to the service range from outside
    ("ClusterIP", "client Pod", 0, True, True, "rejected"),
    ("ClusterIP", "client Pod", 2, False, True, "rejected"),
    ("ClusterIP", "client Pod", 2, True, False, "rejected"),
    ("NodePort", "laptop", 2, True, True, "delivered"),
    ("NodePort", "laptop", 2, True, False, "rejected"),
    ("NodePort", "client Pod", 1, True, True, "delivered"),
    ("LoadBalancer", "laptop", 3, True, True, "delivered"),
    ("LoadBalancer", "client Pod", 3, True, True, "delivered"),
    ("ExternalName", "client Pod", 2, True, True, "delivered"),
    ("ExternalName", "laptop", 2, True, True, "unresolved"),  # the laptop does not ask CoreDNS
]


@pytest.mark.parametrize(("kind", "source", "replicas", "ready", "right", "outcome"), TABLE)
def test_the_outcome_follows(
    explorer: Explorer, kind: str, source: str, replicas: int, ready: bool, right: bool, outcome: str
) -> None:
    shown = explorer.show(Choice(kind, source, replicas, ready, right))
    assert shown.journey.outcome == outcome, str(shown.journey)
    assert shown.service["TYPE"].tolist() == [kind]


def test_as_many_alternatives_as_ready_replicas(explorer: Explorer) -> None:
    for replicas in (1, 3, 2):
        shown = explorer.show(Choice(replicas=replicas))
        assert len(shown.journey.alternatives) == replicas


@pytest.mark.parametrize("before", TYPES)
@pytest.mark.parametrize("after", TYPES)
def test_every_type_changes_into_every_other(explorer: Explorer, before: str, after: str) -> None:
    explorer.show(Choice(type=before))
    shown = explorer.show(Choice(type=after))
    assert shown.journey.reached
    assert (shown.changed == "") == (before == after)


def test_the_changed_lines_are_a_difference() -> None:
    changed = changed_lines(manifest_for(Choice()), manifest_for(Choice(type="NodePort")))
    assert changed.splitlines() == ["-   type: ClusterIP", "+   type: NodePort", "+     nodePort: 30080"]
