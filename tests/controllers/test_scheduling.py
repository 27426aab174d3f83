from __future__ import annotations

import pytest

from kubesim.api.durations import go_duration
from kubesim.api.objects import Taint, Toleration
from kubesim.api.strategies.kinds import quality_of_service
from kubesim.controllers.names import ALPHABET, template_hash
from kubesim.controllers.scheduler.demand import NANO, nano
from kubesim.controllers.scheduler.filters import tolerates

TAINT = Taint(key="gpu", value="yes", effect="NoSchedule")


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        (Toleration(operator="Exists"), True),
        (Toleration(key="gpu", operator="Exists"), True),
        (Toleration(key="gpu", value="yes"), True),
        (Toleration(key="gpu", operator="Equal", value="no"), False),
        (Toleration(key="gpu", value="yes", effect="NoExecute"), False),
        (Toleration(key="cpu", operator="Exists"), False),
    ],
)
def test_tolerations(toleration: Toleration, expected: bool) -> None:
    assert tolerates(toleration, TAINT) is expected


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.387, "387ms"), (2.5, "2.5s"), (10, "10s"), (80, "1m20s"), (300, "5m0s"), (3600, "1h0m0s"), (0, "0s")],
)
def test_durations_read_as_go_prints_them(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "100m"}}, "Burstable"),
        ({"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1024Mi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
def test_quality_of_service(resources: dict[str, dict[str, str]], expected: str) -> None:
    assert quality_of_service({"containers": [{"name": "c", "resources": resources}]}) == expected


def test_quantities_are_exact() -> None:
    assert nano("100m") * 10 == NANO
    assert nano("70Mi") == 70 * 2**20 * NANO
    assert nano("1n") == 1
    assert nano(None) == 0


def test_a_template_hash_is_stable_and_spells_no_word() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
    assert template_hash(template) == template_hash(dict(reversed(template.items())))
    assert template_hash(template) != template_hash(template, 1)
    assert set(template_hash(template)) <= set(ALPHABET)
