"""The API server and the kubelet listen on the nodes, and let nobody in."""

import pytest

from kubesim import Cluster, Terminal


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.prepare("kubectl run client --image nginx")
    return terminal


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("kubectl exec client -- curl -sk https://kubernetes", 0, '"reason": "Unauthorized"'),
        ("kubectl exec client -- curl -sS https://kubernetes", 60, "unable to get local issuer certificate"),
        ("curl -s http://172.31.0.10:6443", 0, "Client sent an HTTP request to an HTTPS server."),
        ("curl -sk https://172.31.0.11:10250", 0, "Unauthorized"),
        ("curl -s localhost:10249/proxyMode", 0, "iptables"),
        ("curl -s localhost:10249/nosuch", 0, "404 page not found"),
        ("vi x.yaml", 1, "vi: there is no screen for an editor here"),
        ("curl -sSk https://172.31.0.11:6443", 7, "Could not connect to server"),  # no control plane there
    ],
)
def test_what_a_stranger_gets(terminal: Terminal, command: str, status: int, said: str) -> None:
    done = terminal.run(command)
    assert done.returncode == status
    assert said in done.stdout + done.stderr
