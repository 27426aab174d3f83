"""Read what ``kubectl get … -o json|yaml`` printed: one file or several, Lists, Lists of Lists, typed lists.

A dump is large, so JSON is read by the fast reader; only YAML goes through Go's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kubesim.api import go_json, go_yaml
from kubesim.api.objects import Wire
from kubesim.cluster.arguments import shown
from kubesim.cluster.documents import names_file, text_of


def read_dump(given: Any) -> list[Wire]:
    """The objects of a dump; where several files hold the same object, the last one counts.

    :param given: text, a path to it, an object, a List, or a sequence of any of these.
    :raises ValueError: where there is something else in it; a Table says how to make a dump.
    """
    found: dict[tuple[str, ...], Wire] = {}
    for number, wire in enumerate(_objects(given)):
        metadata = wire.get("metadata")
        name = (metadata.get("namespace") or "", metadata.get("name")) if isinstance(metadata, dict) else ("", None)
        group = str(wire.get("apiVersion")).rpartition("/")[0]
        whole = isinstance(name[1], str)  # one without a name is refused where it is stored
        found[(group, str(wire.get("kind")), str(name[0]), str(name[1])) if whole else (str(number),)] = wire
    return list(found.values())


def _objects(given: Any) -> Iterator[Wire]:
    if isinstance(given, Path) or (isinstance(given, str) and names_file(given)):
        yield from _of_text(text_of(Path(given)))
    elif isinstance(given, str):
        yield from _of_text(given)
    elif isinstance(given, dict):
        yield from _of_document(go_json.value_of(given), "", "")
    elif isinstance(given, bytes) or not isinstance(given, Iterable):
        raise ValueError(f"a dump must be JSON or YAML text, a file that exists, or objects, got {shown(given)}")
    else:
        for each in given:
            yield from _objects(each)


def _of_text(text: str) -> Iterator[Wire]:
    cleaned = go_json.clean(text).lstrip("\ufeff")
    for document in _json(cleaned) if cleaned.lstrip().startswith("{") else go_yaml.load_all(cleaned):
        yield from _of_document(document, "", "")


def _json(text: str) -> Iterator[Any]:
    """The documents of JSON text; there may be several, one after the other, as two commands print them."""
    reader, position = json.JSONDecoder(), 0
    while position < len(text):
        while position < len(text) and text[position] in " \t\r\n":
            position += 1
        if position == len(text):
            return
        try:
            document, position = reader.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            if position == 0:  # a YAML flow mapping may begin so too
                yield from go_yaml.load_all(text)
                return
            raise ValueError(f"a dump must be whole JSON or YAML, got a broken one: {error}") from None
        yield go_json.value_of(document)


def _of_document(document: Any, version: str, kind: str) -> Iterator[Wire]:
    """The objects of a document.

    :param version: of the items of a typed list, which as the API server writes them say neither this nor their kind.
    """
    if document is None or document == {}:
        return
    if not isinstance(document, dict):
        raise ValueError(f"a dump must hold objects, got {shown(document)}")
    own = str(document.get("kind") or kind)
    if own == "Table":
        raise ValueError(
            "a dump must hold whole objects, got a Table, which holds only the columns of kubectl's output: "
            "make it with kubectl get … -o json or -o yaml"
        )
    if own.endswith("List") and "items" in document:
        items = document["items"]
        if not isinstance(items, list | None):
            raise ValueError(f"the items of a {own} must be a list of objects, got {shown(items)}")
        of_items = "" if own == "List" else own.removesuffix("List")
        for item in items or []:
            yield from _of_document(item, str(document.get("apiVersion") or version) if of_items else "", of_items)
    elif kind and "kind" not in document:
        yield {"apiVersion": version, "kind": kind, **document}
    else:
        yield document
