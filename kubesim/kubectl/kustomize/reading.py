"""From the text of a file to resources: each must have a kind and a name; lists are taken apart.

Upstream: ``sigs.k8s.io/kustomize/api/resource.Factory``.
"""

from __future__ import annotations

from typing import Any

from kubesim.api import go_yaml
from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.resource import Resource


class NotResourcesError(KubectlError):
    """That a text does not hold resources."""


def resources_of(text: str, path: str = "") -> list[Resource]:
    """The resources of a text, in order.

    :param path: the file that it comes from, for complaints.
    :raises NotResourcesError: where it is no YAML, or a document is no resource.
    """
    try:
        documents = go_yaml.load_all(text, newer=True)
    except go_yaml.YamlError as error:
        where = f" in File: {path}" if path else ""
        raise NotResourcesError(f"MalformedYAMLError: {error.newer}{where}") from None
    found: list[Resource] = []
    waiting: list[Any] = [document for document in documents if document not in (None, {})]
    while waiting:
        document = waiting.pop(0)
        _check(document)
        if document["kind"].endswith("List") and "items" in document:
            items = document["items"]
            if not isinstance(items, list | None):
                raise NotResourcesError(f"expected array in {document['kind']}/items, but found {_type(items)}")
            waiting += [item for item in items or () if item]
        else:
            found.append(Resource(document))
    return found


def _type(value: Any) -> str:
    return "map[string]interface {}" if isinstance(value, dict) else "string"


def _check(document: Any) -> None:
    if not isinstance(document, dict):
        raise NotResourcesError("wrong node kind: expected MappingNode but was ScalarNode")
    kind, metadata = document.get("kind"), document.get("metadata")
    described = _described(document)
    if not isinstance(kind, str) or not kind:
        raise NotResourcesError(f"missing kind in object {described}")
    if not kind.endswith("List") and not (isinstance(metadata, dict) and metadata.get("name")):
        raise NotResourcesError(f"missing metadata.name in object {described}")
    path = _empty_entry(document, "")
    if path:
        raise NotResourcesError(f"empty item at {path} in object {described}")


def _described(document: Wire) -> str:
    """An object's metadata, as Go prints the struct that kustomize reads them into."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    labels, annotations = (sprint(metadata.get(key) or {}) for key in ("labels", "annotations"))
    names = f"{metadata.get('name') or ''} {metadata.get('namespace') or ''}"
    types = f"{document.get('apiVersion') or ''} {document.get('kind') or ''}"
    return f"{{{{{types}}} {{{{{names}}} {labels} {annotations}}}}}"


def _empty_entry(value: Any, path: str) -> str:
    """Where a list has an empty entry, or ""."""
    if isinstance(value, dict):
        found = (_empty_entry(each, f"{path}/{name}" if path else name) for name, each in value.items())
        return next((each for each in found if each), "")
    if isinstance(value, list):
        if any(each is None for each in value):
            return path
        return next((each for each in (_empty_entry(each, path) for each in value) if each), "")
    return ""
