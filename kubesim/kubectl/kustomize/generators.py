"""ConfigMaps and Secrets that a kustomization describes by literals and files, and the hash behind their names.

Upstream: ``sigs.k8s.io/kustomize/api/internal/generators``, ``.../api/kv`` and ``.../api/hasher``.
"""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.generators import content_hash
from kubesim.kubectl.kustomize.loader import Loader
from kubesim.kubectl.kustomize.resource import Resource


def generated(kind: str, entry: Mapping[str, Any], loader: Loader) -> Resource:
    """What one entry of ``configMapGenerator`` or ``secretGenerator`` makes.

    :param kind: ``ConfigMap`` or ``Secret``.
    :raises KubectlError: where it has no name, a source does not parse, or a key comes twice.
    """
    name = entry.get("name")
    if not name:
        raise KubectlError("a configmap must have a name")
    chosen = entry.get("options") or {}
    metadata: Wire = {"name": name}
    if entry.get("namespace"):
        metadata["namespace"] = entry["namespace"]
    for key in ("labels", "annotations"):
        if chosen.get(key):
            metadata[key] = dict(chosen[key])
    wire: Wire = {"apiVersion": "v1", "kind": kind, "metadata": metadata}
    data = _data(name, entry, loader)
    if kind == "Secret":
        wire["type"] = entry.get("type") or "Opaque"
        wire["data"] = {key: _encoded(value) for key, value in data.items()}
    else:
        texts = {key: value for key, value in data.items() if _is_text(value)}
        rest = {key: _encoded(value) for key, value in data.items() if key not in texts}
        wire |= ({"data": texts} if texts else {}) | ({"binaryData": rest} if rest else {})
    if chosen.get("immutable"):
        wire["immutable"] = True
    hashed = not chosen.get("disableNameSuffixHash")
    behavior = entry.get("behavior")
    known = behavior if behavior in ("create", "merge", "replace") else "unspecified"
    return Resource(wire, behavior=known, hashed=hashed)


def with_options(entry: Mapping[str, Any], shared: Mapping[str, Any] | None) -> dict[str, Any]:
    """An entry with the kustomization's ``generatorOptions`` where it does not say otherwise."""
    if not shared:
        return dict(entry)
    return {**entry, "options": _options(entry.get("options"), shared)}


def _options(own: Mapping[str, Any] | None, shared: Mapping[str, Any] | None) -> dict[str, Any]:
    result = dict(own or {})
    for key in ("labels", "annotations"):
        result[key] = {**((shared or {}).get(key) or {}), **(result.get(key) or {})}
    for key in ("disableNameSuffixHash", "immutable"):
        result[key] = bool(result.get(key) or (shared or {}).get(key))
    return result


def _data(name: str, entry: Mapping[str, Any], loader: Loader) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        for key, value in _pairs(entry, loader):
            if key in found:
                raise _RepeatedError(f"configmap {name} illegally repeats the key `{key}`")
            found[key] = value
    except _RepeatedError:
        raise
    except KubectlError as error:
        raise KubectlError(f"loading KV pairs: {error}") from None
    return found


class _RepeatedError(KubectlError):
    pass


def _pairs(entry: Mapping[str, Any], loader: Loader) -> Iterator[tuple[str, str]]:
    variables = [*(entry.get("envs") or ()), *([entry["env"]] if entry.get("env") else [])]
    yield from _told(f"env source files: {_listed(variables)}", lambda: _of_env_files(variables, loader))
    literals = entry.get("literals") or []
    yield from _told(f"literal sources {_listed(literals)}", lambda: map(_literal, literals))
    sources = entry.get("files") or []
    yield from _told(f"file sources: {_listed(sources)}", lambda: (_file(source, loader) for source in sources))


def _listed(words: list[str]) -> str:
    return f"[{' '.join(words)}]"


def _told(what: str, pairs: Any) -> Iterator[tuple[str, str]]:
    try:
        yield from pairs()
    except KubectlError as error:
        raise KubectlError(f"{what}: {error}") from None


def _of_env_files(paths: list[str], loader: Loader) -> Iterator[tuple[str, str]]:
    for path in paths:
        for line in loader.read(path).removeprefix("\ufeff").splitlines():
            stripped = line.lstrip()
            if stripped and not stripped.startswith("#"):
                key, _, value = stripped.partition("=")
                yield key, value


def _literal(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise KubectlError(f"invalid literal source {text}, expected key=value")
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return key, value[1:-1] if quoted else value


def _file(source: str, loader: Loader) -> tuple[str, str]:
    key, equals, path = source.partition("=")
    if not equals:
        return posixpath.basename(source), loader.read(source)
    if "=" in path:
        raise KubectlError(f"source \"{source}\" key name or file path contains '='")
    if not key:
        raise KubectlError(f'missing key name for file path "{path}" in source "{source}"')
    if not path:
        raise KubectlError(f'missing file path for key name "{key}" in source "{source}"')
    return key, loader.read(path)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


LONGEST = 70
"""How long a line of an encoded value may be; a longer value is broken into such lines, each ended."""


def _encoded(value: str) -> str:
    text = base64.b64encode(value.encode(errors="surrogateescape")).decode()
    if len(text) < LONGEST:
        return text
    return "".join(f"{text[start : start + LONGEST]}\n" for start in range(0, len(text), LONGEST))


def name_suffix(wire: Wire) -> str:
    """The hash behind the name of a generated object: of its data and, of a Secret, its type.

    Its name was meant to count, but upstream looks it up where there is never one.
    """
    kind = wire.get("kind")
    said: Wire = {"kind": kind, "name": "", "data": wire.get("data") or ""}
    if kind == "Secret":
        said["type"] = wire.get("type") or ""
    for key in ("binaryData",) if kind == "ConfigMap" else ("stringData",):
        if wire.get(key):
            said[key] = wire[key]
    return content_hash(said)
