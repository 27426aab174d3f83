"""The objects that somebody hands over: text, a file, a List, or a sequence of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kubesim.api import go_yaml
from kubesim.api.objects import Wire


def documents_of(manifest: Any) -> Iterable[Wire]:
    """The objects in YAML or JSON text, a file, a List, or a sequence of them."""
    if isinstance(manifest, Path) or (isinstance(manifest, str) and _names_file(manifest)):
        manifest = Path(manifest).read_text(encoding="utf-8")
    if isinstance(manifest, str):
        manifest = go_yaml.load_all(manifest)
    if isinstance(manifest, Mapping):
        manifest = [manifest]
    for document in manifest:
        if not document:
            continue
        if not isinstance(document, Mapping):
            raise ValueError(f"a manifest must be YAML text, a file that exists, or objects, got {document!r:.80}")
        if str(document.get("kind", "")).endswith("List") and "items" in document:
            yield from documents_of(document["items"])
        else:
            yield dict(document)


def _names_file(text: str) -> bool:
    return "\n" not in text and text.endswith((".yaml", ".yml", ".json")) and Path(text).is_file()
