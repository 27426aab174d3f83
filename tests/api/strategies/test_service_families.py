"""Which IP families a Service gets, for what it asks and what the cluster has. Expected: ``initIPFamilyFields``."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.strategies.service_families import keeps_preferred_families, settle_families

V4, V6, FOUR, SIX, BOTH = "IPv4", "IPv6", ("IPv4",), ("IPv6",), ("IPv4", "IPv6")
SINGLE, PREFER, REQUIRE = "SingleStack", "PreferDualStack", "RequireDualStack"
TWO = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]}
FREE = {"clusterIP": "None", "clusterIPs": ["None"]}
CHOSEN = {"selector": {"a": "b"}}


def service(spec: dict[str, Any]) -> Wire:
    return {"metadata": {"name": "web"}, "spec": {"type": "ClusterIP", **copy.deepcopy(spec)}}


def given(policy: str | None, *families: str, **more: Any) -> dict[str, Any]:
    spec = {"ipFamilyPolicy": policy, "ipFamilies": list(families), **more}
    return {name: value for name, value in spec.items() if value}


@pytest.mark.parametrize(
    ("spec", "configured", "policy", "families"),
    [
        ({}, FOUR, SINGLE, [V4]),
        ({}, SIX, SINGLE, [V6]),
        ({}, BOTH, SINGLE, [V4]),
        ({}, ("IPv6", "IPv4"), SINGLE, [V6]),
        (given(PREFER), BOTH, PREFER, [V4, V6]),
        (given(PREFER), ("IPv6", "IPv4"), PREFER, [V6, V4]),
        (given(PREFER), FOUR, PREFER, [V4]),
        (given(PREFER, V6), BOTH, PREFER, [V6, V4]),
        (given(REQUIRE), BOTH, REQUIRE, [V4, V6]),
        (given(REQUIRE, V6, V4), BOTH, REQUIRE, [V6, V4]),
        (given(None, V6), BOTH, SINGLE, [V6]),
        # an address brings its family along
        ({"clusterIP": "fd00::1", "clusterIPs": ["fd00::1"]}, BOTH, SINGLE, [V6]),
        (given(PREFER, **TWO), BOTH, PREFER, [V4, V6]),
        (given(PREFER, V4, **TWO), BOTH, PREFER, [V4, V6]),
        # a headless Service: with a selector as any other; without one, both, whatever the cluster has
        ({**FREE, **CHOSEN}, BOTH, SINGLE, [V4]),
        ({**FREE, **CHOSEN}, FOUR, SINGLE, [V4]),
        (FREE, BOTH, REQUIRE, [V4, V6]),
        (FREE, FOUR, REQUIRE, [V4, V6]),
        (given(SINGLE, **FREE), FOUR, SINGLE, [V4]),
        (given(SINGLE, V6, **FREE), FOUR, SINGLE, [V6]),
        (given(PREFER, V6, **FREE), FOUR, PREFER, [V6, V4]),
        (given(None, V6, V4, **FREE), FOUR, REQUIRE, [V6, V4]),
        ({"type": "ExternalName"}, BOTH, None, None),
    ],
)
def test_a_new_service(spec: Any, configured: tuple[str, ...], policy: str | None, families: list[str] | None) -> None:
    new = service(spec)
    settle_families(new, None, configured)
    assert (new["spec"].get("ipFamilyPolicy"), new["spec"].get("ipFamilies")) == (policy, families)


NOT_DUAL = (
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'
)
MUST_BE = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"


@pytest.mark.parametrize(
    ("spec", "configured", "problems"),
    [
        (given(REQUIRE), FOUR, [NOT_DUAL]),
        (given(SINGLE, V6), FOUR, ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']),
        (given(PREFER, V4, V6), FOUR, ['spec.ipFamilies[1]: Invalid value: "IPv6": not configured on this cluster']),
        (given(REQUIRE, V6, V4), SIX, [NOT_DUAL, 'spec.ipFamilies[1]: Invalid value: "IPv4": not configured on this cluster']),
        ({"clusterIP": "fd00::1", "clusterIPs": ["fd00::1"]}, FOUR, ['spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster']),
        (TWO, BOTH, [f'spec.ipFamilyPolicy: Invalid value: "SingleStack": {MUST_BE} cluster IPs are specified']),
        (given(SINGLE, V4, V6), BOTH, [f'spec.ipFamilyPolicy: Invalid value: "SingleStack": {MUST_BE} IP families are specified']),
        (given("Odd"), BOTH, ['spec.ipFamilyPolicy: Unsupported value: "Odd": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"']),
    ],
)  # fmt: skip
def test_a_service_that_asks_for_what_the_cluster_has_not(
    spec: Any, configured: tuple[str, ...], problems: list[str]
) -> None:
    refused(service(spec), None, configured, problems)


def refused(new: Wire, old: Wire | None, configured: tuple[str, ...], problems: list[str]) -> None:
    with pytest.raises(ApiError) as caught:
        settle_families(new, old, configured)
    assert caught.value.code == 422
    shown = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    assert caught.value.message == f'Service "web" is invalid: {shown}'


DUAL = given(PREFER, V4, V6, **TWO)
ONE = given(SINGLE, V4, clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"])


@pytest.mark.parametrize(
    ("before", "after", "policy", "families", "addresses"),
    [
        (ONE, ONE, SINGLE, [V4], ["10.0.0.1"]),
        # what is not said stays as it was
        (DUAL, {name: value for name, value in DUAL.items() if name != "ipFamilyPolicy"}, PREFER, [V4, V6], TWO["clusterIPs"]),
        (ONE, {**ONE, "ipFamilyPolicy": PREFER}, PREFER, [V4, V6], ["10.0.0.1"]),
        # asking for one is letting go of the second
        (DUAL, {**DUAL, "ipFamilyPolicy": SINGLE}, SINGLE, [V4], ["10.0.0.1"]),
        (DUAL, {**ONE}, SINGLE, [V4], ["10.0.0.1"]),
    ],
)  # fmt: skip
def test_a_changed_service(before: Any, after: Any, policy: str, families: list[str], addresses: list[str]) -> None:
    new = service(after)
    settle_families(new, service(before), BOTH)
    spec = new["spec"]
    assert (spec["ipFamilyPolicy"], spec["ipFamilies"], spec["clusterIPs"]) == (policy, families, addresses)


RELEASE = "must be 'SingleStack' to release the secondary"


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"clusterIPs": ["10.0.0.1"]}, [f'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": {RELEASE} cluster IP']),
        ({"ipFamilies": [V4]}, [f'spec.ipFamilyPolicy: Invalid value: "PreferDualStack": {RELEASE} IP family']),
    ],
)  # fmt: skip
def test_the_second_is_not_lost_by_the_way(change: Any, problems: list[str]) -> None:
    refused(service({**DUAL, **change}), service(DUAL), BOTH, problems)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ({}, {}, True),
        ({"ipFamilyPolicy": None}, {}, True),  # from before there were policies
        ({"clusterIPs": None}, {"clusterIPs": []}, True),
        ({"ipFamilyPolicy": SINGLE}, {}, False),
        ({}, {"ipFamilyPolicy": REQUIRE}, False),
        ({}, {"type": "NodePort"}, False),
        ({"type": "ExternalName"}, {"type": "ExternalName"}, False),
        ({}, {"clusterIPs": ["10.0.0.1"]}, False),
        ({"ipFamilies": [V4]}, {}, False),
    ],
)
def test_a_cluster_that_gained_a_family_changes_no_service(before: Any, after: Any, kept: bool) -> None:
    base = given(PREFER, V4, V6, type="ClusterIP", **TWO)
    assert keeps_preferred_families({**base, **after}, {**base, **before}) is kept
