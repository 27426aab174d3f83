"""``kubesim lab [DIR]``: the course in a folder of the learner's, opened in JupyterLab.

The notebooks are copied once; what is there is the learner's and never overwritten. ``--fresh`` sets aside what the
learner has and copies all anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kubesim.data_directory import DATA, NOTEBOOKS

FIRST = "00-start-here.ipynb"
"""What JupyterLab opens."""


def run(given: argparse.Namespace, extra: list[str]) -> int:
    """Put the notebooks into the folder and open JupyterLab there.

    :param extra: more options for JupyterLab.
    :raises ValueError: if the folder cannot be one.
    """
    folder: Path = given.folder
    print(prepare(folder, fresh=given.fresh), flush=True)
    if given.prepare:
        return 0
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # Jupyter refuses unless told
    command = [sys.executable, "-m", "jupyterlab", *root, *extra, str(folder / FIRST)]
    try:
        return subprocess.run(command, env=environment(folder), check=False).returncode
    except KeyboardInterrupt:  # JupyterLab has heard it too and ended
        return 0


def environment(folder: Path = Path()) -> dict[str, str]:
    """The environment for JupyterLab: its kernels have the course's magics from the start, and long lines scroll.

    :param folder: the learner's; Jupyter's own files go there where the home directory cannot be written.
    """
    paths = [str(DATA / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
    home = {} if _can_write_at_home() else {"HOME": str(folder.resolve() / ".home")}
    return {**os.environ, **home, "JUPYTER_PATH": os.pathsep.join(path for path in paths if path)}


def _can_write_at_home() -> bool:
    try:
        with tempfile.TemporaryFile(dir=Path.home()):
            return True
    except (OSError, RuntimeError):  # the second: there is no home at all
        return False


def prepare(folder: Path, *, fresh: bool = False) -> str:
    """Copy the notebooks that the folder lacks.

    :param fresh: set aside those that differ from the course's, and copy all.
    :returns: what was done, in words.
    :raises ValueError: if the folder cannot be one.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"DIR must be a folder, got the file {folder}")
    if folder.resolve() == NOTEBOOKS.resolve():
        raise ValueError(f"DIR must be a folder of your own, got the course's {folder}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        published = sorted(NOTEBOOKS.glob("*.ipynb"))
        aside = _set_aside(folder, published) if fresh else None
        missing = [path for path in published if not (folder / path.name).exists()]
        for path in [*missing, *NOTEBOOKS.glob("*.md")]:
            if not (folder / path.name).exists():  # the pages that notebooks lead to, too
                shutil.copyfile(path, folder / path.name)
    except OSError as error:
        raise ValueError(f"DIR must be a folder that can be written, got {folder}: {error.strerror}") from None
    said = []
    if aside is not None:
        said.append(f"What you had is in {aside}.")
    if missing:
        said.append(f"{_notebooks(len(missing))} put into {folder}.")
    if len(missing) < len(published):
        kept = len(published) - len(missing)
        said.append(f"{_notebooks(kept)} there already, as you left them (--fresh for new copies; yours are kept).")
    return " ".join(said)


def _notebooks(count: int) -> str:
    return "1 notebook was" if count == 1 else f"{count} notebooks were"


def _set_aside(folder: Path, published: list[Path]) -> Path | None:
    """Move the learner's copies that differ from the course's into a folder of their own; None where none does."""
    mine = [folder / path.name for path in published]
    changed = [
        copy
        for copy, path in zip(mine, published, strict=True)
        if copy.exists() and copy.read_bytes() != path.read_bytes()
    ]
    if not changed:
        return None
    number = 1
    while (aside := folder / f"kept-{number}").exists():
        number += 1
    aside.mkdir()
    for copy in changed:
        copy.rename(aside / copy.name)
    return aside
