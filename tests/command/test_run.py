"""``kubesim run`` and ``kubesim replay``: a script played, and a journal done again."""

import io
import json
from pathlib import Path

import pytest

from kubesim import Cluster, Terminal
from kubesim.command import main
from kubesim.userland.shell.interpreter import Interpreter

SCRIPT = "kubectl run web --image nginx\nfor i in 1 2\ndo echo $i\ndone\nfalse\n"


def test_a_script_is_played_and_its_status_is_the_last_line_s(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "script"
    file.write_text(SCRIPT)
    assert main(["run", str(file)]) == 1
    assert capsys.readouterr().out == "pod/web created\n1\n2\n"


def test_a_script_may_come_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hostname; ls nowhere"))
    assert main(["run", "-", "--on", "laptop"]) == 2
    assert tuple(capsys.readouterr()) == ("laptop\n", "ls: cannot access 'nowhere': No such file or directory\n")


def test_a_cluster_is_saved_and_the_next_script_goes_on_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, journal = tmp_path / "first", tmp_path / "second", str(tmp_path / "journal")
    first.write_text("X=kept\nkubectl run web --image nginx")
    second.write_text("echo $X; kubectl get pod -o name")
    main(["run", str(first), "--save", journal])
    assert main(["run", str(second), "--restore", journal]) == 0
    assert capsys.readouterr().out == "pod/web created\nkept\npod/web\n"


def test_a_replay_shows_each_step_and_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = Cluster()
    Terminal(cluster).run("echo hello; ls nowhere")
    cluster.connect("laptop", "http://172.31.0.10:30080")
    with pytest.raises(LookupError):
        cluster.connect("moon", "http://x")
    cluster.save(tmp_path / "journal")
    assert main(["replay", str(tmp_path / "journal")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:4] == [
        "[2]   300.001 s  terminal/0 $ echo hello; ls nowhere",
        "hello",
        "ls: cannot access 'nowhere': No such file or directory",
    ]
    assert shown[4] == "[3]   300.001 s  cluster.connect('laptop', 'http://172.31.0.10:30080')"
    assert shown[5].startswith("laptop → http://172.31.0.10:30080")
    assert shown[-1].startswith("LookupError: 'moon' is no machine that runs")


def test_a_fault_of_kubesim_is_shown_with_its_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(Interpreter, "command_list", broken)
    cluster = Cluster()
    with pytest.raises(ZeroDivisionError):
        Terminal(cluster).run("anything")
    cluster.save(tmp_path / "journal")
    assert main(["replay", str(tmp_path / "journal")]) == 1
    shown = capsys.readouterr().out
    assert "Traceback (most recent call last)" in shown and shown.endswith("ZeroDivisionError: a fault\n")


def test_a_journal_that_breaks_off_is_said_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = Cluster()
    cluster.advance(5)
    path = tmp_path / "journal"
    cluster.save(path)
    path.write_text(path.read_text()[:-4])
    assert main(["replay", str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.out == "[1]   305.000 s  cluster.advance(5)\n"
    assert captured.err == f"kubesim replay: {path} breaks off: it is followed to its last whole step, number 1\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere"], "kubesim run: FILE must be a script that can be read, got nowhere: No such file"),
        (["run", "-", "--on", "moon"], "kubesim run: 'moon' is no machine that runs"),
        (["run", "-", "--cluster", "nowhere"], "kubesim run: a cluster file must be one that can be read"),
        (["run", "-", "--restore", "nowhere"], "kubesim run: a journal must be a file that can be read"),
        (["replay", "nowhere"], "kubesim replay: a journal must be a file that can be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(words) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(said) and captured.err.count("\n") == 1 and captured.out == ""


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert {"lab", "run", "replay"} <= set(capsys.readouterr().out.split())


def test_a_journal_is_readable_text(tmp_path: Path) -> None:
    cluster = Cluster()
    Terminal(cluster).run("echo ä")
    cluster.save(tmp_path / "journal")
    lines = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert lines[2]["arguments"] == ["echo ä", 1] and lines[-1] == {"steps": 2}
