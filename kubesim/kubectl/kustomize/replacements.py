"""Values copied from one resource into fields of others: ``replacements``, and the older ``vars``.

Upstream: ``sigs.k8s.io/kustomize/api/filters/replacement`` and ``.../api/filters/refvar``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kubesim.api import go_yaml
from kubesim.api.go_format import quote, sprint
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.fields import FieldSpec, change_field
from kubesim.kubectl.kustomize.resource import Id, Resource, Resources, Selector

_DEFAULT_PATH = "metadata.name"
_STEP = re.compile(r"(?:\[[^\]]*\]|\\\.|[^.])+")
_BY_KEY = re.compile(r"\[([^=\]]*)=([^\]]*)\]")


def replace_values(resources: Resources, replacement: Mapping[str, Any]) -> None:
    """Copy one value into all its targets.

    :raises KubectlError: where the source or a field of a target is missing.
    """
    value = _source(resources, replacement)
    for target in replacement.get("targets") or ():
        if not target.get("select"):
            raise KubectlError("target must specify resources to select")
        chosen = Selector.of(target["select"])
        rejected = [Selector.of(each) for each in target.get("reject") or ()]
        for resource in resources:
            ids = [resource.id, *resource.previous_ids]
            if not chosen.takes_strings(resource):
                continue
            if any((each.labels or each.annotations) and each.takes_strings(resource) for each in rejected):
                continue
            if any(each.given and each.takes_id(id, id.namespace) for each in rejected for id in ids):
                continue
            if any(chosen.takes_id(id, id.namespace) for id in ids):
                for path in target.get("fieldPaths") or (_DEFAULT_PATH,):
                    _put(resource, path, value, target.get("options") or {})


def _source(resources: Resources, replacement: Mapping[str, Any]) -> Any:
    source, given = replacement.get("source"), replacement.get("sourceValue")
    if given is not None and source is not None:
        raise KubectlError("value and resource selectors are mutually exclusive")
    if given is not None:
        return given
    source = source or {}
    wanted = Id(*(str(source.get(key) or "") for key in ("group", "version", "kind", "name", "namespace")))
    path, options = source.get("fieldPath") or "", source.get("options") or {}
    shown = f"{wanted}{':' if path else ''}{path}"
    found = [each for each in resources if any(_is_selected(id, wanted) for id in (each.id, *each.previous_ids))]
    if not found:
        raise KubectlError(f"nothing selected by {shown}")
    if len(found) > 1:
        raise KubectlError(f"multiple matches for selector {shown}")
    values = list(_look_up(found[0].wire, _steps(path or _DEFAULT_PATH)))
    if not values or values[0] in (None, {}, []):
        raise KubectlError(f"fieldPath `{path or _DEFAULT_PATH}` is missing for replacement source {wanted}")
    value = values[0]
    delimiter, index = options.get("delimiter"), int(options.get("index") or 0)
    if not delimiter:
        return value
    if isinstance(value, dict | list):
        raise KubectlError("delimiter option can only be used with scalar nodes")
    parts = sprint(value).split(delimiter)
    if not 0 <= index < len(parts):
        raise KubectlError(f"options.index {index} is out of bounds for value {sprint(value)}")
    return parts[index]


def _is_selected(id: Id, wanted: Id) -> bool:
    return (
        wanted.name in ("", id.name)
        and (not wanted.namespace or wanted.effective_namespace == id.effective_namespace)
        and id.is_of(wanted.group, wanted.version, wanted.kind)
    )


def _steps(path: str) -> list[str]:
    """The steps of ``spec.template.spec.containers.[name=web].image``; a dot after a backslash is within one."""
    found: list[str] = []
    for word in _STEP.findall(path):
        head, bracket, rest = word.partition("[")
        if bracket and head and "=" in rest:
            found += [head, bracket + rest]
        else:
            found.append(word[1:-1] if word.startswith("[") and word.endswith("]") and "=" not in word else word)
    return [step.replace("\\.", ".") for step in found]


def _look_up(value: Any, steps: Sequence[str]) -> list[Any]:
    found = [value]
    for step in steps:
        found = [inner[key] for each in found for inner, key in _places(each, step, None)]
    return found


def _places(value: Any, step: str, make: Callable[[], Any] | None) -> list[tuple[Any, Any]]:
    """Where a step leads: maps and lists with the key of an entry.

    :param make: makes an entry that is missing; None makes none.
    """
    by_key = _BY_KEY.fullmatch(step)
    if isinstance(value, list):
        if by_key:
            key, wanted = by_key.groups()
            found = [
                (value, i)
                for i, each in enumerate(value)
                if (sprint(each.get(key)) == wanted if isinstance(each, dict) and key else sprint(each) == wanted)
            ]
            if not found and make is not None and key:
                value.append({key: wanted})
                found = [(value, len(value) - 1)]
            return found
        if step == "*":
            return [(value, i) for i in range(len(value))]
        if step.isdecimal() and int(step) < len(value):
            return [(value, int(step))]
        if step == "-" and value:
            return [(value, len(value) - 1)]
        return []
    if not isinstance(value, dict):
        return []
    if step == "*":
        return [(value, key) for key in value]
    if step not in value or value[step] is None:
        if make is None:
            return []
        value[step] = make()
    return [(value, step)]


def _put(resource: Resource, path: str, value: Any, options: Mapping[str, Any]) -> None:
    steps = _steps(path)
    creates = bool(options.get("create"))
    places: list[tuple[Any, Any]] = [({"": resource.wire}, "")]
    for number, step in enumerate(steps):
        following = steps[number + 1] if number + 1 < len(steps) else None
        make = _maker(following, value) if creates else None
        places = [place for held, key in places for place in _places(held[key], step, make)]
    if not places:
        doing = "find or create" if creates else "find"
        raise KubectlError(f"unable to {doing} field {quote(path)} in replacement target")
    for held, key in places:
        held[key] = _joined(held[key], copy.deepcopy(value), options)


def _maker(following: str | None, value: Any) -> Callable[[], Any]:
    if following is None:
        return type(value) if isinstance(value, dict | list) else lambda: None
    return list if _BY_KEY.fullmatch(following) or following.isdecimal() else dict


def _joined(held: Any, value: Any, options: Mapping[str, Any]) -> Any:
    """The value as it stands in its place: a part of the text there, or of the type that was there."""
    delimiter, index = options.get("delimiter"), int(options.get("index") or 0)
    if delimiter:
        if isinstance(held, dict | list):
            raise KubectlError("delimiter option can only be used with scalar nodes")
        parts = sprint(held).split(delimiter)
        text = sprint(value)
        if index < 0:
            parts.insert(0, text)
        elif index >= len(parts):
            parts.append(text)
        else:
            parts[index] = text
        value = delimiter.join(parts)
    if isinstance(held, dict | list) or isinstance(value, dict | list):
        return value
    text = sprint(value)
    return text if isinstance(held, str) else go_yaml.resolve(text)


# --- vars ------------------------------------------------------------------------------------------------------------

_VARIABLE = re.compile(r"\$(?:\$|\(([^)]*)\)|\(|.)?", re.DOTALL)


def note_variables(resources: Resources, variables: Sequence[Mapping[str, Any]]) -> None:
    """Note at each resource which ``vars`` take their value from it.

    :raises KubectlError: where several resources could be meant.
    """
    for variable in variables:
        wanted = _object_of(variable)
        exact = bool(wanted.namespace) or wanted.effective_namespace not in ("default",)
        found = resources.known_as(
            lambda id, wanted=wanted, exact=exact: (  # type: ignore[misc]
                id.equals(wanted) if exact else id.name == wanted.name and id.same_kind(wanted)
            )
        )
        if len(found) > 1:
            name = variable.get("name")
            raise KubectlError(f"found {len(found)} resId matches for var {name} (unable to disambiguate)")
        if found:
            found[0].variables.append(str(variable.get("name")))


def _object_of(variable: Mapping[str, Any]) -> Id:
    said = variable.get("objref") or {}
    group, version = str(said.get("group") or ""), str(said.get("version") or "")
    if said.get("apiVersion"):
        before, slash, after = str(said["apiVersion"]).partition("/")
        group, version = (before, after) if slash else (group, before)
    return Id(group, version, *(str(said.get(key) or "") for key in ("kind", "name", "namespace")))


def put_variables(
    resources: Resources, variables: Sequence[Mapping[str, Any]], specs: Sequence[FieldSpec]
) -> list[str]:
    """Write the values of ``vars`` where ``$(NAME)`` stands; returns those that stand nowhere.

    :raises KubectlError: where a value cannot be found.
    """
    values = {str(each["name"]): _value_of(resources, each) for each in sorted(variables, key=lambda v: v["name"])}
    used: set[str] = set()

    def put(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        whole = re.fullmatch(r"\$\(([^)]*)\)", text)
        if whole and whole[1] in values:
            used.add(whole[1])
            return values[whole[1]]
        return _VARIABLE.sub(part, text)

    def part(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "$" if match[0] == "$$" else match[0]
        if name not in values:
            return match[0]
        used.add(name)
        return sprint(values[name])

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: put(each) for key, each in value.items()}
        return [put(each) for each in value] if isinstance(value, list) else put(value)

    for resource in resources if values else ():
        for spec in specs:
            change_field(resource, spec, change)
    return [name for name in values if name not in used]


def _value_of(resources: Resources, variable: Mapping[str, Any]) -> Any:
    shown = _shown(variable)
    owner = next((each for each in resources if variable.get("name") in each.variables), None)
    if owner is None:
        raise KubectlError(f"var '{shown}' cannot be mapped to a field in the set of known resources")
    path = (variable.get("fieldref") or {}).get("fieldPath") or _DEFAULT_PATH
    steps = [step for word in _steps(path) for step in re.sub(r"\[(\d+)\]$", r".\1", word).split(".")]
    found = _look_up(owner.wire, steps)
    if not found:
        raise KubectlError(f"field specified in var '{shown}' not found in corresponding resource")
    return found[0]


def _shown(variable: Mapping[str, Any]) -> str:
    """A variable as Go prints the struct."""
    id = _object_of(variable)
    version = (variable.get("objref") or {}).get("apiVersion") or ""
    path = (variable.get("fieldref") or {}).get("fieldPath") or _DEFAULT_PATH
    return f"{{{variable.get('name')} {{{version} {id.kind_words} {id.name} {id.namespace}}} {{{path}}}}}"
