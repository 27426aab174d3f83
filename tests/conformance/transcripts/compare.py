"""The comparable form of one output.

Inside an EndpointSlice or an Endpoints object the order of endpoints and ports is chance, and the generation counts how
often a controller happened to write: objects printed as JSON or YAML are put in one order before normalising.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from tests.conformance.transcripts.normalise import normalise

_CHANCE = re.compile(
    r"10\.4[23]\.\d+\.\d+|172\.31\.0\.\d+|[0-9a-f-]{36}|-[bcdfghjklmnpqrstvwxz2456789]{5,10}|master|worker"
)


def comparable(text: str, *, ordered: bool = False) -> str:
    """An output with what cannot be equal taken out.

    :param ordered: whether its rows came one after another.
    """
    return normalise(text, ordered=True) if ordered else normalise(_in_order(text))


def _in_order(text: str) -> str:
    if "Endpoint" not in text and "-" not in text:
        return text
    if text.startswith("{"):
        try:
            return json.dumps(_ordered(json.loads(text)), indent=4)
        except json.JSONDecodeError:
            return text
    if text.startswith("apiVersion: ") and "initContainerStatuses:" in text:
        return yaml.safe_dump(_ordered(yaml.safe_load(text)), sort_keys=True)
    if text.startswith("apiVersion: ") and re.search(
        r"^\s*(- )?kind: Endpoint(s|Slice)$|^\s*kind: Endpoint(s|Slice)$", text, re.M
    ):
        return yaml.safe_dump(_ordered(yaml.safe_load(text)), sort_keys=True)
    return text


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
