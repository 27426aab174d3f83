import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    made = Terminal(Cluster())
    made.run("kubectl run mynginx --image nginx\nkubectl apply -f myservice.yaml\nkubectl run client --image nginx")
    return made


@pytest.mark.parametrize(
    ("command", "stdout", "status"),
    [
        ("hostname", "master\n", 0),
        ("pwd", "/root\n", 0),
        ("kubectl exec client -- curl -s myservice:8080 | grep title", "<title>Welcome to nginx!</title>\n", 0),
        ("kubectl exec client -- getent hosts myervice", "", 2),
        ("curl -s 10.43.113.175:8080 | head -1", "<!DOCTYPE html>\n", 0),
        ("kubectl exec client -- sh -c 'echo hi > /tmp/x; cat /tmp/x'", "hi\n", 0),
        ("ls *.yaml | wc -l", "6\n", 0),
    ],
)
def test_commands(terminal, command, stdout, status):
    done = terminal.run(command)
    assert done.stdout == stdout
    assert (done.returncode, done.stderr.count("Traceback")) == (status if "|" not in command else 0, 0)


def test_variables_and_files_stay(terminal):
    terminal.run("IP=$(kubectl get node master -o jsonpath='{.status.addresses[0].address}')\necho $IP > ip.txt")
    assert terminal.run("cat ip.txt; echo $IP").stdout == "172.31.0.10\n172.31.0.10\n"


def test_an_unknown_command(terminal):
    done = terminal.run("foo")
    assert (done.stderr, done.returncode) == ("bash: foo: command not found\n", 127)


def test_removing_everything_is_refused(terminal):
    done = terminal.run("rm -rf /")
    assert "it is dangerous to operate recursively on '/'" in done.stderr
    assert terminal.run("cat /etc/hostname").stdout == "master\n"


def test_the_hosts_own_files_are_not_there(terminal):
    assert "simulated" not in terminal.run("cat /proc/self/cmdline").stdout
    assert terminal.run("cat /README.md").returncode == 1


def test_sleep_takes_simulated_time(terminal):
    before = terminal.cluster.simulation.now
    terminal.run("sleep 5")
    assert terminal.cluster.simulation.now >= before + 5


def test_a_process_of_a_container_can_be_stopped_from_its_node():
    cluster = Cluster()
    pod = cluster.store.list("Pod", "kube-system")[0]
    node = Terminal(cluster, on=pod["spec"]["nodeName"])
    node.run("kubectl run client --image nginx")
    assert node.run("kubectl exec client -- getent hosts kubernetes").returncode == 0
    assert node.run("kill -STOP $(pidof coredns)").returncode == 0
    assert node.run("kubectl exec client -- curl -sS -m 3 kubernetes").returncode == 28
    node.run("pkill -CONT coredns")
    assert node.run("kubectl exec client -- getent hosts kubernetes").returncode == 0


def test_an_endless_loop_is_interrupted():
    made = Terminal(Cluster(), interrupt=30)
    assert made.run("while true; do sleep 1; done").returncode == 130
    assert made.run("while true; do :; done").returncode == 130
    assert made.run("x=a; while true; do x=$x$x; done").returncode == 130
    assert made.run("echo ok").stdout == "ok\n"


def test_a_laptop_does_not_reach_a_cluster_ip():
    cluster = Cluster()
    Terminal(cluster).run("kubectl run mynginx --image nginx\nkubectl apply -f myservice.yaml")
    assert Terminal(cluster, on="laptop").run("curl -m 2 -s 10.43.113.175:8080").returncode == 28


WORDS = st.sampled_from(
    [
        "echo",
        "cat",
        "ls",
        "grep",
        "sed",
        "awk",
        "curl",
        "kubectl",
        "get",
        "pods",
        "-o",
        "yaml",
        "|",
        "||",
        "&&",
        ";",
        "&",
        ">",
        ">>",
        "<",
        "<<",
        "EOF",
        "(",
        ")",
        "{",
        "}",
        "if",
        "then",
        "fi",
        "for",
        "do",
        "done",
        "while",
        "$x",
        "${x",
        "$(",
        ")",
        "`",
        "'",
        '"',
        "\\",
        "#",
        "*",
        "?",
        "[",
        "]",
        "!",
        "=",
        "x=1",
        "-n",
        "-e",
        "1",
        "/etc/passwd",
        "/tmp/q",
        "exit",
        "return",
        "local",
        "set",
        "-u",
        "read",
        "test",
        "[[",
        "]]",
        "$((1+",
        "))",
        "$((",
        "ip",
        "addr",
        "ss",
        "nft",
        "conntrack",
        "-L",
        "ping",
        "-c",
        "wget",
        "nc",
        "-z",
        "sort",
        "xargs",
        "timeout",
        "env",
        "find",
        ".",
        "tr",
        "head",
        "-1",
        "printf",
        "%d",
        "%s",
        "case",
        "in",
        "esac",
        "function",
        "iptables",
        "-S",
        "traceroute",
        "telnet",
        "date",
        "tee",
        "tail",
        "seq",
        "expr",
        "base64",
        "diff",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS | st.text(string.printable, max_size=4), max_size=10).map(" ".join))
def test_no_exception_reaches_the_learner(terminal, line):
    done = terminal.run(line)
    assert 0 <= done.returncode < 256
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("kubectl run {} --image=nginx; until kubectl get pod {} | grep -q Running; do :; done", (1, 10)),
        ("kubectl run {} --image=nginx; while true; do kubectl get pod {} | grep -q Running && break; done", (1, 10)),
        (
            'kubectl run {} --image=nginx; while [ "$(kubectl get pod {} -o jsonpath={{.status.phase}})" != Running ]; '
            "do :; done",
            (1, 10),
        ),
        (
            "kubectl run {} --image=nginx; timeout 60 bash -c 'until kubectl get pod {}|grep -q Run; do :; done'",
            (1, 10),
        ),
        (
            "kubectl run {} --image=nginx; timeout 60 sh -c 'until kubectl get pod {}|grep -q Run;do sleep 1;done'",
            (1, 10),
        ),
        (
            "kubectl run {} --image=nginx; sudo bash -c 'until kubectl get pod {} | grep -q Running; do :; done'",
            (1, 10),
        ),
        ("kubectl run {} --image=nginx; x=$(until kubectl get pod {} | grep Running; do sleep 1; done)", (1, 10)),
        (
            "kubectl run {} --image=nginx; for i in $(seq 99); do kubectl get pod {} | grep Running && break; done",
            (1, 10),
        ),
        ("kubectl run {} --image=nginx; yes {} | head -50 | xargs -n 1 kubectl get pod | grep Running", (5, 5.2)),
        (
            "kubectl run {} --image=nginx; awk 'BEGIN {{ while (system(\"kubectl get pod {}|grep -q Running\")) ; }}'",
            (1, 10),
        ),
        ("kubectl create deployment {} --image=nginx; kubectl delete deployment {}", (0.19, 0.4)),
        ("kubectl get nodes; kubectl get pods", (0.1999, 0.2001)),
        ("kubectl get nodes {} & sleep 1", (0.999, 1.001)),
        ("seq 100 | while read n; do basename {}/$n > /dev/null; done", (0.099, 0.11)),
        ("i=0; while [ $i -lt 100 ]; do i=$((i+1)); done", (0, 0)),
    ],
)
def test_who_asks_again_and_again_sees_the_world_go_on(line: str, seconds: tuple[float, float]) -> None:
    terminal = Terminal(Cluster(), patience=0)
    done = terminal.run(line.format("web", "web"))
    assert done.returncode == 0
    assert seconds[0] <= done.seconds <= seconds[1]


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        # a job meets the cluster of the moment that it has come to, not of the one at which it was started
        ("(sleep 3; kubectl get pod web -o name) & sleep 1; kubectl run web --image=nginx; wait",
         "pod/web created\npod/web\n"),
        ("kubectl run web --image=nginx; (sleep 20; kubectl get pod web 2>&1) & kubectl delete pod web --now >&2; wait",
         'pod/web created\nError from server (NotFound): pods "web" not found\n'),
        ("until kubectl get pod web -o name 2>&-; do sleep 1; done & sleep 5; kubectl run web --image=nginx; wait",
         "pod/web created\npod/web\n"),
        # what it writes is there when it has written it; several go on beside each other, in the order of their times
        ("(echo 1; sleep 5; echo 3) & sleep 1; echo 2; wait; echo 4", "1\n2\n3\n4\n"),
        ("for i in 3 1 2; do (sleep $i; echo $i) & done; wait", "1\n2\n3\n"),
        ("(sleep 2; exit 3) & wait $!; echo $?", "3\n"),
        ("(while sleep 1; do echo tick; done) & sleep 2.5; kill %1; sleep 5; echo over", "tick\ntick\nover\n"),
        # a shell that is over leaves its jobs behind: they come to their end
        ("sh -c '(sleep 2; echo 2) & echo 1'", "1\n2\n"),
        ("x=$( (sleep 1; echo late) & echo soon); sleep 2; echo $x", "soon late\n"),
    ],
)  # fmt: skip
def test_jobs_in_the_background_go_on_while_time_passes(line: str, printed: str) -> None:
    assert Terminal(Cluster(), patience=0).run(line).stdout == printed


def test_a_job_whose_time_comes_while_the_cluster_settles_sees_it_as_it_is_then() -> None:
    """The Pod is being started when its second has passed, and runs when the line is over."""
    terminal = Terminal(Cluster())
    done = terminal.run("(sleep 0.5; kubectl get pod web --no-headers) & kubectl run web --image=nginx")
    assert "ContainerCreating" in done.stdout
    assert "Running" in terminal.run("kubectl get pod web").stdout
