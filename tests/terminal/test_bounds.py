"""No single line hangs or fills the machine that it is typed on."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

BAD = "a" * 40 + "b"


@pytest.mark.parametrize(
    "line",
    [
        f'grep -E "(a+)+$" <<< {BAD}',
        f"[[ {BAD} =~ (a+)+$ ]]",
        f"echo {BAD} | sed -E 's/(a+)+$/x/'",
        f"echo {BAD} | awk '/(a+)+$/'",
        f"[[ {'a' * 60} == *a*a*a*a*a*a*a*a*a*a*b ]]",
    ],
)
def test_an_expression_that_tries_every_way_ends(line):
    assert Terminal(Cluster()).run(line).returncode in (0, 1, 130)  # the library sees through some of them


@pytest.mark.parametrize(
    "line",
    [
        "seq 1 100000000 | tail -1",
        "echo {1..100000000} | wc -c",
        "yes",
        "echo a | sed ':a;ba'",
        "echo a | sed 'h;:a;G;h;ba'",
        "seq 1 100000 | xargs -n1 echo",
        "x=$(yes); echo after",
        "printf '%10000000000d' 1 | wc -c",
        "printf '%999999999999999999999999d' 1 | wc -c",
        "while true; do echo hello >> f; cat f f > g; mv g f; done",
        "awk 'BEGIN{x=\"a\"; while(1) x=x x}'",
        "awk 'BEGIN{while(1) n++}'",
        "x=$(printf '%100000000d' 1); echo ${x//?/$x}",
        "x=$(printf '%100000d' 1); echo ${x//?/$x}",
        "kubectl get all,cm,nodes,ns -A -o go-template='" + "{{range $.items}}" * 8 + "{{end}}" * 8 + "'",
        "curl -s 'http://10.43.0.1:[1-60000]/[1-100000]'",
        "curl -s --retry 1000000 --retry-connrefused http://172.31.0.10:1",
        "curl -s --retry 1000000 --retry-delay 0 --retry-all-errors http://nosuch.example",
        "ping -q -c 1000000000 -i 0.001 172.31.0.11",
        "kubectl wait --for=condition=x node master --timeout=1000h 2>&1",
    ],
)
def test_a_line_without_end_is_interrupted(line):
    done = Terminal(Cluster()).run(line)
    assert done.returncode == 130
    assert done.stdout.endswith("^C\n")
    assert len(done.stdout) < 10_000


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("printf 'a\\nb\\nc\\n' | sed ':a;N;$!ba;s/\\n/,/g'", "a,b,c\n"),
        ("echo aaa | sed ':x;s/a/b/;tx'", "bbb\n"),
        ("yes | head -3", "y\ny\ny\n"),
        ("yes | cat | head -2", "y\ny\n"),
        ("seq 1 100000000 | head -2", "1\n2\n"),
        ("seq 300000 | tail -1", "300000\n"),
        ("for i in {1..30}; do x=$(echo $i); done; echo $x", "30\n"),
    ],
)
def test_a_reader_that_has_enough_ends_the_line(line, printed):
    assert Terminal(Cluster()).run(line).stdout == printed


def test_a_finished_connection_is_in_time_wait():
    terminal = Terminal(Cluster())
    terminal.prepare("kubectl run a --image nginx")
    terminal.run("curl -s http://$(kubectl get pod a -o jsonpath='{.status.podIP}')")
    shown = terminal.run("conntrack -L").stdout
    assert "dport=80" in shown
    assert not [each for each in shown.splitlines() if "dport=80" in each and "ESTABLISHED" in each]


def test_a_program_in_a_container_takes_its_time():
    terminal = Terminal(Cluster())
    terminal.prepare("kubectl run a --image nginx")
    done = terminal.run("kubectl exec a -- sleep 100000")
    assert (done.stdout, done.returncode) == ("^C\n", 130)
    assert done.seconds >= 900


@pytest.mark.parametrize(
    ("line", "printed", "status"),
    [
        ("kill 1", "", 0),
        ("iptables -F", "changing rules by hand is not simulated", 1),
        ("ip -brief address show flannel.1", "flannel.1        UNKNOWN        10.42.0.0/32", 0),
    ],
)
def test_words_of_a_node(line, printed, status):
    done = Terminal(Cluster()).run(line)
    assert printed in done.stdout + done.stderr
    assert done.returncode == status
