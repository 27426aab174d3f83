"""The ward list of the clinic: every case with its level, whether it is solved, and the hints that it gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kubesim.exercises import progress
from kubesim.exercises.exercise import Exercise, case
from kubesim.exercises.files import CLINIC, names, read
from kubesim.views.frames import frame

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Bed:
    """One case on the list.

    :param name: the file's name in ``data/clinic``.
    :param hints: how many of its three hints were taken.
    """

    name: str
    level: int
    title: str
    solved: bool
    hints: int

    @property
    def state(self) -> str:
        """``solved`` or ``open``."""
        return "solved" if self.solved else "open"


class Ward:
    """All cases, as they are drawn for one learner.

    :param learner: any text, such as one's own name: names, addresses and the guilty object follow from it.
    :param folder: where the progress is kept; None takes the one where the notebook is.
    """

    def __init__(self, learner: str = "", folder: Path | None = None) -> None:
        self.learner = learner
        self.folder = folder

    def beds(self) -> list[Bed]:
        """Every case, in order."""
        done, hints = set(progress.solved(self.folder)), progress.hints(self.folder)
        found = []
        for name in names(CLINIC):
            file = read(name, CLINIC, self.learner).file
            found.append(Bed(name, file.level, file.title, name in done, hints.get(name, 0)))
        return found

    def next(self) -> str:
        """The name of the first case that is open; empty where all are solved."""
        return next((bed.name for bed in self.beds() if not bed.solved), "")

    def case(self, name: str) -> Exercise:
        """Open a case.

        :raises FileNotFoundError: if there is no such case.
        """
        return case(name, self.learner, self.folder)

    def table(self) -> pandas.DataFrame:
        """One row a case."""
        rows = [[bed.name, bed.level, bed.title, bed.state, bed.hints or ""] for bed in self.beds()]
        return frame(rows, ["case", "level", "what is told", "state", "hints"])

    def lines(self) -> list[str]:
        """The list for a terminal, a line a case."""
        return [
            f"{'✓' if bed.solved else ' '} {bed.name:26} level {bed.level}  {bed.title}"
            + (f"  ({bed.hints} of 3 hints)" if bed.hints else "")
            for bed in self.beds()
        ]

    def __repr__(self) -> str:
        return self.table().to_string(index=False)

    def _repr_html_(self) -> str:
        return self.table().to_html(index=False)
