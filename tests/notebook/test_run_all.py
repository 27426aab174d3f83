"""Run All, again and again: every notebook shows what is saved, also the second and the third time in one kernel.

The cells run in an IPython shell of this process; ``--nbval`` runs each notebook once more in a kernel of its own.
"""

import configparser
import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from kubesim.data_directory import NOTEBOOKS
from kubesim.notebook.execute import WIDGET_VIEW

TIMES = 3
NOT_COMPARED = (WIDGET_VIEW, "image/png")


class Shown(NamedTuple):
    """What a cell showed: the two streams, and everything that was displayed, by MIME type."""

    out: str
    error: str
    displayed: list[dict[str, Any]]


def sanitizers() -> list[tuple[re.Pattern[str], str]]:
    """What nbval takes out before it compares: pictures, whose shapes follow the fonts of the host."""
    rules = configparser.ConfigParser(interpolation=None)
    rules.read(NOTEBOOKS / "nbval.cfg")
    return [(re.compile(rules[name]["regex"]), rules[name]["replace"]) for name in rules.sections()]


SANITIZERS = sanitizers()


def comparable(data: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for mime, value in data.items():
        if mime not in NOT_COMPARED:
            for pattern, replacement in SANITIZERS:
                value = pattern.sub(replacement, value)
            found[mime] = value
    return found


def saved(cell: Any) -> Shown:
    streams = {
        name: "".join(each.text for each in cell.outputs if each.get("name") == name) for name in ("stdout", "stderr")
    }
    return Shown(
        out=streams["stdout"],
        error=streams["stderr"],
        displayed=[
            comparable(each.data) for each in cell.outputs if each.output_type in ("display_data", "execute_result")
        ],
    )


def run(shell: InteractiveShell, cell: Any) -> Shown:
    outputs: list[dict[str, Any]] = []
    shell.display_trap.hook = CapturingDisplayHook(shell=shell, outputs=outputs)
    with capture_output(display=False) as captured:
        result = shell.run_cell(cell.source, store_history=True)
    if "raises-exception" not in cell.metadata.get("tags", []):
        result.raise_error()
    return Shown(captured.stdout, captured.stderr, [comparable(each["data"]) for each in outputs])


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_run_shows_what_is_saved(path: Path) -> None:
    shell = InteractiveShell(display_pub_class=CapturingDisplayPublisher)
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    expected = [(cell.source, saved(cell)) for cell in cells]
    for _ in range(TIMES):
        assert [(cell.source, run(shell, cell)) for cell in cells] == expected
