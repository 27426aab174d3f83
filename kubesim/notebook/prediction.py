"""``%%predict``: a cell that asks before it answers.

The cell's first line is the question; the lines that begin with ``( )`` are choices; the rest is a cell like any other.
It is run as usual, but what it shows is held back until the reader has chosen; without a kernel it is folded. Which
choice is right is never written down: it is the one whose evidence stands in what the cell showed.

::

    %%predict What does the client get?
    ( ) the welcome page :: Welcome to nginx
    ( ) a refusal, at once :: Connection refused
    ( ) silence, for a long time :: timed out
    %%terminal
    kubectl exec client -- curl -sS 10.42.2.42
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher

from kubesim.exercises.check import holds, marked
from kubesim.notebook.controls import Announcement, Choices
from kubesim.notebook.session import Score
from kubesim.notebook.widgets import WithStaticTwin

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

CHOICE = re.compile(r"\( \) (?P<text>.+?)(?: :: (?P<evidence>.+))?")


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice.

    :param text: what the reader sees.
    :param evidence: what the answer holds where this choice is right (:func:`kubesim.exercises.check.holds`).
    """

    text: str
    evidence: str

    @property
    def plain(self) -> str:
        """The text on a button, where code cannot be marked."""
        return self.text.replace("`", "")

    def holds(self, answer: str) -> bool:
        """Whether an answer bears the choice out."""
        return holds(self.evidence, answer)


class NothingFitsError(ValueError):
    """Not exactly one choice is borne out by an answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its choices, and the cell that answers it."""

    text: str
    choices: tuple[Choice, ...]
    cell: str

    @classmethod
    def read(cls, line: str, body: str) -> Question:
        """Read a cell.

        :raises ValueError: if the question, two choices or the cell that answers are missing.
        """
        choices = []
        lines = body.splitlines(keepends=True)
        while lines and (found := CHOICE.fullmatch(lines[0].strip())):
            choices.append(Choice(found["text"], found["evidence"] or found["text"]))
            del lines[0]
        cell = "".join(lines)
        if not line.strip() or len(choices) < 2 or not cell.strip():
            raise ValueError(
                "a prediction must have a question after %%predict, two or more lines '( ) choice', and a cell that "
                f"answers; got the question {line.strip()!r}, {len(choices)} choices and {len(cell.split())} words"
            )
        return cls(line.strip(), tuple(choices), cell)

    def right(self, answer: str) -> Choice:
        """The choice that an answer bears out.

        :raises NothingFitsError: if it bears out none, or more than one.
        """
        held = [choice for choice in self.choices if choice.holds(answer)]
        if len(held) != 1:
            found = ", ".join(repr(choice.text) for choice in held) or "none"
            raise NothingFitsError(
                f"exactly one choice of {self.text!r} must be borne out by the answer, got {found}:\n{answer}"
            )
        return held[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a cell showed, in words and as a page."""

    text: str
    page: str

    @classmethod
    def of(cls, printed: str, shown: Sequence[dict[str, Any]]) -> Answer:
        """Put together what was printed and what was displayed (MIME type → data)."""
        texts = [printed.rstrip("\n")] if printed else []
        pages = [f"<pre>{html.escape(printed)}</pre>"] if printed else []
        for data in shown:
            plain = str(data.get("text/plain", ""))
            texts.append(plain)
            pages.append(str(data.get("text/html") or f"<pre>{html.escape(plain)}</pre>"))
        return cls("\n".join(texts), "".join(pages))


@contextlib.contextmanager
def held_back(shell: InteractiveShell) -> Iterator[tuple[io.StringIO, list[dict[str, Any]]]]:
    """Hold back what cells print and display: the printed text, and the displayed (``data``: MIME type → content).

    IPython's own ``capture_output`` knows only the one shell of a process.
    """
    printed, shown = io.StringIO(), list[dict[str, Any]]()
    publisher, hook, trapped = shell.display_pub, sys.displayhook, shell.display_trap.hook
    shell.display_pub = CapturingDisplayPublisher()
    shell.display_pub.outputs = shown
    sys.displayhook = shell.display_trap.hook = CapturingDisplayHook(shell, shell.display_pub.outputs)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield printed, shell.display_pub.outputs
    finally:
        shell.display_pub, sys.displayhook, shell.display_trap.hook = publisher, hook, trapped


class Prediction(WithStaticTwin):
    """A question that is answered when somebody has chosen.

    :param question: what is asked.
    :param answer: what its cell showed.
    :param score: where the choice is counted.
    :raises NothingFitsError: if not exactly one choice is right.
    """

    def __init__(self, question: Question, answer: Answer, score: Score) -> None:
        self.question, self.answer, self.score = question, answer, score
        self.right = question.right(answer.text)
        self.choice = Choices([choice.plain for choice in question.choices], "", "I say")
        self.verdict = Announcement()
        self.shown = widgets.HTML()
        asked = widgets.HTML(f"<b>Predict:</b> {marked(question.text)}")
        super().__init__([asked, self.choice, self.verdict, self.shown])
        self.choice.observe(self._chosen, names="value")

    def _chosen(self, change: Any) -> None:
        good = self.choice.value == self.right.plain
        if not change["old"]:  # only the first choice is a prediction
            self.score.made += 1
            self.score.right += good
        verdict = "Right." if good else f"Not so: {self.right.plain}."
        self.verdict.text = f"{verdict} ({self.score})"
        self.shown.value = self.answer.page

    def static_html(self) -> str:
        """The question, with the answer folded."""
        choices = "".join(f"<li>{marked(choice.text)}</li>" for choice in self.question.choices)
        return (
            f"<p><b>Predict:</b> {marked(self.question.text)}</p><ul>{choices}</ul><details>"
            f"<summary>the answer</summary><p><b>{marked(self.right.text)}</b></p>{self.answer.page}</details>"
        )

    def static_text(self) -> str:
        """The question, the choices and the answer."""
        choices = [f"  ( ) {choice.text}" for choice in self.question.choices]
        return "\n".join(
            [f"Predict: {self.question.text}", *choices, f"The answer: {self.right.text}", self.answer.text]
        )
