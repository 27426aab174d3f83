"""``/etc/resolv.conf``: ``resolv.conf(5)`` and what the kubelet makes of a Pod's ``dnsPolicy`` and ``dnsConfig``."""

from typing import Any

import pytest

from kubesim.network.dns import resolv_conf
from kubesim.network.dns.resolv_conf import ResolvConf


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ResolvConf()),
        ("nameserver 10.0.0.1\nnameserver fd00::1\n", ResolvConf(nameservers=("10.0.0.1", "fd00::1"))),
        (
            "".join(f"nameserver 10.0.0.{last}\n" for last in range(1, 6)),
            ResolvConf(nameservers=("10.0.0.1", "10.0.0.2", "10.0.0.3")),
        ),
        ("nameserver\nsearch\ndomain\noptions\nwhatever 1\n\n   \n", ResolvConf()),
        ("# nameserver 10.0.0.1\n; search a\nsearch b c\n", ResolvConf(search=("b", "c"))),
        ("search a b\ndomain c d\n", ResolvConf(search=("c",))),
        ("domain c\nsearch a b\n", ResolvConf(search=("a", "b"))),
        ("options ndots:5 timeout:2 attempts:3\n", ResolvConf(ndots=5, timeout=2, attempts=3)),
        ("options ndots:16 timeout:31 attempts:6\n", ResolvConf(ndots=15, timeout=30, attempts=5)),
        ("options ndots:15 timeout:30 attempts:5\n", ResolvConf(ndots=15, timeout=30, attempts=5)),
        ("options ndots:0 attempts:0\n", ResolvConf(ndots=0, attempts=1)),
        ("options ndots:x colour:5 rotate\n", ResolvConf(options=frozenset({"rotate"}))),
        (
            "options use-vc\noptions no-aaaa ndots:2\noptions ndots:3",
            ResolvConf(ndots=3, options=frozenset({"use-vc", "no-aaaa"})),
        ),
    ],
)
def test_reading(text: str, expected: ResolvConf) -> None:
    assert resolv_conf.parse(text) == expected


def test_without_a_server_the_machine_asks_itself() -> None:
    assert ResolvConf().servers == ("127.0.0.1",)
    assert ResolvConf(nameservers=("10.0.0.1",)).servers == ("10.0.0.1",)


NODE = "# made by hand\nsearch lan example.org\nnameserver 172.31.0.1\nnameserver 172.31.0.2\noptions edns0 timeout:1\n"
CLUSTER = "search shop.svc.cluster.local svc.cluster.local cluster.local lan example.org\nnameserver 10.43.0.10\n"
NODES = "search lan example.org\nnameserver 172.31.0.1\nnameserver 172.31.0.2\n"


@pytest.mark.parametrize(
    ("policy", "settings", "expected"),
    [
        ("ClusterFirst", {}, f"{CLUSTER}options ndots:5\n"),
        ("ClusterFirstWithHostNet", {"host_network": True}, f"{CLUSTER}options ndots:5\n"),
        ("ClusterFirst", {"host_network": True}, f"{NODES}options edns0 timeout:1\n"),
        ("Default", {}, f"{NODES}options edns0 timeout:1\n"),
        ("None", {"nameservers": ("192.0.2.1",)}, "nameserver 192.0.2.1\n"),
        ("None", {"searches": ("a", "b", "a")}, "search a b\n"),
        # a Pod's own settings come last, each once, and its options replace those of the same name
        (
            "ClusterFirst",
            {
                "nameservers": ("10.43.0.10", "192.0.2.1"),
                "searches": ("lan", "x"),
                "options": (("ndots", "2"), ("edns0", None)),
            },
            "search shop.svc.cluster.local svc.cluster.local cluster.local lan example.org x\n"
            "nameserver 10.43.0.10\nnameserver 192.0.2.1\noptions ndots:2 edns0\n",
        ),
        (
            "Default",
            {"nameservers": ("192.0.2.1", "192.0.2.2")},
            f"{NODES}nameserver 192.0.2.1\noptions edns0 timeout:1\n",
        ),
        ("Default", {"options": (("timeout", ""),)}, f"{NODES}options edns0 timeout\n"),
        (
            "ClusterFirst",
            {"cluster_dns": ("fd00:43::a",), "cluster_domain": "lab.test"},
            "search shop.svc.lab.test svc.lab.test lab.test lan example.org\nnameserver fd00:43::a\noptions ndots:5\n",
        ),
    ],
)
def test_a_pods_file(policy: str, settings: dict[str, Any], expected: str) -> None:
    assert resolv_conf.for_pod(policy, "shop", NODE, **settings) == expected
