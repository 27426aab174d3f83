"""The course as a site that needs no server of its own: JupyterLite, whose Python is Pyodide in the reader's browser.

``python -m tools.lite`` (``make lite``) builds it into ``.lite/site``. All of it comes from PyPI and npm, in fixed
versions: JupyterLite (the group ``lite`` of ``pyproject.toml``), Pyodide (:mod:`tools.pyodide`), the kernel's packages
(``requirements.txt``), this checkout's wheel and notebooks. The site asks no other host for any of these. What else
Pyodide's own distribution has, numpy and pandas above all, is named in the site's ``pyodide-lock.json`` by its address
at Pyodide's host, and fetched from there when a cell wants it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import pyodide
from tools.pyodide import ROOT, Unavailable

HERE = Path(__file__).parent
FOLDER = ROOT / ".lite"
HOST = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
"""Where Pyodide's own distribution lies; npm's package has its core alone."""
KERNEL = "@jupyterlite/pyodide-kernel-extension"
"""JupyterLite's extension that runs Pyodide as a kernel; it brings wheels of its own, older ones of some beside."""
BROUGHT = ("piplite", "pyodide_kernel", "ipykernel", "widgetsnbextension-4")
"""Those of its wheels that a kernel needs."""


def build(folder: Path = FOLDER) -> Path:
    """Build the site anew; what was fetched before is not fetched again.

    :returns: its folder.
    :raises Unavailable: where that cannot be done.
    """
    fetched = pyodide.prepare()
    environment = _environment(folder)
    work, site = folder / "work", folder / "site"
    for old in (work, site):
        shutil.rmtree(old, ignore_errors=True)
    distribution = work / "static" / "pyodide"
    shutil.copytree(fetched / "node_modules" / "pyodide", distribution)
    extension = environment / "share" / "jupyter" / "labextensions" / KERNEL
    for wheel in (
        *_wheels_of_the_kernel(folder),
        *(fetched / "wheels").glob("*.whl"),
        *(each for name in BROUGHT for each in extension.rglob(f"{name}*.whl")),
    ):
        shutil.copy(wheel, distribution)
    _pack_sources(fetched / "site", distribution)
    _pack_this_checkout(distribution)
    names = _lock(distribution)
    settings = {
        f"{KERNEL}:kernel": {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": names}},
    }
    (work / "jupyter-lite.json").write_text(
        json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": {"litePluginSettings": settings}})
    )
    shutil.copy(ROOT / "data" / "jupyterlab" / "overrides.json", work)
    _copy_notebooks(work / "files")
    words = ("lite", "build", "--apps", "lab", "--output-dir", site)
    _run(environment / "bin" / "jupyter", *words, "--lite-dir", work, "--no-sourcemaps", folder=work)
    (site / ".nojekyll").touch()  # a host of pages may leave out what begins with an underscore
    return site


def _environment(folder: Path) -> Path:
    """JupyterLite, and what its pages need of widgets, in an environment of their own."""
    place, mark = folder / "environment", folder / "environment" / "ready"
    wanted = (ROOT / "pyproject.toml").read_text() + (ROOT / "requirements.lock").read_text()
    if not (mark.exists() and mark.read_text() == wanted):
        folder.mkdir(exist_ok=True)
        uv = Path(sys.executable).with_name("uv")
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, place, folder=ROOT)
        within = ("--quiet", "--python", place / "bin" / "python")
        _run(uv, "pip", "install", *within, "--group", "lite", "--constraints", "requirements.lock", folder=ROOT)
        mark.write_text(wanted)
    return place


def _wheels_of_the_kernel(folder: Path) -> Iterator[Path]:
    pins, wheels = HERE / "requirements.txt", folder / "wheels"
    mark = wheels / "ready"
    if not (mark.exists() and mark.read_text() == pins.read_text()):
        shutil.rmtree(wheels, ignore_errors=True)
        only = ("--no-deps", "--only-binary", ":all:", "--implementation", "py", "--platform", "any", "--abi", "none")
        pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", *only)
        _run(*pip, "--python-version", "3.14", "--dest", wheels, "--requirement", pins, folder=ROOT)
        mark.write_text(pins.read_text())
    return wheels.glob("*.whl")


def _pack_sources(site: Path, distribution: Path) -> None:
    """Put what PyPI has no wheel of for browsers, installed by :func:`tools.pyodide.prepare`, into wheels."""
    for metadata in site.glob(f"{pyodide.SOURCES}-*.dist-info"):
        packages = [site / name for name in (metadata / "top_level.txt").read_text().split()]
        name = metadata.name.removesuffix(".dist-info")
        with zipfile.ZipFile(distribution / f"{name}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            for package in (metadata, *packages):
                for path in sorted(package.rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts:
                        wheel.write(path, path.relative_to(site))


def _pack_this_checkout(distribution: Path) -> None:
    """Build this checkout's wheel; with it goes the configuration of IPython that ``make`` puts into ``.venv``."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", distribution, folder=ROOT)
    (wheel,) = distribution.glob("kubesim-*.whl")
    name = "-".join(wheel.name.split("-")[:2])
    with zipfile.ZipFile(wheel, "a") as opened:
        configuration = "ipython_config.py"
        opened.write(ROOT / "data" / "ipython" / configuration, f"{name}.data/data/etc/ipython/{configuration}")


def _copy_notebooks(files: Path) -> None:
    """Copy the notebooks, each text in one piece: JupyterLite's table of contents knows no lists of lines."""
    files.mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            for output in cell.get("outputs", []):
                for mime, lines in output.get("data", {}).items():
                    if mime.startswith(("text/", "image/")):
                        output["data"][mime] = "".join(lines)
        (files / path.name).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def _lock(distribution: Path) -> list[str]:
    """Write what Pyodide can load, and from where: the wheels that lie here from here, all else from Pyodide's host.

    :returns: the names of those that lie here.
    """
    path = distribution / "pyodide-lock.json"
    lock = json.loads(path.read_text())
    version = json.loads((distribution / "package.json").read_text())["version"]
    for package in lock["packages"].values():
        package["file_name"] = HOST.format(version=version) + package["file_name"]
    here = [_entry(wheel) for wheel in sorted(distribution.glob("*.whl"))]
    lock["packages"] |= {package["name"]: package for package in here}
    path.write_text(json.dumps(lock))
    return [package["name"] for package in here]


def _entry(wheel: Path) -> dict[str, Any]:
    """A wheel as ``pyodide-lock.json`` describes it; all are loaded at once, so that none names another."""
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as opened:
        tops = {each.split("/")[0].removesuffix(".py") for each in opened.namelist()}
    return {
        "name": re.sub(r"[-_.]+", "-", name).lower(),
        "version": version,
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "install_dir": "site",
        "package_type": "package",
        "imports": sorted(top for top in tops if top.isidentifier()),
        "depends": [],
        "unvendored_tests": False,
    }


def _run(*words: str | Path, folder: Path) -> None:
    done = subprocess.run([*map(str, words)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or "it failed"
        raise Unavailable(f"{Path(words[0]).name} {words[1]}: {said[-2000:]}")
