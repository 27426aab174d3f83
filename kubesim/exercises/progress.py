"""How far a learner has come: what is solved and which hints were taken, kept in a small file beside the notebooks.

The file is made with the first exercise that is solved, or the first hint that a case gives. It belongs to the folder
that one works in (``kubesim lab`` makes one); reading the course in another folder begins anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubesim.data_directory import read_yaml
from kubesim.exercises.files import EXERCISES
from kubesim.views.frames import frame

if TYPE_CHECKING:
    import pandas

FILE = "kubesim-progress.json"
"""The file's name, in the folder where the notebook is."""


def solved(folder: Path | None = None) -> list[str]:
    """What is solved, in the order in which it was; nothing where the file is not there or not readable.

    :param folder: None takes the one where the notebook is.
    """
    names = _noted(folder).get("solved", [])
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def hints(folder: Path | None = None) -> dict[str, int]:
    """How many hints each case has given: only cases that gave one."""
    found = _noted(folder).get("hints", {})
    return {name: count for name, count in found.items() if type(count) is int} if isinstance(found, dict) else {}


def learner(folder: Path | None = None) -> str:
    """Whose folder it is; empty where nobody said."""
    found = _noted(folder).get("learner", "")
    return found if isinstance(found, str) else ""


def note_solved(name: str, folder: Path | None = None) -> None:
    """Remember that an exercise or a case is solved."""
    done = solved(folder)
    if name not in done:
        _note(folder, solved=[*done, name])


def note_hints(name: str, count: int, folder: Path | None = None) -> None:
    """Remember how many hints a case has given; taking them again counts nothing."""
    given = hints(folder)
    if count > given.get(name, 0):
        _note(folder, hints=given | {name: count})


def note_learner(name: str, folder: Path | None = None) -> None:
    """Remember whose folder it is."""
    if name != learner(folder):
        _note(folder, learner=name)


def board(folder: Path | None = None) -> pandas.DataFrame:
    """Every exercise of the course, a row each, and whether it is solved."""
    done = set(solved(folder))
    rows = [
        [path.stem.partition("-")[0], read_yaml(path)["title"], "✓" if path.stem in done else ""]
        for path in sorted(EXERCISES.glob("*.yaml"))
    ]
    return frame(rows, ["chapter", "exercise", "solved"])


def _noted(folder: Path | None) -> dict[str, Any]:
    try:
        found = json.loads(((folder or Path.cwd()) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note(folder: Path | None, **fields: Any) -> None:
    """Write fields into the file; where the folder cannot be written, they are not remembered."""
    try:
        path = (folder or Path.cwd()) / FILE
        path.write_text(json.dumps(_noted(folder) | fields, indent=1) + "\n", encoding="utf-8")
    except OSError:
        return
