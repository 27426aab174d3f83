"""Predictions: the answer is hidden until one has chosen, and the simulator says which choice was right."""

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from kubesim import load_ipython_extension
from kubesim.notebook.prediction import Answer, Choice, Prediction, Question
from kubesim.notebook.session import Score

CELL = """\
( ) one :: not master
( ) two :: /^master .*(\\n.*)*^worker /
( ) twenty
%%terminal
kubectl get nodes --no-headers --sort-by .metadata.name
"""


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    load_ipython_extension(shell)
    yield shell


def asked(shell: InteractiveShell, question: str, cell: str) -> Prediction:
    made = shell.run_cell_magic("predict", question, cell)
    assert isinstance(made, Prediction)
    return made


def test_the_answer_is_shown_when_one_has_chosen(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    made = asked(shell, "How many nodes?", CELL)
    assert "worker" not in capsys.readouterr().out, "the cell's own output is held back"
    assert made.right.text == "two"
    assert made.shown.value == "" and made.verdict.text == ""
    made.choice.value = "twenty"
    assert "master" in made.shown.value
    assert made.verdict.text == "Not so: two. (0 of 1 predictions right so far)"


def test_only_the_first_choice_counts(shell: InteractiveShell) -> None:
    score = Score()
    made = Prediction(Question.read("q", "( ) a\n( ) b\n1\n"), Answer("a", ""), score)
    for choice in ("b", "a", "b"):
        made.choice.value = choice
    assert (score.made, score.right) == (1, 0)
    other = Prediction(made.question, made.answer, score)
    other.choice.value = "a"
    assert (score.made, score.right) == (2, 1)


def test_without_a_kernel_the_answer_is_folded(shell: InteractiveShell) -> None:
    page = asked(shell, "How many nodes?", CELL)._repr_mimebundle_()["text/html"]
    before, folded, _ = page.partition("<details>")
    assert "How many nodes?" in before and "<li>two</li>" in before and folded
    assert "worker" not in before


def test_a_picture_can_be_the_answer(shell: InteractiveShell) -> None:
    shell.run_cell_magic("terminal", "", "kubectl run web --image nginx; kubectl expose pod web --port 80")
    made = asked(
        shell,
        "Where does it end?",
        "( ) at the Pod :: delivered to web\n( ) nowhere :: rejected\n"
        "cluster.connect(\"node/master\", f\"http://{cluster.get('Service', 'web').spec.clusterIP}\")\n",
    )
    assert made.right.text == "at the Pod"
    assert '<img src="data:image/svg' in made.answer.page


@pytest.mark.parametrize(
    ("evidence", "answer", "holds"),
    [
        ("a.c", "abc", False),
        ("a.c", "xa.cx", True),
        ("/a.c/", "abc", True),
        ("/^b/", "a\nb", True),
        ("not x", "abc", True),
        ("not /b$/", "ab", False),
        ("/", "a/b", True),
    ],
)
def test_evidence_is_a_text_a_pattern_or_its_absence(evidence: str, answer: str, holds: bool) -> None:
    assert Choice("", evidence).holds(answer) is holds


@pytest.mark.parametrize(
    ("line", "body"),
    [("", CELL), ("q", "( ) only one\n1\n"), ("q", "1\n"), ("q", "( ) a\n( ) b\n"), ("q", "( ) a\n( ) b\n\n")],
)
def test_what_a_prediction_must_have_is_said(line: str, body: str) -> None:
    with pytest.raises(ValueError, match="a prediction must have a question"):
        Question.read(line, body)


@pytest.mark.parametrize(("answer", "found"), [("zzz", "none"), ("xxx yyy", "'x', 'y'")])
def test_not_exactly_one_right_choice_is_the_author_s_mistake(answer: str, found: str) -> None:
    question = Question.read("q", "( ) x\n( ) y\n1\n")
    with pytest.raises(ValueError, match=f"must be borne out by the answer, got {found}"):
        question.right(answer)


def test_where_no_choice_fits_the_answer_is_shown_like_any_other(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = "( ) a\n( ) b\n%%terminal\nkubectl get node worker -o name\n"
    assert shell.run_cell_magic("predict", "q", cell) is None
    shown = capsys.readouterr().out
    assert shown.startswith("node/worker\n") and "Nothing to predict this time" in shown


def test_code_in_a_choice_is_marked_as_such(shell: InteractiveShell) -> None:
    made = asked(shell, "What does `seq 1` print?", "( ) the number `1` :: 1\n( ) nothing :: not 1\nprint(1)\n")
    assert made.choice.options == ["the number 1", "nothing"]
    assert "<li>the number <code>1</code></li>" in made.static_html() and "<code>seq 1</code>" in made.static_html()
    made.choice.value = "the number 1"
    assert made.verdict.text.startswith("Right.")


def test_a_cell_that_fails_shows_why(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_cell_magic("predict", "q", "( ) a\n( ) b\n1 / 0\n") is None
    assert "ZeroDivisionError" in capsys.readouterr().out
