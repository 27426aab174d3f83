"""``ss``, ``ip``, ``ping``, ``nc`` and ``wget`` on a cluster: what an addressing plan and a listener must show."""

import pytest

from kubesim import Cluster, Terminal

# man ping, nc.openbsd and wget: 1 for no reply or no connection, 4 for a network failure, 8 for an error of the server.


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.prepare("kubectl run web --image nginx", "kubectl expose pod web --port 80")
    return terminal


def address(terminal: Terminal) -> str:
    return terminal.run("kubectl get pod web -o jsonpath={.status.podIP}").stdout


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("ping -c 1 {pod}", 0, "1 packets transmitted, 1 received, 0% packet loss"),
        ("nc -zv {pod} 80", 0, "succeeded!"),
        ("nc -zv {pod} 81", 1, "Connection refused"),
        ("wget -qO- http://{pod}/", 0, "Welcome to nginx!"),
        ("wget -O- http://{pod}/nosuch", 8, "ERROR 404: Not Found."),
        ("wget -O- -t 1 http://{pod}:81/", 4, "Connection refused"),
        ("ip -4 -o address show lo", 0, "127.0.0.1/8"),
        ("ip route get {pod}", 0, "{pod} "),
        ("ss -tln", 0, "State"),
    ],
)
def test_on_a_node(terminal: Terminal, command: str, status: int, said: str) -> None:
    pod = address(terminal)
    done = terminal.run(command.format(pod=pod))
    assert done.returncode == status, done
    assert said.format(pod=pod) in done.stdout + done.stderr
