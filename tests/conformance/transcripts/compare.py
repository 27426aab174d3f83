"""The comparable form of one output.

Inside an EndpointSlice or an Endpoints object the order of endpoints and ports is chance, and the generation counts how
often a controller happened to write: objects printed as JSON or YAML are put in one order before normalising.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from kubesim.api import go_yaml
from tests.conformance.transcripts.normalise import named_in, normalise

_CHANCE = re.compile(
    r"10\.4[23]\.\d+\.\d+|172\.31\.0\.\d+|[0-9a-f-]{36}|-[bcdfghjklmnpqrstvwxz2456789]{5,10}|master|worker"
)


def comparable(
    recorded: str, printed: str, command: str, named: frozenset[str], *, ordered: bool = False
) -> tuple[str, str]:
    """Two outputs of a command with what cannot be equal taken out.

    :param named: the addresses and node ports that the session names; where the recording has them, so must the other.
    :param ordered: whether rows came one after another.
    """
    pair = (recorded, printed) if ordered else _in_order(recorded, printed)
    fixed = named & named_in([recorded])
    first, second = (normalise(text, command, fixed, ordered=ordered) for text in pair)
    return first, second


def _in_order(recorded: str, printed: str) -> tuple[str, str]:
    """Two outputs as they are, or both written anew where chance ordered either."""
    for starts, load, dump in _FORMATS:
        if not (recorded.startswith(starts) and printed.startswith(starts)):
            continue
        try:
            before = [load(text) for text in (recorded, printed)]
        except (ValueError, go_yaml.YamlError):
            return recorded, printed
        after = [_ordered(value) for value in before]
        return (recorded, printed) if after == before else (dump(after[0]), dump(after[1]))
    return recorded, printed


_FORMATS: tuple[tuple[str, Callable[[str], Any], Callable[[Any], str]], ...] = (
    ("{", json.loads, lambda value: json.dumps(value, indent=4)),
    ("apiVersion: ", go_yaml.load, go_yaml.dump),
)
"""How an output begins that holds objects, and how it is read and written."""


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _ordered(item) for key, item in value.items()}
    for status in (result.get("status") or {}).get("initContainerStatuses") or () if value.get("kind") == "Pod" else ():
        for unwritten in ("containerID", "resources", "volumeMounts"):  # the recorder's kubelet left them out
            status.pop(unwritten, None)
    if value.get("kind") in ("EndpointSlice", "Endpoints"):
        _drop_trigger_time(result.get("metadata"))
    if value.get("kind") == "EndpointSlice":
        result["endpoints"] = _sorted(result.get("endpoints"))
        result["ports"] = _sorted(result.get("ports"))
        if isinstance(result.get("metadata"), dict):
            result["metadata"].pop("generation", None)
    elif value.get("kind") == "Endpoints":
        for subset in result.get("subsets") or ():
            for field in ("addresses", "notReadyAddresses", "ports"):
                if subset.get(field):
                    subset[field] = _sorted(subset[field])
    elif value.get("kind", "").endswith("List") and isinstance(result.get("items"), list):
        kinds = {item.get("kind") for item in result["items"] if isinstance(item, dict)}
        if kinds & {"EndpointSlice", "Pod", "ReplicaSet"}:
            result["items"] = _stable(result["items"])
    return result


def _drop_trigger_time(metadata: Any) -> None:
    """When the change that led to this write happened; written or not as the controller's batches fell."""
    if not isinstance(metadata, dict):
        return
    annotations = metadata.get("annotations") or {}
    annotations.pop("endpoints.kubernetes.io/last-change-trigger-time", None)
    if not annotations:
        metadata.pop("annotations", None)


def _sorted(items: Any) -> Any:
    return sorted(items, key=_without_chance) if isinstance(items, list) else items


def _stable(items: list[Any]) -> list[Any]:
    """Objects whose names differ only in what was generated, in an order that does not depend on it."""

    def key(item: Any) -> tuple[str, str, str, str]:
        metadata = item.get("metadata") or {}
        name = _CHANCE.sub("*", metadata.get("name", ""))
        return (
            item.get("kind", ""),
            metadata.get("namespace", ""),
            name,
            _without_chance(_timeless(item)) if "*" in name else "",
        )

    places = {key(item)[:3]: index for index, item in reversed(list(enumerate(items)))}
    return sorted(items, key=lambda item: (places[key(item)[:3]], key(item)[3]))


def _timeless(value: Any) -> Any:
    text = json.dumps(value, sort_keys=True)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", text)
    return re.sub(r'"(resourceVersion|uid|containerID|imageID)": "[^"]*"', "", text)


def _without_chance(value: Any) -> str:
    return _CHANCE.sub("*", json.dumps(value, sort_keys=True))
