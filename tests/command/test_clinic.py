"""``kubesim clinic``: a learner at a pipe, from the list to the last hint."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from kubesim.command import clinic, main
from kubesim.exercises.files import CLINIC, names, read
from kubesim.exercises.progress import FILE

CTRL_D = "\x04"
FIRST = names(CLINIC)[0]
CURE = read(FIRST, CLINIC).file.solutions[0].strip()

Play = Callable[..., tuple[str, int]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Play:
    """Say ``kubesim clinic …`` in a folder of one's own, and type some keys."""

    def played(*words: str, keys: str = "") -> tuple[str, int]:
        with create_pipe_input() as pipe:
            pipe.send_text(keys + CTRL_D)
            monkeypatch.setattr(clinic, "session_at", lambda _: PromptSession(input=pipe, output=DummyOutput()))
            status = main(["clinic", *words, "--folder", str(tmp_path)])
        captured = capsys.readouterr()
        return captured.out + captured.err, status

    return played


def test_the_list_has_every_case_and_says_what_is_solved_and_which_hints_were_taken(play: Play) -> None:
    shown, status = play()
    assert status == 0 and [line.split()[0] for line in shown.splitlines()] == names(CLINIC)
    play("hint")
    play("next", keys=f"{CURE}\r")
    assert play("list")[0].splitlines()[0].startswith(f"✓ {FIRST}") and "(1 of 3 hints)" in play("list")[0]


def test_a_case_is_told_mended_and_debriefed(play: Play) -> None:
    shown, status = play("next", keys=f"kubesim clinic hint\rkubesim clinic\r{CURE}\r")
    file = read(FIRST, CLINIC).file
    assert status == 0 and shown.startswith(f"Case {FIRST}, level {file.level}: {file.title}\n")
    told, mended = shown.split("Hint 1 of 3: ")
    assert file.symptom[0].types in told and "✗" in mended and f"Solved. {file.why}" in mended
    assert f"Next: {file.after}" in mended


def test_it_goes_on_where_it_was_left(play: Play) -> None:
    assert play("next", keys="kubectl run extra --image nginx\r")[1] == 1
    assert "extra" in play("next", keys="kubectl get pod\r")[0]
    assert play("check")[1] == 1
    assert play("next", keys=f"{CURE}\r")[1] == 0
    assert play("check", FIRST)[1] == 0
    play("reset", FIRST)
    assert play("check", FIRST)[1] == 1


def test_watch_looks_after_each_line_that_changed_something(play: Play) -> None:
    shown, _ = play("watch", keys=f"kubectl get svc\r{CURE}\r")
    assert len(re.findall("^Solved", shown, re.MULTILINE)) == 2  # after the line, and at the end
    assert shown.index("Solved") > shown.index("CLUSTER-IP")


def test_hints_go_on_from_call_to_call(play: Play) -> None:
    assert [play("hint")[0][:11] for _ in range(4)] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]


def test_another_learner_has_another_case(play: Play) -> None:
    mine = play("solution", "01")[0]
    assert mine != play("solution", "01", "--learner", "Mina")[0] == play("solution", "01")[0]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("next", "nonsense"), "CASE must be one of `kubesim clinic list`, or its beginning, got 'nonsense'"),
        (("check", "0"), "got '0'"),
    ],
)
def test_a_case_that_there_is_not_is_named(play: Play, words: tuple[str, ...], says: str) -> None:
    shown, status = play(*words)
    assert status == 1 and says in shown


def test_a_journal_of_something_else_is_no_traceback(play: Play, tmp_path: Path) -> None:
    play("next", keys="true\r")
    (tmp_path / FILE).write_text('{"learner": "another"}')
    shown, status = play("check", FIRST)
    assert status == 1 and f"must be of the exercise {FIRST} as it is drawn here" in shown


def test_other_machines_and_the_tools_of_a_notebook_are_there_inside(play: Play) -> None:
    """Case 19 is seen from the laptop alone; a hint names the command that follows its packet here."""
    port = re.search(r"kubesim clinic connect laptop (http://172\.31\.0\.11:\d+)`", play("hint", "19")[0])
    assert port is not None
    shown, _ = play(
        "next",
        "19",
        keys="kubesim clinic on laptop hostname; echo 'a  b'\r"
        f"kubesim clinic connect laptop {port[1]}\rkubesim clinic resolve laptop nowhere\r"
        "kubesim clinic diagnose\rkubesim clinic on nowhere true\rkubesim clinic reset\r",
    )
    assert "\nlaptop\na  b\n" in shown
    assert "own-firewall" in shown
    assert "kubesim clinic: " in shown and "nowhere" in shown
    assert "Inside a case there are check, hint, solution, diagnose" in shown
