"""Cluster addresses and families, one rule a row. Expected: ``ValidateServiceClusterIPsRelatedFields`` and upgrades."""

# ruff: noqa: E501 (a row of a table is one case, with its whole message)

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import Service, view
from kubesim.api.validation.cluster_ips import is_headless, validate_cluster_ip_changes, validate_cluster_ips
from tests.api.validation.objects import messages

V4, V6 = "10.43.0.9", "fd00::9"
BAD = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
ONE_EACH = "may specify no more than one IP for each IP family"


def service(*addresses: str, **spec: Any) -> Service:
    own = {"clusterIP": addresses[0], "clusterIPs": [*addresses]} if addresses else {}
    given = {"type": "ClusterIP", **own, **spec}
    return view({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": given}, Service)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (service(), []),
        (service(V4, ipFamilies=["IPv4"]), []),
        (service(V6, V4, ipFamilies=["IPv6", "IPv4"], ipFamilyPolicy="RequireDualStack"), []),
        # the two names of the first address
        (service(clusterIP=V4), ["spec.clusterIPs: Required value"]),
        (service(V4, clusterIP="10.43.0.8"), ["spec.clusterIPs: Invalid value: [\"10.43.0.9\"]: first value must match `clusterIP`"]),
        (service(V4, clusterIP=""), ["spec.clusterIPs: Invalid value: [\"10.43.0.9\"]: must be empty when `clusterIP` is not specified"]),
        # families and policy
        (service(ipFamilies=["IPv5"]), ['spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"']),
        (service(ipFamilies=["IPv4", "IPv4"]), ['spec.ipFamilies[1]: Duplicate value: "IPv4"']),
        (service(ipFamilies=["IPv4", "IPv6", "IPv6"]), ['spec.ipFamilies[2]: Duplicate value: "IPv6"']),
        (service(ipFamilyPolicy="Odd"), ['spec.ipFamilyPolicy: Unsupported value: "Odd": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"']),
        # spelling: a bad address is all that is said of them
        (service("x", "y"), [f'spec.clusterIPs[0]: Invalid value: "x": {BAD}', f'spec.clusterIPs[1]: Invalid value: "y": {BAD}']),
        (service("x", ipFamilies=["IPv6"]), [f'spec.clusterIPs[0]: Invalid value: "x": {BAD}']),
        (service("x", V4, V6), [f'spec.clusterIPs[0]: Invalid value: "x": {BAD}', 'spec.clusterIPs: Invalid value: ["x","10.43.0.9","fd00::9"]: may only hold up to 2 values']),
        # how many
        (service(V4, V6, V4), ['spec.clusterIPs: Invalid value: ["10.43.0.9","fd00::9","10.43.0.9"]: may only hold up to 2 values']),
        (service(V4, "10.43.0.8"), [f'spec.clusterIPs: Invalid value: ["10.43.0.9","10.43.0.8"]: {ONE_EACH}']),
        (service(V6, "fd00::8"), [f'spec.clusterIPs: Invalid value: ["fd00::9","fd00::8"]: {ONE_EACH}']),
        # address and family agree
        (service(V6, ipFamilies=["IPv4"]), ['spec.clusterIPs[0]: Invalid value: "fd00::9": expected an IPv4 value as indicated by `ipFamilies[0]`']),
        (service(V4, V6, ipFamilies=["IPv6", "IPv4"]), ['spec.clusterIPs[0]: Invalid value: "10.43.0.9": expected an IPv6 value as indicated by `ipFamilies[0]`', 'spec.clusterIPs[1]: Invalid value: "fd00::9": expected an IPv4 value as indicated by `ipFamilies[1]`']),
        (service(V4, V6, ipFamilies=["IPv4"]), []),
        # headless
        (service("None", ipFamilies=["IPv6", "IPv4"]), []),
        (service("None", V4), ['spec.clusterIPs: Invalid value: ["None","10.43.0.9"]: \'None\' must be the first and only value']),
        (service(V4, "None"), [f'spec.clusterIPs[1]: Invalid value: "None": {BAD}']),
        # an ExternalName has none of it, and is judged elsewhere
        (service("x", type="ExternalName", ipFamilies=["IPv5"]), []),
    ],
)  # fmt: skip
def test_addresses_of_a_service(given: Service, expected: list[str]) -> None:
    assert messages(validate_cluster_ips(given)) == expected


def test_an_old_spelling_may_stay_where_it_is() -> None:
    old = service("010.043.000.009")
    assert messages(validate_cluster_ips(old)) != []
    assert messages(validate_cluster_ips(old, old)) == []


@pytest.mark.parametrize(
    ("addresses", "headless"), [([], False), (["None"], True), ([V4], False), (["None", V4], False)]
)
def test_headless(addresses: list[str], headless: bool) -> None:
    assert is_headless(service(*addresses)) is headless


ONCE = "may not change once set"
SINGLE, DUAL = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}, {"ipFamilies": ["IPv4", "IPv6"]}
PREFER = {"ipFamilyPolicy": "PreferDualStack"}
RELEASED = (
    "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary"
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (service(V4, **SINGLE), service(V4, **SINGLE), []),
        (service(V4, **SINGLE), service("10.43.0.8", **SINGLE), [f'spec.clusterIPs[0]: Invalid value: ["10.43.0.8"]: {ONCE}']),
        (service(V4, V6, **DUAL), service("10.43.0.8", "fd00::8", **DUAL), [f'spec.clusterIPs[{index}]: Invalid value: ["10.43.0.8","fd00::8"]: {ONCE}' for index in (0, 1)]),
        # a second one comes and goes; the first stays
        (service(V4, **SINGLE), service(V4, V6, **DUAL, **PREFER), []),
        (service(V4, V6, **DUAL), service(V4, **SINGLE), []),
        (service(V4, **SINGLE), service("10.43.0.8", V6, **DUAL, **PREFER), [f'spec.clusterIPs[0]: Invalid value: ["10.43.0.8","fd00::9"]: {ONCE}']),
        (service(V4, V6, **DUAL), service(V4, ipFamilies=["IPv4", "IPv6"], **PREFER), [f"{RELEASED} clusterIP"]),
        (service(V4, V6, **DUAL), service(V4, V6, ipFamilies=["IPv4"], **PREFER), [f"{RELEASED} ipFamily"]),
        (service(V4, **SINGLE), service(**SINGLE), ["spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"]),
        (service(V4, V6, **DUAL), service(**DUAL), ["spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset"]),
        (service(**SINGLE), service(V4, **SINGLE), []),
        # families
        (service(V4, ipFamilies=["IPv4"]), service(V4, ipFamilies=["IPv6"]), [f'spec.ipFamilies[0]: Invalid value: ["IPv6"]: {ONCE}']),
        (service(V4, V6, ipFamilies=["IPv4"]), service(V4, V6, ipFamilies=["IPv6", "IPv4"]), [f'spec.ipFamilies[0]: Invalid value: ["10.43.0.9","fd00::9"]: {ONCE}']),
        (service(V4, ipFamilies=[]), service(V4, ipFamilies=["IPv4"]), []),
        # headless Services choose their families freely, unless they stop being headless
        (service("None", ipFamilies=["IPv4"]), service("None", ipFamilies=["IPv6"]), []),
        (service("None", ipFamilies=["IPv4"]), service(V4, ipFamilies=["IPv6"]), [f'spec.clusterIPs[0]: Invalid value: ["10.43.0.9"]: {ONCE}']),
        (service(V4, ipFamilies=["IPv4"]), service("None", ipFamilies=["IPv6"]), [f'spec.clusterIPs[0]: Invalid value: ["None"]: {ONCE}']),
        # from and to ExternalName everything may change
        (service(V4, ipFamilies=["IPv4"]), service(type="ExternalName"), []),
        (service(type="ExternalName"), service(V4, ipFamilies=["IPv4"]), []),
    ],
)  # fmt: skip
def test_what_may_change(before: Service, after: Service, expected: list[str]) -> None:
    assert messages(validate_cluster_ip_changes(before, after)) == expected
