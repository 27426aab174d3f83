"""Host ports: the rules of portmap as ``iptables-save`` prints them, and the ways that packets take through them."""

from __future__ import annotations

import pytest

from kubesim.network.iptables_text import save
from kubesim.network.network import Network
from kubesim.network.nftables_text import list_ruleset
from kubesim.network.portmap import HostPort, MappedPod, mapped_ruleset
from kubesim.network.proxy import ProxyConfig
from kubesim.network.rules import Ruleset
from kubesim.network.trace import Outcome
from tests.network.small_cluster import Echo, endpoints, network, service

SANDBOX = "08f719b16dccc6f5e7e51bd2d678ecf436c509e97a385a309938eb6ce1843a57"


def saved(*ports: HostPort) -> list[str]:
    """The rules of one Pod, on a node that has no others."""
    pod = MappedPod(SANDBOX, "10.42.0.9", "10.42.0.0/24", ports)
    return [line for line in save(mapped_ruleset(Ruleset("iptables", {}, ()), [pod])).splitlines() if line[0] == "-"]


def chain(line: str) -> str:
    """A line with the hashed name of the Pod's own chain left out."""
    return " ".join("CNI-DN-…" if word.startswith("CNI-DN-") else word for word in line.split())


@pytest.mark.parametrize(
    ("ports", "calls", "own"),
    [
        (
            [HostPort("tcp", 8080, 80)],
            ["-p tcp COMMENT -m multiport --dports 8080"],
            [
                "-s 10.42.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
                "-s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK",
                "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.42.0.9:80",
            ],
        ),
        (
            [HostPort("udp", 53, 53, "127.0.0.1")],
            ["-p udp COMMENT -m multiport --dports 53"],
            [
                "-s 10.42.0.0/24 -d 127.0.0.1/32 -p udp -m udp --dport 53 -j CNI-HOSTPORT-SETMARK",
                "-s 127.0.0.1/32 -d 127.0.0.1/32 -p udp -m udp --dport 53 -j CNI-HOSTPORT-SETMARK",
                "-d 127.0.0.1/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.42.0.9:53",
            ],
        ),
    ],
)
def test_the_rules_of_a_pod(ports: list[HostPort], calls: list[str], own: list[str]) -> None:
    """The form is what ``iptables-save`` showed of real nodes with containernetworking's plugin."""
    lines = [chain(line) for line in saved(*ports)]
    comment = f'-m comment --comment "dnat name: \\"cbr0\\" id: \\"{SANDBOX}\\""'
    assert lines == [
        "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
        *(f"-A CNI-DN-… {line}" for line in own),
        *(f"-A CNI-HOSTPORT-DNAT {line.replace('COMMENT', comment)} -j CNI-DN-…" for line in calls),
        "-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE",
        '-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
    ]


def test_ports_are_called_by_protocol_and_fifteen_at_a_time() -> None:
    ports = [HostPort("udp", 53, 53), *(HostPort("tcp", 9000 + n, 80) for n in range(16))]
    calls = [line.rpartition("--dports ")[2].split(" -j")[0] for line in saved(*ports) if "multiport" in line]
    assert calls == [",".join(str(9000 + n) for n in range(15)), "9015", "53"]


def test_a_chain_has_a_name_of_28_characters_that_is_the_sandboxs() -> None:
    names = {line.split()[1] for line in saved(HostPort("tcp", 8080, 80)) if line.startswith("-A CNI-DN-")}
    assert [len(name) for name in names] == [28]


# --- the ways of packets -------------------------------------------------------------------------------------------


def with_host_port(mode: str, host_ip: str = "") -> Network:
    """The small cluster, with a Pod on the worker whose port 8080 is the worker's 9090 and 80."""
    built = network([service()], [endpoints("web-0")], ProxyConfig(mode=mode))
    assert built.ruleset_provider is not None
    built.ruleset_provider = built.port_map.over(built.ruleset_provider)
    ports = [HostPort("tcp", port, 8080, host_ip) for port in (9090, 80)]
    built.add_pod("default", "mapped", "10.42.1.9", "worker", sandbox=SANDBOX, host_ports=ports)
    built.listen("pod/default/mapped", "TCP", 8080, Echo())
    return built


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize(
    ("source", "address", "port", "host_ip", "destination", "seen"),
    [
        ("laptop", "172.31.0.11", 9090, "", "pod/default/mapped", "172.31.0.50"),
        ("laptop", "172.31.0.10", 9090, "", None, ""),  # of that node only
        ("laptop", "172.31.0.11", 9090, "127.0.0.1", None, ""),
        ("node/worker", "127.0.0.1", 9090, "127.0.0.1", "pod/default/mapped", "10.42.1.1"),
        ("node/worker", "127.0.0.1", 9090, "", "pod/default/mapped", "10.42.1.1"),
        ("pod/default/mapped", "172.31.0.11", 9090, "", "pod/default/mapped", "10.42.1.1"),
        ("pod/default/client", "172.31.0.11", 9090, "", "pod/default/mapped", "172.31.0.10"),
        ("pod/default/client", "10.43.0.20", 80, "", "pod/default/web-0", "10.42.0.5"),  # the Service keeps its own
    ],
)
def test_who_reaches_a_host_port(
    mode: str, source: str, address: str, port: int, host_ip: str, destination: str | None, seen: str
) -> None:
    (trace,) = with_host_port(mode, host_ip).trace(source, address, port)
    if destination is None:
        assert trace.outcome is Outcome.REFUSED
        return
    assert (trace.outcome, trace.destination) == (Outcome.DELIVERED, destination)
    assert trace.delivered is not None and trace.delivered.source == seen


def test_the_rules_go_with_the_pod() -> None:
    built = with_host_port("iptables")
    built.remove_pod("default", "mapped")
    rules = built.ruleset("node/worker")
    assert rules is not None and "CNI" not in save(rules)
    (trace,) = built.trace("laptop", "172.31.0.11", 9090)
    assert trace.outcome is Outcome.REFUSED


def test_nft_lists_them_in_its_own_words() -> None:
    rules = with_host_port("nftables").ruleset("node/worker")
    assert rules is not None
    text = list_ruleset(rules)
    for line in (
        "fib daddr type local jump CNI-HOSTPORT-DNAT",
        "meta l4proto tcp  tcp dport { 9090, 80 } jump CNI-DN-",
        "ip saddr 127.0.0.1 meta l4proto tcp tcp dport 9090 jump CNI-HOSTPORT-SETMARK",
        "tcp dport 9090 dnat to 10.42.1.9:8080",
        "meta mark & 0x00002000 == 0x00002000 masquerade",
    ):
        assert line in text
