"""Where the course's files are: the clusters, the chapter's manifests, the images, the exercises, the notebooks."""

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
    """The document of a data file; libyaml reads it, where PyYAML has it, many times as fast as Python."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
