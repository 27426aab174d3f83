"""Where the course's data is: the clusters, the chapter's manifests, the images, the Internet, the exercises."""

from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent.parent / "data"
"""The ``data`` folder of the checkout that kubesim is installed from."""


def read_yaml(path: Path) -> Any:
    """The document of a data file; libyaml reads it, where PyYAML has it, many times as fast as Python."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
