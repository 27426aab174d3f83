"""``kubectl port-forward``: it stays, forwards each connection, and fails when somebody comes, not before."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal


def both(local: int, remote: int) -> str:
    return f"Forwarding from 127.0.0.1:{local} -> {remote}\nForwarding from [::1]:{local} -> {remote}\n"


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    made = Terminal(Cluster())
    made.prepare(
        "kubectl create deploy web --image=nginx --port=80; kubectl expose deploy web --port=8000 --target-port=80",
        "kubectl run named --image=acme/web:1 --port=8080",
    )
    return made


@pytest.mark.parametrize(
    ("words", "local", "remote"),
    [
        ("svc/web 8080:8000", 8080, 80),
        ("service/web 8000", 8000, 80),
        ("deploy/web 8081:80", 8081, 80),
        ("deploy/web 80", 80, 80),
        ("named 8082:8080", 8082, 8080),
        ("pod/named 8083:8080 --address=127.0.0.1", 8083, 8080),
    ],
)
def test_in_the_background_it_forwards_connections_until_it_is_killed(
    terminal: Terminal, words: str, local: int, remote: int
) -> None:
    started = terminal.run(f"kubectl port-forward {words} &").stdout
    expected = both(local, remote)
    assert started == (expected.splitlines(keepends=True)[0] if "--address" in words else expected)
    for _ in range(2):
        answer = terminal.run(f"curl -s -o /dev/null -w '%{{http_code}}' localhost:{local}").stdout
        assert answer == f"Handling connection for {local}\n200"
    terminal.run("kill %%")
    assert terminal.run(f"curl -s localhost:{local}").returncode == 7


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ("0.0.0.0,::1", ("0.0.0.0", "[::1]")),
        ("localhost,127.0.0.1", ("127.0.0.1", "[::1]")),
        ("::1 --address=127.0.0.1", ("127.0.0.1", "[::1]")),
    ],
)
def test_it_listens_on_every_address_it_is_given(terminal: Terminal, given: str, hosts: tuple[str, ...]) -> None:
    """Each once, in the order of their texts (kubectl 1.36.4)."""
    started = terminal.run(f"kubectl port-forward --address={given} svc/web 8095:8000 &").stdout
    assert started == "".join(f"Forwarding from {host}:8095 -> 80\n" for host in hosts)
    assert terminal.run("curl -so /dev/null localhost:8095").returncode == 0
    terminal.run("kill %%")


def test_an_address_is_one(terminal: Terminal) -> None:
    done = terminal.run("kubectl port-forward --address foo svc/web 8096:8000")
    assert (done.stderr, done.returncode) == ("error: foo is not a valid IP\n", 1)


def test_one_connection_is_handled_once(terminal: Terminal) -> None:
    terminal.run("kubectl port-forward svc/web 8090:8000 &")
    both_urls = terminal.run("curl -s -o /dev/null -o /dev/null localhost:8090/ localhost:8090/nosuch").stdout
    assert both_urls == "Handling connection for 8090\n"
    terminal.run("kill %%")


def test_a_port_on_which_nothing_listens_fails_when_somebody_comes(terminal: Terminal) -> None:
    assert terminal.run("kubectl port-forward deploy/web 8091:81 &").stdout == both(8091, 81)
    done = terminal.run("curl -s localhost:8091")
    assert done.returncode == 52
    first, why, lost = done.stdout.splitlines()
    assert (first, lost) == ("Handling connection for 8091", "error: lost connection to pod")
    assert "dial tcp4 127.0.0.1:81: connect: connection refused" in why
    assert terminal.run("curl -s localhost:8091").returncode != 0
    terminal.run("kill %%")


def test_only_its_own_machine_reaches_it(terminal: Terminal) -> None:
    terminal.run("kubectl port-forward svc/web 8092:8000 &")
    address = terminal.machine.address
    assert terminal.run(f"curl -s {address}:8092").returncode == 7
    terminal.run("kill %%")


def test_a_server_of_the_shells_own_writes_what_comes(terminal: Terminal) -> None:
    terminal.run("nc -l -p 9000 &")
    assert terminal.run("echo hello | nc -N localhost 9000").stdout == "hello\n"
    terminal.run("kill %%")


def test_in_the_foreground_it_stays_until_somebody_ends_it(terminal: Terminal) -> None:
    before = terminal.cluster.simulation.now
    done = terminal.run("kubectl port-forward svc/web 8092:8000")
    assert (done.stdout, done.returncode) == (f"{both(8092, 80)}^C\n", 130)
    assert terminal.cluster.simulation.now - before == pytest.approx(terminal.interrupt, abs=1)
    assert terminal.run("timeout 5 kubectl port-forward svc/web 8092:8000").returncode == 124
    assert terminal.run("curl -s localhost:8092").returncode == 7
