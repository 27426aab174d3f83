"""How kustomize merges a patch into an object, which is not how the API server does it.

What a patch says of a list comes first, and order is that of the patch; two keys may name an entry (a port and its
protocol); of the directives only ``$patch`` is known (upstream: ``sigs.k8s.io/kustomize/kyaml/yaml/merge2``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubesim.api import go_yaml, schema
from kubesim.api.go_format import sprint
from kubesim.api.objects import Wire
from kubesim.api.strategic_merge import PRIMITIVE, merge_key
from kubesim.kubectl.errors import KubectlError

_DIRECTIVE = "$patch"
_KEYS = {
    ("ports", "containerPort"): ("containerPort", "protocol"),
    ("ports", "port"): ("port", "protocol"),
    ("topologySpreadConstraints", "topologyKey"): ("topologyKey", "whenUnsatisfiable"),
}
"""Lists whose entries are told apart by more than their merge key (``x-kubernetes-list-map-keys``)."""


class _Cleared:
    """What a patch takes away."""


CLEARED = _Cleared()
_MISSING = _Cleared()


def merge(held: Wire, patch: Wire) -> Wire | None:
    """An object after a patch; None where the patch deletes it.

    :raises KubectlError: where both cannot be merged.
    """
    struct = schema.struct_of(str(held.get("kind") or ""), str(held.get("apiVersion") or ""))
    result = _merge(held, patch, struct, None, ())
    return None if result is CLEARED else result


def _merge(held: Any, patch: Any, struct: schema.Struct | None, key: str | None, path: tuple[str, ...]) -> Any:
    """One value merged with what a patch says of it; ``_MISSING`` stands for what is not there."""
    kind = next((type(each) for each in (held, patch) if each is not _MISSING and each is not None), None)
    if kind is list:
        _demand(list, held, patch, path)
        return _merge_lists(held, patch, struct, key, path)
    if kind is dict or kind is None:
        _demand(dict, held, patch, path)
        return _merge_maps(held, patch, struct, path)
    _demand(None, held, patch, path)
    if patch is _MISSING:
        return held
    return CLEARED if patch is None else patch


def _demand(kind: type | None, held: Any, patch: Any, path: tuple[str, ...]) -> None:
    for each in (held, patch):
        if each is _MISSING or each is None:
            continue
        actual = type(each) if isinstance(each, dict | list) else None
        if actual is not kind:
            contents = sprint(each) if actual is None else go_yaml.dump(each).rstrip("\n")
            raise KubectlError(
                f"wrong node kind: expected {_node_kind(kind)} but got {_node_kind(actual)}: node contents:\n"
                f"{contents}\n"
            )


def _node_kind(kind: type | None) -> str:
    """How upstream calls a map, a list and anything else."""
    return "MappingNode" if kind is dict else "SequenceNode" if kind is list else "ScalarNode"


def _merge_maps(held: Any, patch: Any, struct: schema.Struct | None, path: tuple[str, ...]) -> Any:
    directive, patch = _taken_apart(patch)
    if held is _MISSING or held is None:
        if directive == "delete" or patch is _MISSING or patch is None:
            return CLEARED
        held = patch  # what is added is merged with itself, so that directives within it act
    elif patch is None or directive == "delete":
        return CLEARED
    elif directive == "replace":
        held = patch
    result: Wire = {}
    for name in sorted({*held, *(patch if isinstance(patch, dict) else ())}):
        known = struct.fields.get(name) if struct is not None else None
        value = _merge(
            held.get(name, _MISSING),
            patch.get(name, _MISSING) if isinstance(patch, dict) else _MISSING,
            (known.type.item or known.type).struct if known is not None else None,
            merge_key(struct, name),
            (*path, name),
        )
        if value is not CLEARED:
            result[name] = value
    return result


def _taken_apart(patch: Any) -> tuple[str, Any]:
    """The directive of a map, and the map without it."""
    if not isinstance(patch, dict) or _DIRECTIVE not in patch:
        return "merge", patch
    directive = str(patch[_DIRECTIVE])
    if directive not in ("merge", "replace", "delete"):
        raise KubectlError(f"unknown patch strategy '{directive}'")
    return directive, {name: value for name, value in patch.items() if name != _DIRECTIVE}


def _merge_lists(held: Any, patch: Any, struct: schema.Struct | None, key: str | None, path: tuple[str, ...]) -> Any:
    if key is None:
        if patch is _MISSING:
            return held
        return CLEARED if patch is None else patch
    if patch is None:
        return CLEARED
    directive, patch = _directive_of_list([] if patch is _MISSING else patch)
    if directive == "delete":
        return CLEARED
    if directive == "replace" or held is _MISSING or held is None:
        held = patch
    if key == PRIMITIVE:
        return list(dict.fromkeys((*patch, *held)))
    keys = _KEYS.get((path[-1], key), (key,))
    return _merge_entries(held, patch, struct, keys, path)


def _directive_of_list(patch: list[Any]) -> tuple[str, list[Any]]:
    for index, entry in enumerate(patch):
        if isinstance(entry, dict) and set(entry) == {_DIRECTIVE}:
            return _taken_apart(entry)[0], [*patch[:index], *patch[index + 1 :]]
    return "merge", patch


def _values(entry: Any, keys: Sequence[str]) -> tuple[str, ...]:
    found = (entry.get(key) if isinstance(entry, dict) else None for key in keys)
    return tuple("" if value is None else sprint(value) for value in found)


def _merge_entries(
    held: list[Any], patch: list[Any], struct: schema.Struct | None, keys: tuple[str, ...], path: tuple[str, ...]
) -> list[Any]:
    """Entries told apart by their keys: those of the patch first, in its order."""
    named = list(dict.fromkeys(_values(entry, keys) for entry in (*patch, *held)))
    if len(keys) > 1:
        named = list(dict.fromkeys(_agreed(named)))
    result: list[Any] = []
    kept = list(held)
    for values in named:
        mine = next((i for i, entry in enumerate(kept) if _fits(entry, keys, values)), None)
        theirs = next((entry for entry in patch if _fits(entry, keys, values)), _MISSING)
        value = _merge(_MISSING if mine is None else kept[mine], theirs, struct, None, path)
        gone = value is CLEARED or value == {} or value is _MISSING
        if mine is not None:
            kept[mine] = CLEARED if gone else value
        if not gone:
            result.append(value)
    kept = [entry for entry in kept if entry is not CLEARED]
    if len(keys) > 1:
        return _moved_behind(result, kept, keys)
    return result + [entry for entry in kept if not any(entry is each for each in result)]


def _moved_behind(result: list[Any], held: Sequence[Any], keys: Sequence[str]) -> list[Any]:
    """Entries with two keys: those that were there come last, each in the place of what its own keys name.

    An entry that says only one of its keys takes the place of all that have it (upstream: ``appendListNode``).
    """
    for entry in held:
        said = [(key, value) for key, value in zip(keys, _values(entry, keys), strict=True) if value]
        others = (each for each in result if not all(_values(each, (key,)) == (value,) for key, value in said))
        result = [*others, entry]
    return result


def _fits(entry: Any, keys: Sequence[str], values: Sequence[str]) -> bool:
    mine = _values(entry, keys)
    return all(one == other or not one or not other for one, other in zip(mine, values, strict=True)) and any(
        one == other for one, other in zip(mine, values, strict=True)
    )


def _agreed(named: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Keys that say the same, one of them less of it, as one (upstream: ``mergeValues``)."""
    result = list(named)
    for i, one in enumerate(result):
        for j, other in enumerate(result):
            both = list(zip(result[i], other, strict=True))
            if any(a == b for a, b in both) and all(a == b or not a or not b for a, b in both):
                result[i] = result[j] = tuple(a or b for a, b in both)
        del one
    return result
