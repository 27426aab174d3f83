"""The kinds with little to say (Namespaces, ConfigMaps, Secrets, ServiceAccounts), and any other kind."""

from __future__ import annotations

import base64
import re
from typing import Any

from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.kubectl.describe import access
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, column, labels

_ACRONYMS = ("API", "URL", "UID", "OSB", "GUID")
_SHOWN_ABOVE = ("managedFields", "name", "namespace", "labels", "annotations")


def heading(wire: Wire, text: Text) -> None:
    """Name, namespace (where there is one), labels and annotations."""
    metadata = wire["metadata"]
    text.line(0, "Name:", metadata["name"])
    text.given("Namespace:", metadata.get("namespace"))
    labels(text, "Labels", metadata.get("labels"))
    annotation_lines(text, "Annotations", metadata.get("annotations"))


def namespace(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Namespace, with its quotas and limits."""
    heading(wire, text)
    text.line(0, "Status:", (wire.get("status") or {}).get("phase", ""))
    conditions = (wire.get("status") or {}).get("conditions") or ()
    if conditions:
        text.line(0, "Conditions:")
        titles = ("Type", "Status", "LastTransitionTime", "Reason", "Message")
        keys = [title[0].lower() + title[1:] for title in titles]
        text.table(1, titles, ([each.get(key, "") for key in keys] for each in conditions))
    name = wire["metadata"]["name"]
    text.line(0)
    access.quotas_of_namespace(around.objects.list("ResourceQuota", name), text)
    text.line(0)
    access.limits_of_namespace(around.objects.list("LimitRange", name), text)


def config_map(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a ConfigMap: every value in full."""
    heading(wire, text)
    text.line(0)
    text.line(0, "Data")
    text.line(0, "====")
    for key, value in sorted((wire.get("data") or {}).items()):
        text.line(0, f"{key}:")
        text.line(0, "----")
        text.line(0, value)
        text.line(0)
    text.line(0)
    text.line(0, "BinaryData")
    text.line(0, "====")
    for key, value in sorted((wire.get("binaryData") or {}).items()):
        text.line(0, f"{key}: {_size(value)} bytes")
    text.line(0)
    events_of(text, wire, around)


def secret(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Secret: sizes, no values."""
    heading(wire, text)
    text.line(0)
    text.line(0, "Type:", wire.get("type", ""))
    text.line(0)
    text.line(0, "Data")
    text.line(0, "====")
    for key, value in sorted((wire.get("data") or {}).items()):
        text.line(0, f"{key}:", f"{_size(value)} bytes")


def _size(encoded: str) -> int:
    try:
        return len(base64.b64decode(encoded))
    except ValueError:
        return len(encoded)


def service_account(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a ServiceAccount."""
    heading(wire, text)
    column(text, "Image pull secrets", [each.get("name", "") for each in wire.get("imagePullSecrets") or ()])
    events_of(text, wire, around)


def anything(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe an object field by field."""
    metadata = wire["metadata"]
    text.line(0, "Name:", metadata["name"])
    text.line(0, "Namespace:", metadata.get("namespace", ""))
    labels(text, "Labels", metadata.get("labels"))
    annotation_lines(text, "Annotations", metadata.get("annotations"))
    rest = {key: value for key, value in metadata.items() if key not in _SHOWN_ABOVE}
    _fields({**wire, "metadata": rest}, text, 0)
    events_of(text, wire, around)


def _fields(content: Wire, text: Text, level: int) -> None:
    for key in sorted(content):
        value: Any = content[key]
        title = _title(key)
        if isinstance(value, dict):
            text.line(level, f"{title}:")
            _fields(value, text, level + 1)
        elif isinstance(value, list):
            text.line(level, f"{title}:")
            for child in value:
                if isinstance(child, dict):
                    _fields(child, text, level + 1)
                else:
                    text.line(level + 1, sprint(child))
        else:
            text.line(level, f"{title}:", sprint(value))


def _title(key: str) -> str:
    """``nodeSelectorTerms`` as ``Node Selector Terms``."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+", key)
    return " ".join(word.upper() if word.upper() in _ACRONYMS else word[:1].upper() + word[1:] for word in words)
