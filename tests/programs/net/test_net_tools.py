"""``netstat``, ``route`` and ``arp`` print as net-tools and busybox do what ``ss`` and ``ip`` show."""

import pytest

from kubesim import Cluster, Terminal

NETWORKS = "10.42.2.0       {nowhere:<15} 255.255.255.0   U     0      0        0 eth0"


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    for name, image in (("box", "busybox -- sleep infinity"), ("web", "nginx:alpine")):
        place = '{"spec":{"nodeName":"worker"}}'
        terminal.prepare(f"kubectl run {name} --overrides='{place}' --image {image}")
    return terminal


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("box -- route", NETWORKS.format(nowhere="*")),
        ("box -- route -n", NETWORKS.format(nowhere="0.0.0.0")),
        ("box -- route -n", "0.0.0.0         10.42.2.1       0.0.0.0         UG    0      0        0 eth0"),
        ("box -- netstat -rn", "0.0.0.0         10.42.2.1       0.0.0.0         UG        0 0          0 eth0"),
        ("box -- netstat -tulpn", "Active Internet connections (only servers)"),
        ("web -- netstat -lt", "tcp        0      0 0.0.0.0:http            0.0.0.0:*               LISTEN"),
        (
            "web -- netstat -tulpn",
            "tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN       1/nginx: master pro",
        ),
        ("box -- sh -c 'wget -qO- 172.31.0.10:6443; arp -n'", "? (10.42.2.1) at "),
    ],
)
def test_what_it_shows(terminal: Terminal, command: str, line: str) -> None:
    done = terminal.run(f"kubectl exec {command}")
    assert line in done.stdout, done.stdout + done.stderr


def test_routes_cannot_be_changed(terminal: Terminal) -> None:
    done = terminal.run("kubectl exec box -- route add default gw 10.42.2.9")
    assert done.returncode == 7 and "not permitted" in done.stderr


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("traceroute", 0, "Usage:\n  traceroute [ "),
        ("traceroute -m 0 10.42.2.1", 2, "first hop out of range\n"),
        ("traceroute -m 300 10.42.2.1", 2, "max hops cannot be more than 255\n"),
        ("traceroute -q 11 10.42.2.1", 2, "no more than 10 probes per hop\n"),
        ("traceroute -n -m x 10.42.2.1", 2, "Cannot handle `-m' option with arg `x' (argc 3)\n"),
        ("traceroute --max-hops=x 10.42.2.1", 2, "Cannot handle `--max-hops' option with arg `x' (argc 1)\n"),
        ("traceroute -m", 2, "Option `-m' (argc 1) requires an argument: `-m max_ttl'\n"),
        ("traceroute --x", 2, "Bad option `--x' (argc 1)\n"),
        ("ss -c", 255, "ss: invalid option -- 'c'\nUsage: ss [ OPTIONS ]\n"),
        ("ss --foo", 255, "ss: unrecognized option '--foo'\nUsage: ss [ OPTIONS ]\n"),
        ("ss state x", 255, "ss: wrong state name: x\n"),
    ],
)
def test_misuse(terminal: Terminal, command: str, status: int, said: str) -> None:
    done = terminal.run(command)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
