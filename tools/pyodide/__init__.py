"""The simulator in Pyodide, the Python of browsers, under Node.js: ``python -m tools.pyodide FILE`` runs a file there.

Nothing comes from Pyodide's own host: Pyodide is npm's package, and what the simulator needs is PyPI's
(``requirements.txt``). Both are put into a folder once, ``.pyodide`` in a checkout.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOLDER = ROOT / ".pyodide"
PLATFORM = ("--python-version", "3.14", "--abi", "cp314", "--abi", "none", "--platform", "pyemscripten_2026_0_wasm32")
"""Of the Pyodide that ``package.json`` names; ``any`` is always taken, too."""
SOURCES = "pyyaml"
"""What PyPI has no wheel of for browsers; without its C classes it is Python alone."""


class Unavailable(Exception):  # noqa: N818
    """Node.js or one of the packages is not to be had here; ``str()`` says which."""


def prepare(folder: Path = FOLDER) -> Path:
    """Put Pyodide and the packages into a folder, unless they are there.

    :returns: the folder.
    :raises Unavailable: where that cannot be done.
    """
    if shutil.which("npm") is None:
        raise Unavailable("Node.js with npm is not installed")
    wanted = "".join((HERE / name).read_text() for name in ("requirements.txt", "package.json", "run.mjs"))
    mark = folder / "ready"
    if mark.exists() and mark.read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    wheels, site = folder / "wheels", folder / "site"
    wheels.mkdir(parents=True)
    site.mkdir()
    for name in ("package.json", "run.mjs"):
        shutil.copy(HERE / name, folder)
    _run("npm", "install", "--silent", "--no-audit", "--no-fund", folder=folder)
    pins = [line for line in (HERE / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    binary = [pin for pin in pins if not pin.startswith(SOURCES)]
    only = ("download", "--no-deps", "--only-binary", ":all:", "--implementation", "cp", *PLATFORM)
    _run(*pip, *only, "--dest", wheels, *binary, folder=folder)
    for wheel in wheels.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(site)
    source = [pin for pin in pins if pin.startswith(SOURCES)]
    uv = Path(sys.executable).with_name("uv")
    _run(uv, "pip", "install", "--quiet", "--no-deps", "--no-binary", SOURCES, "--target", site, *source, folder=folder)
    for compiled in site.glob("yaml/*.so"):
        compiled.unlink()
    mark.write_text(wanted)
    return folder


def run(source: Path, folder: Path = FOLDER) -> str:
    """Run a Python file in Pyodide, with the simulator of this checkout; what it printed.

    :raises RuntimeError: where it failed; it says how.
    """
    words = ("node", folder / "run.mjs", source, ROOT, folder / "site")
    done = subprocess.run([*map(str, words)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout


def _run(*words: str | Path, folder: Path) -> None:
    done = subprocess.run([*map(str, words)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "it failed").splitlines()[-1]
        raise Unavailable(f"{Path(words[0]).name} {words[1]}: {last}")
