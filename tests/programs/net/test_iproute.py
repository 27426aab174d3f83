"""``ip``: one interface is shown as in the list of all, with its own number."""

import pytest

from tests.programs.lan import LAPTOP, Lan


def shown(line: str, flavour: str = "debian") -> str:
    done = Lan(flavour).run(f"ip {line}")
    return done.stdout + done.stderr


@pytest.mark.parametrize("what", ["addr", "link", "-br addr", "-br link", "-o addr"])
@pytest.mark.parametrize("name", ["lo", "eth0"])
def test_one_is_shown_as_among_all(what: str, name: str) -> None:
    everything, one = shown(f"{what} show"), shown(f"{what} show {name}")
    assert one and one in everything and len(one) < len(everything)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "-4 addr show eth0",
            f"    inet {LAPTOP}/24 scope global eth0\n       valid_lft forever preferred_lft forever\n",
        ),
        (
            "link show lo",
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default",
        ),
        ("-br addr show lo", "lo               UNKNOWN        127.0.0.1/8 ::1/128 \n"),
        ("addr show nosuch", 'Device "nosuch" does not exist.\n'),
        ("route", "default via 172.31.0.1 dev eth0 \n"),
        ("route get 10.0.0.1", f"10.0.0.1 via 172.31.0.1 dev eth0 src {LAPTOP} uid 0 \n"),
        (f"route get {LAPTOP}", f"local {LAPTOP} dev lo src {LAPTOP} uid 0 \n"),
        ("route get", "need at least a destination address\n"),
        ("rule", "32766:\tfrom all lookup main\n"),
        ("addr add 10.0.0.1/24 dev eth0", "RTNETLINK answers: Operation not permitted\n"),
        ("nosuch", 'Object "nosuch" is unknown, try "ip help".\n'),
        ("-6 addr", "    inet6 ::1/128 scope host proto kernel_lo \n"),
        ("-nosuch addr", 'Option "-nosuch" is unknown, try "ip -help".\n'),
    ],
)
def test_what_it_says(line: str, said: str) -> None:
    assert said in shown(line)


def test_busybox_leaves_the_group_out() -> None:
    assert "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n" in shown("addr", "busybox")
