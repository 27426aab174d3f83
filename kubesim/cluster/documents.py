"""The objects that somebody gives: YAML or JSON text, a file, a List, or a sequence of objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kubesim.api import go_json, go_yaml
from kubesim.api.objects import Wire
from kubesim.cluster.arguments import shown


def documents_of(manifest: Any) -> list[Wire]:
    """The objects in YAML or JSON text, a file, a List, or a sequence of them; they share nothing with what was given.

    :raises ValueError: where there is something else in it.
    """
    if isinstance(manifest, Path) or (isinstance(manifest, str) and names_file(manifest)):
        manifest = text_of(Path(manifest))
    if isinstance(manifest, str):
        return _objects(go_yaml.load_all(go_json.clean(manifest)))
    if isinstance(manifest, Mapping):
        return _objects([go_json.value_of(manifest)])
    if isinstance(manifest, bytes) or not isinstance(manifest, Iterable):
        raise ValueError(f"a manifest must be YAML text, a file that exists, or objects, got {shown(manifest)}")
    return [found for each in manifest for found in _objects([go_json.value_of(each)])]


def text_of(file: Path) -> str:
    """The text of a file.

    :raises ValueError: where it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise ValueError(f"a manifest's file must be one that can be read, got {str(file)!r}: {why}") from None


def _objects(documents: Iterable[Any]) -> list[Wire]:
    """The objects of documents, those of Lists one by one."""
    found: list[Wire] = []
    for document in documents:
        if document is None or document == {}:
            continue
        if not isinstance(document, dict):
            raise ValueError(f"a manifest must be YAML text, a file that exists, or objects, got {shown(document)}")
        if str(document.get("kind", "")).endswith("List") and "items" in document:
            items = document["items"]
            if not isinstance(items, list | None):
                raise ValueError(f"the items of a {document['kind']} must be a list of objects, got {shown(items)}")
            found += _objects(items or [])
        else:
            found.append(document)
    return found


def names_file(text: str) -> bool:
    """Whether a text is the name of a file that exists, and no manifest."""
    return "\n" not in text and text.endswith((".yaml", ".yml", ".json")) and "\0" not in text and Path(text).is_file()
