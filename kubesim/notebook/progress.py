"""How far a learner has come: which exercises are solved, kept in a small file beside the notebooks.

The file is made with the first exercise that is solved. It belongs to the folder that one works in (``kubesim lab``
makes one); reading the course in another folder begins anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from kubesim.data_directory import DATA, read_yaml

if TYPE_CHECKING:
    import pandas

FILE = "kubesim-progress.json"
"""The file's name, in the folder where the notebook is."""


def solved(folder: Path | None = None) -> list[str]:
    """The exercises that are solved, in the order in which they were; none where the file is not there or not readable.

    :param folder: None takes the one where the notebook is.
    """
    try:
        found = json.loads(((folder or Path.cwd()) / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = found.get("solved", []) if isinstance(found, dict) else []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def note_solved(name: str, folder: Path | None = None) -> None:
    """Remember that an exercise is solved; where the folder cannot be written, it is not remembered."""
    done = solved(folder)
    if name in done:
        return
    try:
        path = (folder or Path.cwd()) / FILE
        path.write_text(json.dumps({"solved": [*done, name]}, indent=1) + "\n", encoding="utf-8")
    except OSError:
        return


def board(folder: Path | None = None) -> pandas.DataFrame:
    """Every exercise of the course, a row each, and whether it is solved."""
    import pandas  # slow to load: only when a table is asked for

    done = set(solved(folder))
    rows = [
        [path.stem.partition("-")[0], read_yaml(path)["title"], "✓" if path.stem in done else ""]
        for path in sorted((DATA / "exercises").glob("*.yaml"))
    ]
    return pandas.DataFrame(rows, columns=["chapter", "exercise", "solved"], dtype=object)
