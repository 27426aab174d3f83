"""Widgets are driven by setting values, as a click does."""

import pytest

from kubesim.notebook.explorer import TYPES
from kubesim.notebook.widgets import ProxyModeComparison, ServiceExplorer


@pytest.fixture(scope="module")
def explorer() -> ServiceExplorer:
    return ServiceExplorer()


def test_a_toggle_redraws_the_path(explorer: ServiceExplorer) -> None:
    explorer.type.value = "ClusterIP"
    before = explorer.picture.value
    explorer.type.value = "NodePort"
    assert explorer.shown.journey.trace.packet.destination_port == 30080
    assert explorer.picture.value != before
    assert "30080" in explorer.picture.value
    assert "nodePort: 30080" in explorer.details.value


def test_the_static_twin_says_what_the_picture_shows(explorer: ServiceExplorer) -> None:
    explorer.type.value, explorer.source.value = "NodePort", "laptop"
    bundle = explorer._repr_mimebundle_()
    assert "asked by laptop" in bundle["text/plain"]
    assert "DNAT" in bundle["text/plain"]
    assert '<img src="data:image/svg+xml' in bundle["text/html"] and 'alt="laptop' in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_controls_can_be_left_out() -> None:
    small = ServiceExplorer(controls=["replicas"], type="NodePort", source="laptop")
    assert [type(child).__name__ for child in small.children] == [
        "Choices",
        "Choices",
        "Announcement",
        "HTML",
        "HTML",
    ]
    assert small.shown.journey.reached


def test_an_unknown_control_is_named() -> None:
    with pytest.raises(ValueError, match="got colour"):
        ServiceExplorer(controls=["colour"])


def test_the_way_back_is_a_toggle(explorer: ServiceExplorer) -> None:
    explorer.type.value, explorer.source.value = "NodePort", "laptop"
    there = explorer.picture.value
    explorer.way.value = "back"
    assert explorer.picture.value != there and "conntrack" in explorer.picture.value
    explorer.way.value = "there"
    assert explorer.picture.value == there


def test_the_four_types_are_compared_for_one_client() -> None:
    compared = ServiceExplorer(["source"], compare=True)
    assert list(compared.compared) == list(TYPES)
    assert compared.picture.value.count("<svg") == 4
    compared.source.value = "laptop"
    outcomes = {type: shown.journey.outcome for type, shown in compared.compared.items()}
    # A cluster IP means nothing outside, nor does the name that ExternalName gives an alias to.
    assert outcomes == {
        "ClusterIP": "lost",
        "NodePort": "delivered",
        "LoadBalancer": "delivered",
        "ExternalName": "unresolved",
    }
    assert all(type in compared.static_text() for type in TYPES)


@pytest.fixture(scope="module")
def comparison() -> ProxyModeComparison:
    return ProxyModeComparison()


def test_the_two_modes_agree_but_where_upstream_differs(comparison: ProxyModeComparison) -> None:
    table = comparison.modes.table().set_index("request")
    differing = table[table["iptables"] != table["nftables"]]
    # recorded on the real kube-proxy: a wrong port on a live ClusterIP, and node ports on 127.0.0.1
    assert sorted(differing[["iptables", "nftables"]].itertuples(index=False, name=None)) == [
        ("delivered", "refused"),
        ("lost", "rejected"),
    ]
    before = comparison.picture.value
    comparison.request.value = comparison.request.options[1]
    comparison.mode.value = "nftables"
    assert comparison.picture.value != before
    assert comparison.journey.outcome == "rejected"
    assert "{" not in "".join(comparison.request.options)


def test_only_kube_proxy_s_own_rules_are_shown_each_with_its_chain(comparison: ProxyModeComparison) -> None:
    iptables, nftables = (comparison.modes.rules(mode) for mode in ("iptables", "nftables"))
    assert all(" KUBE-" in rule for rule in iptables) and "FLANNEL" not in "".join((*iptables, *nftables))
    assert [rule.split(":")[0].split("-LQ53")[0] for rule in nftables] == [
        "chain nat-prerouting",
        "chain services",
        "chain service",
    ]


def test_the_table_of_requests_stands_below_the_rules_of_the_live_widget(comparison: ProxyModeComparison) -> None:
    shown = comparison
    assert shown.requests in shown.children
    assert "127.0.0.1:30080" in shown.requests.value
    assert shown.requests.value in shown.static_html()


@pytest.mark.parametrize(("name", "value"), [("source", "moon"), ("type", "Nope"), ("replicas", 9)])
def test_an_unknown_first_state_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be one of .*, got {value}"):
        ServiceExplorer(**{name: value})
