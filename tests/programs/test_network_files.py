"""bash opens a connection where a redirection names ``/dev/tcp/HOST/PORT``; other shells know no such file."""

import pytest

from kubesim import Cluster, Terminal


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    terminal = Terminal(Cluster())
    terminal.prepare("kubectl run client --image nginx")
    terminal.prepare("kubectl expose pod client --name web --port 80")
    return terminal


REFUSED = "bash: connect: Connection refused\nbash: line 1: /dev/tcp/localhost/81: Connection refused\n"
NAMELESS = "bash: line 1: nosuch: Name or service not known\nbash: line 1: /dev/tcp/nosuch/80: Invalid argument\n"


@pytest.mark.parametrize(
    ("command", "stdout", "stderr"),
    [
        ("bash -c 'echo > /dev/tcp/web/80 && echo open'", "open\n", ""),
        ("bash -c '< /dev/tcp/localhost/http && echo open'", "open\n", ""),
        ("bash -c 'echo > /dev/tcp/localhost/81'", "", REFUSED),
        ("bash -c '(: > /dev/tcp/localhost/81) 2> /dev/null || echo closed'", "closed\n", ""),
        ("bash -c ': < /dev/tcp/nosuch/80'", "", NAMELESS),
        ("sh -c ': > /dev/tcp/web/80'", "", "sh: 1: cannot create /dev/tcp/web/80: Directory nonexistent\n"),
    ],
)
def test_a_redirection_connects(terminal: Terminal, command: str, stdout: str, stderr: str) -> None:
    done = terminal.run(f"kubectl exec client -- {command}")
    assert (done.stdout, done.stderr.partition("command terminated")[0]) == (stdout, stderr)
