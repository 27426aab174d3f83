import pytest

from kubesim.network.nftables_text import duration, list_ruleset
from kubesim.network.proxy import ProxyConfig
from tests.network.small_cluster import endpoints, network, service


@pytest.mark.parametrize(("seconds", "text"), [(10, "10s"), (10800, "3h"), (90, "1m30s"), (86400, "1d"), (0, "0s")])
def test_durations(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_a_listing() -> None:
    sticky = service(type="NodePort", sessionAffinity="ClientIP")
    ruleset = network([sticky], [endpoints("web-0")], ProxyConfig(mode="nftables")).ruleset("node/master")
    assert ruleset is not None
    text = list_ruleset(ruleset)
    assert [line for line in text.splitlines() if line.startswith("table")] == [
        "table ip filter {",
        "table ip nat {",
        "table ip kube-proxy {",
    ]
    assert "\t\ttimeout 3h\n" in text and "\t\tsize 65535\n" in text
    assert "\t\telements = { 172.31.0.10 }\n" in text
    assert "tcp . 30080 : goto external-" in text
    assert list_ruleset(ruleset, "ip nat").count("table") == 1
