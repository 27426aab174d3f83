"""``kubesim shell``: a person at prompt_toolkit, played by a pipe."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from kubesim import Cluster, Terminal
from kubesim.command import main
from kubesim.command.shell import TerminalCompleter, talk

CTRL_C, CTRL_D = "\x03", "\x04"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(Cluster(), live=True)


@contextmanager
def typing(terminal: Terminal, keys: str) -> Iterator[PromptSession[str]]:
    """A session in which these keys are pressed."""
    with create_pipe_input() as pipe:
        pipe.send_text(keys)
        yield PromptSession(input=pipe, output=DummyOutput(), completer=TerminalCompleter(terminal))


def played(terminal: Terminal, capsys: pytest.CaptureFixture[str], keys: str) -> tuple[str, int]:
    """What is shown when keys are pressed, and the status at the end."""
    with typing(terminal, keys) as session:
        status = talk(terminal, session)
    return ESCAPES.sub("", capsys.readouterr().out), status


@pytest.mark.parametrize(
    ("keys", "shown", "status"),
    [
        (f"echo hello\r{CTRL_D}", "hello\nexit\n", 0),
        ("false\rexit\r", "", 1),
        ("exit 7\r", "", 7),
        (f"for i in 1 2\rdo echo $i\rdone\r{CTRL_D}", "1\n2\nexit\n", 0),
        (f"cat <<E\rinside\rE\r{CTRL_D}", "inside\nexit\n", 0),
        (f"echo gone{CTRL_C}echo here\r{CTRL_D}", "here\nexit\n", 0),
        (f"for i in 1{CTRL_C}echo here\r{CTRL_D}", "here\nexit\n", 0),
        (f"X=1\recho [$X]\r{CTRL_D}", "[1]\nexit\n", 0),
        (f"bash\rX=2\rexit 3\recho $? [$X]\r{CTRL_D}", "3 []\nexit\n", 0),
        (f"if then\r{CTRL_D}", "bash: syntax error near unexpected token `then'\nexit\n", 2),
    ],
)
def test_what_a_person_types_and_sees(
    terminal: Terminal, capsys: pytest.CaptureFixture[str], keys: str, shown: str, status: int
) -> None:
    assert played(terminal, capsys, keys) == (shown, status)


def test_lines_are_remembered(terminal: Terminal) -> None:
    with typing(terminal, f"echo one\rfor i in 2\rdo echo $i; done\r{CTRL_D}") as session:
        talk(terminal, session)
        assert session.history.get_strings() == ["echo one", "for i in 2", "do echo $i; done"]


def test_a_shell_in_a_pod_is_entered_and_left(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    keys = (
        "kubectl run web --image busybox -- sleep 9999\rkubectl exec -it web -- sh; echo back $?\r"
        "hostname; cd /tmp\rpwd\rif then\rexit 4\rhostname\r"
        f"kubectl exec -it web -- sh\rhostname\r{CTRL_D}hostname\r{CTRL_D}"
    )
    shown, _ = played(terminal, capsys, keys)
    assert shown.splitlines() == [
        "pod/web created",
        "web",
        "/tmp",
        'sh: syntax error: unexpected "then"',
        "command terminated with exit code 4",
        "back 4",
        "master",
        "web",
        "exit",
        "master",
        "exit",
    ]


def test_a_shell_whose_pod_is_deleted_is_over(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.type_line("kubectl run web --image busybox -- sleep 9999")
    terminal.type_line("kubectl exec -it web -- sh")
    assert terminal.prompt == "/ # "
    terminal.cluster.delete("Pod", "web", grace_period_seconds=0)
    terminal.cluster.advance(60)
    done, _ = terminal.type_line("hostname")
    assert (done.stdout, done.stderr) == ("master\n", "command terminated with exit code 137\n")


@pytest.mark.parametrize(
    ("entered", "prompt"),
    [
        ("", "root@master:~# "),
        ("cd /etc", "root@master:/etc# "),
        ("kubectl exec -it box -- sh", "/ # "),
        ("kubectl exec -it web -- bash", "root@web:/# "),
        ("kubectl exec -it web -- sh", "# "),
        ("kubectl exec -i web -- sh", "root@master:~# "),
        ("kubectl exec -it web -- sh -c true", "root@master:~# "),
        ("kubectl exec -it web -- nothing", "root@master:~# "),
    ],
)
def test_the_prompt_says_where_one_is(terminal: Terminal, entered: str, prompt: str) -> None:
    terminal.type_line("kubectl run box --image busybox -- sleep 9999; kubectl run web --image nginx")
    if entered:
        terminal.type_line(entered)
    assert terminal.prompt == prompt


def test_tab_offers_the_words_of_the_shell_that_was_entered(terminal: Terminal) -> None:
    terminal.type_line("kubectl run web --image nginx")
    completer, event = TerminalCompleter(terminal), CompleteEvent(completion_requested=True)
    (found,) = completer.get_completions(Document("kubectl get pod we"), event)
    assert (found.text, found.start_position, found.display_meta_text) == ("web", -2, "name")
    terminal.type_line("kubectl exec -it web -- sh")
    assert "/etc/nginx/nginx.conf" in {
        each.text for each in completer.get_completions(Document("cat /etc/nginx/n"), event)
    }


def test_what_was_typed_into_a_pod_is_in_the_journal(terminal: Terminal, tmp_path) -> None:
    for line in ("kubectl run web --image busybox -- sleep 9999", "kubectl exec -it web -- sh", "echo kept > /tmp/x"):
        terminal.type_line(line)
    terminal.cluster.save(tmp_path / "journal")
    again = Cluster.restore(tmp_path / "journal").guests["terminal/0"]
    assert again.type_line("cat /tmp/x")[0].stdout == "kept\n"
    assert again.prompt == "/ # "


def test_what_comes_from_a_pipe_is_a_script(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("kubectl get pods\nfor i in 1 2\ndo echo $i\ndone\nfalse\n"))
    assert main(["shell"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("1\n2\n", "No resources found in default namespace.\n")
