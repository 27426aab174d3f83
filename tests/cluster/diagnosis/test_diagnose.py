from typing import Any

import pytest

from kubesim.api.objects import EndpointSlice, Pod, Service, view
from kubesim.cluster.diagnosis import Diagnosis, Objects, Question, diagnose
from kubesim.cluster.diagnosis.catalogue import RULES, page
from kubesim.data_directory import DATA
from kubesim.network.trace import Outcome
from tests.network.small_cluster import NODES, PODS, endpoints, network, node, service


def pod(name: str, ready: bool = True, **labels: str) -> Pod:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    statuses = [
        {"name": "nginx", "ready": ready, "state": {} if ready else {"waiting": {"reason": "ImagePullBackOff"}}}
    ]
    return view(
        {
            "metadata": {"name": name, "namespace": "default", "labels": labels},
            "spec": {"containers": [{"name": "nginx", "ports": [{"name": "http", "containerPort": 8080}]}]},
            "status": {
                "podIP": PODS.get(name, ("10.42.1.77", ""))[0],
                "conditions": conditions,
                "containerStatuses": statuses,
            },
        },
        Pod,
    )


PODS_OF_WEB = [pod("web-0", app="web"), pod("web-1", app="web"), pod("client", app="client")]


def ask(
    services: list[Service],
    slices: list[EndpointSlice],
    host: str = "web",
    port: int = 80,
    source: str = "pod/default/client",
    address: str = "10.43.0.20",
    pods: list[Pod] | None = None,
    lookup_error: str = "",
) -> Diagnosis:
    built = network(services, slices)
    traces = built.trace(source, address, port) if address else ()
    listening = {"pod/default/web-0": frozenset({("TCP", 8080)}), "pod/default/web-1": frozenset({("TCP", 8080)})}
    objects = Objects(
        services, slices, PODS_OF_WEB if pods is None else pods, [node(name) for name in NODES], listening=listening
    )
    question = Question(source, host, port, address, "TCP", lookup_error, traces, source == "laptop")
    return diagnose(question, objects)


BOTH = [endpoints("web-0", "web-1")]


@pytest.mark.parametrize(
    ("found", "given"),
    [
        ("port-not-in-service", {"services": [service()], "slices": BOTH, "port": 81}),
        ("selector-matches-nothing", {"services": [service(selector={"app": "wep"})], "slices": []}),
        ("no-selector-no-endpoints", {"services": [service(selector={})], "slices": []}),
        ("pods-not-ready", {"services": [service()], "slices": [], "pods": [pod("web-0", ready=False, app="web")]}),
        (
            "target-port-name-unknown",
            {"services": [service(ports=[{"port": 80, "protocol": "TCP", "targetPort": "htpp"}])], "slices": []},
        ),
        ("target-port-closed", {"services": [service()], "slices": [endpoints("web-0", port=81)]}),
        ("cluster-ip-from-outside", {"services": [service()], "slices": BOTH, "source": "laptop"}),
        (
            "pod-ip-from-outside",
            {"services": [], "slices": [], "host": "10.42.0.6", "address": "10.42.0.6", "source": "laptop"},
        ),
        ("address-of-nobody", {"services": [], "slices": [], "host": "10.42.1.99", "address": "10.42.1.99"}),
        ("no-service-at-address", {"services": [], "slices": [], "host": "10.43.7.7", "address": "10.43.7.7"}),
        ("port-closed", {"services": [], "slices": [], "host": "10.42.0.6", "address": "10.42.0.6", "port": 81}),
        (
            "name-not-found",
            {"services": [service()], "slices": BOTH, "host": "wep", "address": "", "lookup_error": "NXDOMAIN"},
        ),
        ("dns-silent", {"services": [service()], "slices": BOTH, "address": "", "lookup_error": "timeout"}),
        (
            "service-has-no-address",
            {"services": [service(clusterIP="None")], "slices": [], "address": "", "lookup_error": "NXDOMAIN"},
        ),
        (
            "no-local-endpoint",
            {
                "services": [service(type="NodePort", externalTrafficPolicy="Local")],
                "slices": [endpoints("web-0")],
                "host": "172.31.0.11",
                "address": "172.31.0.11",
                "port": 30080,
                "source": "laptop",
            },
        ),
        (
            "source-not-admitted",
            {
                "services": [
                    service(
                        type="LoadBalancer",
                        ingress=[{"ip": "172.31.0.11"}],
                        loadBalancerSourceRanges=["203.0.113.0/24"],
                    )
                ],
                "slices": BOTH,
                "host": "172.31.0.11",
                "address": "172.31.0.11",
                "source": "laptop",
            },
        ),
    ],
)
def test_each_cause_is_found_alone(found: str, given: dict[str, Any]) -> None:
    diagnosis = ask(**given)
    assert [finding.id for finding in diagnosis.causes] == [found]
    assert found in RULES
    finding = diagnosis.causes[0]
    assert finding.evidence and finding.summary.endswith(".")
    assert finding.mend is not None and finding.mend.sentence, "every finding says what mends it"
    assert found in str(diagnosis)


def test_the_smallest_change_mends_a_selector() -> None:
    mend = ask([service(selector={"app": "wep"})], []).mend
    assert mend is not None and (mend.kind, mend.name) == ("Service", "web")
    assert mend.patch == {"spec": {"selector": {"app": "web"}}}


def test_the_smallest_change_mends_a_target_port() -> None:
    mend = ask([service()], [endpoints("web-0", port=81)]).mend
    assert mend is not None and mend.patch == {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}}


def test_a_typo_is_answered_with_the_name_that_was_meant() -> None:
    mend = ask([service()], BOTH, host="wep", address="", lookup_error="NXDOMAIN").mend
    assert mend is not None and mend.sentence == "ask for web instead of wep"


def test_what_works_has_no_cause() -> None:
    diagnosis = ask([service()], BOTH)
    assert diagnosis.outcome is Outcome.DELIVERED and diagnosis.findings == () and diagnosis.mend is None
    assert diagnosis.checked[0] == "the name web resolves to 10.43.0.20"


def test_what_works_but_hardly_as_meant_is_noticed() -> None:
    other = service("node-port", selector={"app": "web"})
    slices = [endpoints("web-0", of="node-port")]
    pods = [*PODS_OF_WEB, pod("node-port", run="node-port")]
    diagnosis = ask([other], slices, host="node-port", pods=pods)
    assert [(finding.id, finding.cause) for finding in diagnosis.findings] == [("service-selects-other-pods", False)]


def test_a_pending_load_balancer_is_noticed() -> None:
    diagnosis = ask([service(type="LoadBalancer")], BOTH)
    assert [finding.id for finding in diagnosis.findings] == ["load-balancer-pending"]


def test_nothing_was_sent() -> None:
    diagnosis = ask([service()], BOTH, host="wep", address="", lookup_error="NXDOMAIN")
    assert diagnosis.outcome is None and "none was sent" in diagnosis.unchecked[0]


def test_the_page_of_rules_is_written_from_the_table() -> None:
    assert (DATA.parent / "docs" / "diagnosis.md").read_text(encoding="utf-8") == page()
