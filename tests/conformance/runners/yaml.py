"""``yaml/``: an object of tricky scalars (``in.json``), and how kubectl prints it (``out.yaml``, ``out.json``).

The recorded command also set the label ``a=b``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.api import go_json, go_yaml
from tests.conformance.result import Result


def run(path: Path, document: Any) -> Iterator[Result]:
    """Print the object in each format that was recorded; compare byte for byte, and read the YAML back."""
    document["metadata"].setdefault("labels", {})["a"] = "b"
    outputs = {".yaml": go_yaml.dump(document), ".json": go_json.dumps(document) + "\n"}
    for suffix, got in outputs.items():
        recorded = path.with_name(path.name.replace("in", "out", 1)).with_suffix(suffix)
        if recorded.exists():
            expected = recorded.read_text(encoding="utf-8")
            yield Result(recorded.name, got == expected, expected, got)
            if suffix == ".yaml":
                yield Result(f"{recorded.name} read back", go_yaml.load(expected) == json.loads(json.dumps(document)))
