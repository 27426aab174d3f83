"""What a diagnosis says of NetworkPolicies: which of them refuse, or that nobody enforces them."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.objects import NetworkPolicy, Pod
from kubesim.cluster.diagnosis import Diagnosis, Objects, Question, diagnose
from tests.controllers.test_network_policies import CLIENT, Lab, policy

INWARD, OUTWARD = policy("in"), policy("out", policyTypes=["Egress"])


def ask(*policies: dict[str, Any], enforced: bool = True) -> Diagnosis:
    lab = Lab(*policies)
    network = lab.network
    if not enforced:
        network.ruleset_provider = lab.proxies.rules
    objects = Objects(pods=lab.store.views(Pod), policies=lab.store.views(NetworkPolicy), enforces_policies=enforced)
    traces = network.trace(CLIENT, "10.42.1.6", 8080)
    return diagnose(Question(CLIENT, "10.42.1.6", 8080, "10.42.1.6", traces=traces), objects)


@pytest.mark.parametrize(
    ("given", "summary", "named"),
    [
        (INWARD, "No NetworkPolicy lets the packet into Pod default/web-1.", "NetworkPolicy default/in"),
        (OUTWARD, "No NetworkPolicy lets the packet out of Pod default/client.", "NetworkPolicy default/out"),
    ],
    ids=["ingress", "egress"],
)
def test_the_policy_that_refuses_is_named(given: dict[str, Any], summary: str, named: str) -> None:
    (finding,) = ask(given).findings
    assert (finding.id, finding.summary, finding.evidence[-1].subject) == ("policy-refuses", summary, named)


def test_where_nobody_enforces_them_it_says_so() -> None:
    (finding,) = ask(INWARD, enforced=False).findings
    assert (finding.id, finding.cause) == ("policies-not-enforced", False)
    assert {each.value for each in finding.evidence} == {"selects Pod default/client", "selects Pod default/web-1"}


def test_without_policies_it_says_nothing() -> None:
    assert ask().findings == ask(enforced=False).findings == ()
