"""Where the course's files are: the clusters, the chapter's manifests, the images, the exercises, the notebooks."""

import pickle
from functools import cache
from pathlib import Path
from typing import Any

import yaml


def _root() -> Path:
    """The folder that holds ``data`` and ``notebooks``: the package where a wheel brought them, else the checkout."""
    package = Path(__file__).parent
    return package if (package / "data").is_dir() else package.parent


DATA = _root() / "data"
"""The clusters, manifests, images, exercises and settings."""

NOTEBOOKS = _root() / "notebooks"
"""The chapters as they are published; a learner works on copies."""


def read_yaml(path: Path) -> Any:
    """The document of a data file, a copy of the caller's own.

    A process reads each file once: every cluster wants the images again, and YAML takes ten times as long as a copy.
    """
    return pickle.loads(_pickled(path))


@cache
def _pickled(path: Path) -> bytes:
    """libyaml reads a file, where PyYAML has it, many times as fast as Python."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return pickle.dumps(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))
