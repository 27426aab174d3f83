"""``kubectl run -i``, ``-t``, ``--rm`` and ``attach``: at a process until it ends (the words of 1.36.4)."""

from __future__ import annotations

import pytest

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal

RECORDED = (
    "All commands and output from this session will be recorded in container logs, including credentials and sensitive "
    "information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n"
)
NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file\n"
GONE = 'pod "x" deleted from default namespace\n'
RUN = "kubectl run x --image=busybox"
SESSION = "Session ended, resume using 'kubectl attach x -c x -n default -i -t' command\n"


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    """A terminal where nobody sits; what a line leaves behind, the next test removes."""
    return Terminal(Cluster())


@pytest.mark.parametrize(
    ("line", "stdout", "stderr", "status"),
    [
        (f"{RUN} -it --rm --restart=Never -- echo hi", f"hi\n{GONE}", NO_TERMINAL + RECORDED, 0),
        (f"{RUN} -i --rm --restart=Never -- echo hi", f"hi\n{GONE}", RECORDED, 0),
        (f"{RUN} -i --rm -- echo hi", f"hi\n{GONE}", RECORDED, 0),
        (f"{RUN} --attach --rm --restart=Never -- echo hi", f"hi\n{GONE}", RECORDED, 0),
        (f"{RUN} -i -q --rm --restart=Never -- echo hi", "hi\n", "", 0),
        (f"{RUN} -i --restart=Never -- echo hi", "hi\n", RECORDED, 0),
        (f"{RUN} -i --attach=false --restart=Never -- sh", "pod/x created\n", "", 0),
        (
            f"{RUN} -i --rm --restart=Never -- sh -c 'echo hi; exit 3'",
            f"hi\n{GONE}",
            f"{RECORDED}pod default/x terminated (Error)\n",
            3,
        ),
        (f"echo 'echo hi; hostname' | {RUN} -i -q --rm --restart=Never -- sh", "hi\nx\n", "", 0),
        (f"echo 'exit 4' | {RUN} -i -q --rm --restart=Never", "", "pod default/x terminated (Error)\n", 4),
        (f"echo one | {RUN} -i -q --rm --restart=Never -- cat", "one\n", "", 0),
        (
            "kubectl run x --image=ngnix -i --rm --restart=Never",
            GONE,
            "error: timed out waiting for the condition\n",
            1,
        ),
    ],
)
def test_run_stays_at_the_process_until_it_ends(
    terminal: Terminal, line: str, stdout: str, stderr: str, status: int
) -> None:
    terminal.run("kubectl delete pod x --force --ignore-not-found")
    done = terminal.run(line)
    assert (done.stdout, done.stderr, done.returncode) == (stdout, stderr, status)


def test_a_process_that_reads_waits_until_somebody_attaches(terminal: Terminal) -> None:
    terminal.run("kubectl delete pod --all --force; kubectl run y -i --attach=false --restart=Never --image=busybox")
    terminal.cluster.advance(300)
    assert "Running" in terminal.run("kubectl get pod y").stdout
    done = terminal.run("echo 'echo in; exit 0' | kubectl attach y -i")
    assert (done.stdout, done.stderr) == ("in\n", RECORDED)
    assert "Completed" in terminal.run("kubectl get pod y").stdout
    refused = terminal.run("kubectl attach y")
    assert refused.stderr == "error: cannot attach a container in a completed pod; current phase is Succeeded\n"


def test_who_leaves_has_seen_what_was_written(terminal: Terminal) -> None:
    terminal.run("kubectl run w --image=busybox -- sh -c 'while sleep 5; do echo tick; done'; sleep 3")
    done = terminal.run("timeout 20 kubectl attach w -q")
    assert (done.stdout.count("tick\n") >= 3, done.returncode) == (True, 124)


@pytest.mark.parametrize(
    ("typed", "screens"),
    [
        ((f"{RUN} -it --rm -- sh", "hostname", "exit"), (RECORDED, "x\n", f"{SESSION}{GONE}")),
        ((f"{RUN} -it --restart=Never", "exit 5"), (RECORDED, SESSION)),
    ],
)
def test_who_sits_at_the_keyboard_types_into_the_shell(typed: tuple[str, ...], screens: tuple[str, ...]) -> None:
    live = Terminal(Cluster(), live=True)
    assert tuple(live.screen(line) for line in typed) == screens
    assert ("x " in live.screen("kubectl get pods")) is ("--rm" not in typed[0])
