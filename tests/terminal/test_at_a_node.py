"""What a person at a node expects beside kubectl: sudo, k3s, watch, history."""

import pytest

from kubesim import Cluster, Terminal

LINES: list[tuple[str, str, int]] = [
    # sudo: who sits at a node is root already
    ("sudo kubectl get node master -o name", "node/master\n", 0),
    ("sudo k3s kubectl get node master -o name", "node/master\n", 0),
    ("sudo X=1 sh -c 'echo $X $SUDO_USER'", "1 root\n", 0),
    ("sudo -u root whoami", "root\n", 0),
    ("sudo -i hostname", "master\n", 0),
    ("sudo -s 'echo a  b'", "bash: line 1: echo a  b: command not found\n", 127),
    ("sudo false", "", 1),
    ("sudo nothing", "sudo: nothing: command not found\n", 1),
    ("sudo -u stranger id", "sudo: unknown user stranger\n", 1),
    ("sudo -k", "", 0),
    # k3s is one binary
    ("k3s kubectl get node worker -o name", "node/worker\n", 0),
    ("k3s --version", "k3s version v1.36.2+k3s1\n", 0),
    ("k3s server", "k3s: server is not simulated: kubectl and --version are\n", 1),
    # watch: screens that differ, for a minute
    ("watch -t -n 5 echo same", "same\n\n", 0),
    ("watch -t -n 25 'date +%S'", "00\n\n25\n\n50\n\n", 0),
    ("watch -t -n 30 'echo 1; false'", "1\n\n", 0),
    ("watch -t -e 'echo 1; false'", "1\n\n", 8),
    ("watch -t -g -n 20 'date +%S | cut -c1'", "0\n\n2\n\n", 0),
    ("watch -t -x echo 'a  b'", "a  b\n\n", 0),
    ("watch -n x ls", "watch: failed to parse argument: 'x'\n", 1),
    ("watch", "Usage:\n watch [options] command\n", 1),
    # history
    ("history", "    1  history\n", 0),
    ("echo one\nhistory", "one\n    1  echo one\n    2  history\n", 0),
    ("echo one\nhistory 1", "one\n    2  history 1\n", 0),
    ("echo one\nhistory -c\nhistory", "one\n    1  history\n", 0),
    ("history x", "bash: history: x: numeric argument required\n", 1),
    ("bash -c history", "", 0),
]


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster()
    cluster.advance(-cluster.simulation.now % 60)
    return cluster


@pytest.mark.parametrize(("line", "shown", "status"), LINES)
def test_what_a_line_shows(cluster: Cluster, line: str, shown: str, status: int) -> None:
    cluster.advance(-cluster.simulation.now % 60)
    terminal = Terminal(cluster)
    assert (terminal.screen(line), terminal.state.status) == (shown, status)


def test_watch_shows_pods_come_up_and_passes_over_their_age() -> None:
    terminal = Terminal(Cluster())
    shown = terminal.screen("kubectl run web --image nginx; watch -n 1 kubectl get pods")
    screens = shown.split("Every 1.0s: kubectl get pods                    master: ")[1:]
    assert [next((word for word in ("ContainerCreating", "Running") if word in each), "") for each in screens] == [
        "ContainerCreating",
        "Running",
    ]


def test_a_shell_of_sudo_s_is_entered_where_a_person_types() -> None:
    terminal = Terminal(Cluster(), live=True)
    terminal.type_line("sudo -i")
    assert terminal.type_line("echo $SUDO_USER")[0].stdout == "root\n"
    terminal.type_line("exit")
    assert terminal.type_line("echo [$SUDO_USER]")[0].stdout == "[]\n"
