"""``timeout`` stops a shell where it waits: what would come later is neither run nor printed."""

import pytest

from kubesim import Cluster, Terminal
from kubesim.terminal.terminal import CALL_SECONDS


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.prepare("kubectl run client --image nginx")
    terminal.prepare("kubectl expose pod client --name web --port 80")
    return terminal


@pytest.mark.parametrize(
    ("command", "stdout", "seconds"),
    [
        ("timeout 2 bash -c 'sleep 5; echo late'", "", 2),
        ("timeout 5 bash -c 'sleep 1; echo soon; sleep 9; echo late'", "soon\n", 5),
        ("timeout 2 bash -c '(sleep 5; echo late); echo late'", "", 2),
        ("timeout 2 bash -c 'curl -sS web:81; echo late'", "", 2),
        ("timeout 2 bash -c ': < /dev/tcp/web/81'", "", 2),
        ("timeout 3 bash -c 'while true; do echo again; sleep 1; done'", "again\nagain\nagain\n", 3),
    ],
)
def test_a_shell_is_stopped(terminal: Terminal, command: str, stdout: str, seconds: float) -> None:
    done = terminal.run(f"kubectl exec client -- {command}")
    assert (done.stdout, done.stderr) == (stdout, "command terminated with exit code 124\n")
    assert done.seconds == pytest.approx(seconds + CALL_SECONDS)
