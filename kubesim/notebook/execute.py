"""``python -m kubesim.notebook.execute NOTEBOOK…``: run notebooks from a fresh kernel, top to bottom, and save them.

What is saved depends on nothing but the notebook and the simulator: no times, no widget state, one kernel name.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
"""A live widget's view. It is not saved: without a kernel there is no widget, and its static twin is shown instead."""


def execute(path: Path) -> None:
    """Run one notebook in its own folder and save it.

    :raises nbclient.exceptions.CellExecutionError: if a cell fails that is not tagged ``raises-exception``.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET_VIEW, None)
    nbformat.write(notebook, path)


def main(arguments: list[str]) -> int:
    """Execute every notebook named."""
    for argument in arguments:
        print(argument, flush=True)
        execute(Path(argument))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
