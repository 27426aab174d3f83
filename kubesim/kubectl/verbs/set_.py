"""``kubectl set``: one thing about an object: its image, environment, selector, service account or resources.

The objects are found before what is to be set is looked at, so of two mistakes that about the objects is named.
Upstream: ``k8s.io/kubectl/pkg/cmd/set``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence

from kubesim.api import names
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.quantities import parse as parse_quantity
from kubesim.api.selectors import EXISTS, MISSING, Requirement, parse_label_selector
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, raise_all, with_prefix
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import dry_run
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import LOCAL_ONLY, select
from kubesim.kubectl.verbs.label import split_words

NOTHING_NAMED = "one or more resources must be specified as <resource> <name> or <resource>/<name>"
BOTH_ALL_AND_SELECTOR = "cannot set --all and --selector at the same time"
LOCAL_AND_SERVER = "cannot specify --local and --dry-run=server - did you mean --dry-run=client?"


def _targets(call: Call, words: Sequence[str]) -> list[Info]:
    """The objects to change.

    :raises KubectlError: where they are named and the server may not be asked.
    """
    if call.flags.on("local") and words:
        raise KubectlError(LOCAL_ONLY)
    return select(call, words, all_if_bare=call.flags.on("all"), latest=not call.flags.on("local")).infos()


def _flag_problems(call: Call) -> list[Exception]:
    """What is wrong with flags that contradict each other."""
    flags, problems = call.flags, []
    if flags.on("all") and flags.has("selector") and flags.text("selector"):
        problems.append(KubectlError(BOTH_ALL_AND_SELECTOR))
    if flags.on("local") and dry_run(call) == "server":
        problems.append(KubectlError(LOCAL_AND_SERVER))
    return [*problems]


def _pod_spec(wire: Wire) -> Wire:
    """The part of an object that says what its Pods are.

    :raises KubectlError: where it has none; Go's name of the struct stands in it.
    """
    if wire.get("kind") == "Pod":
        return wire.setdefault("spec", {})  # type: ignore[no-any-return]
    spec = (wire.get("spec") or {}).get("template", {}).get("spec")
    if spec is None:
        version = wire["apiVersion"].rpartition("/")[2]
        raise KubectlError(f"the object is not a pod or does not have a pod template: *{version}.{wire['kind']}")
    return spec  # type: ignore[no-any-return]


def _change_pods(
    call: Call,
    infos: Sequence[Info],
    edit: Callable[[Info, Wire], object],
    done: str,
    failing: str,
    problems: list[Exception],
) -> int:
    """Change what each object says of its Pods; those that do not change are not named.

    :param edit: changes a Pod's spec in place.
    :param failing: stands before a refusal of the server.
    :param problems: what went wrong so far; raised at the end with what goes wrong here.
    """
    changes = Changes(call, typed=True)
    for info in infos:
        after = copy.deepcopy(info.object or {})
        try:
            edit(info, _pod_spec(after))
        except KubectlError as error:
            problems.append(KubectlError(f"error: {info.type.plural}/{info.name} {error}\n"))
            continue
        if after == info.object:
            continue
        try:
            changes.send(info, after, done)
        except ApiError as error:
            problems.append(with_prefix(error, failing))
    raise_all(problems)
    return 0


def _containers(spec: Wire, *, initial_first: bool = False) -> list[Wire]:
    initial, others = spec.get("initContainers") or [], spec.get("containers") or []
    return [*initial, *others] if initial_first else [*others, *initial]


def _chosen(spec: Wire, pattern: str) -> Iterator[Wire]:
    wanted = re.compile(re.escape(pattern).replace(r"\*", ".*"))
    return (container for container in _containers(spec) if wanted.fullmatch(container.get("name", "")))


def image(call: Call) -> int:
    """``kubectl set image``: new images for containers."""
    words, changes = split_words(call.arguments, "image")
    invalid = [change for change in changes if "=" not in change[1:]]
    if invalid:
        raise KubectlError(f"invalid image format: {', '.join(invalid)}")
    images = dict(change.split("=", 1) for change in changes)
    infos = _targets(call, words)
    problems = _flag_problems(call)
    if not words and not call.flags.texts("filename"):
        problems.append(KubectlError(NOTHING_NAMED))
    if not images:
        problems.append(KubectlError("at least one image update is required"))
    if "*" in images and len(images) > 1:
        more = "all containers are already specified by *, but saw more than one container_name=container_image pairs"
        problems.append(KubectlError(more))
    raise_all(problems)

    def edit(info: Info, spec: Wire) -> None:
        for name, reference in images.items():
            found = [each for each in _containers(spec, initial_first=True) if name in ("*", each.get("name"))]
            for container in found:
                container["image"] = reference
            if not found:
                problems.append(KubectlError(f'error: unable to find container named "{name}"'))

    return _change_pods(call, infos, edit, "image updated", "failed to patch image update to pod template", problems)


def env(call: Call) -> int:
    """``kubectl set env``: environment variables of containers."""
    flags = call.flags
    if flags.on("all") and flags.text("selector"):
        raise KubectlError(BOTH_ALL_AND_SELECTOR)
    words, changes = _split_environment(call.arguments)
    raise_all(_flag_problems(call))
    if not words and not flags.texts("filename"):
        raise KubectlError(NOTHING_NAMED)
    if flags.on("list") and flags.text("output"):
        raise KubectlError("--list and --output may not be specified together")
    add, remove = _environment([*flags.texts("env"), *changes])
    infos = select(call, words, all_if_bare=flags.on("all"), latest=not flags.on("local")).infos()
    listing = flags.on("list")

    def edit(info: Info, spec: Wire) -> None:
        pattern = flags.text("containers")
        found = list(_chosen(spec, pattern))
        if not found:
            call.complain(f'Warning: {info.type.kind}/{info.name} does not have any containers matching "{pattern}"')
        for container in found:
            if not flags.on("overwrite"):
                _refuse_overwrites(container, add)
            entries = _updated(container.get("env") or [], add, remove)
            if entries:
                container["env"] = entries
            else:
                container.pop("env", None)
            if listing:
                _list(call, info, container)

    if listing:
        for info in infos:
            edit(info, _pod_spec(copy.deepcopy(info.object or {})))
        return 0
    return _change_pods(call, infos, edit, "env updated", "failed to patch env update to pod template", [])


def _split_environment(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Resource words, then ``NAME=value`` and ``NAME-`` words."""
    is_change = [bool(re.fullmatch(r"(?s).+=.*", word)) or word.endswith("-") for word in words]
    first = is_change.index(True) if True in is_change else len(words)
    if not all(is_change[first:]):
        raise KubectlError(f"all resources must be specified before environment changes: {' '.join(words)}")
    return list(words[:first]), list(words[first:])


def _environment(changes: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What to set and what to remove."""
    add: dict[str, str] = {}
    remove: list[str] = []
    for change in changes:
        name, equals, value = change.partition("=")
        if equals:
            problems = names.portable_environment_variable(name)
            if problems:
                raise KubectlError(f'"{name}" is not a valid key name: {";".join(problems)}')
            add.setdefault(name, value)
        elif change.endswith("-"):
            remove.append(change[:-1])
        else:
            raise KubectlError(f"unknown environment variable: {change}")
    if any(name in add for name in remove):
        raise KubectlError("can not both modify and remove the same environment variable in the same command")
    return add, remove


def _refuse_overwrites(container: Wire, add: dict[str, str]) -> None:
    for entry in container.get("env") or ():
        name, value = entry["name"], entry.get("value", "")
        if name in add and add[name] != value:
            raise KubectlError(f"'{name}' already has a value ({value}), and --overwrite is false")


def _updated(entries: Sequence[Wire], add: dict[str, str], remove: Sequence[str]) -> list[Wire]:
    """The variables of a container: a new value stands in the place of the first old one, the rest at the end."""
    new = {name: {"name": name, "value": value} if value else {"name": name} for name, value in add.items()}
    kept: list[Wire] = []
    placed = set(remove)
    for entry in entries:
        name = entry["name"]
        if name not in placed:
            kept.append(new.get(name, entry))
        if name in new:
            placed.add(name)
    return [*kept, *(entry for name, entry in new.items() if name not in placed)]


_SOURCES = (("configMapKeyRef", "configmap"), ("secretKeyRef", "secret"))


def _list(call: Call, info: Info, container: Wire) -> None:
    call.say(f"# {info.type.kind} {info.name}, container {container.get('name', '')}")
    for entry in container.get("env") or ():
        source = entry.get("valueFrom")
        if source is None:
            call.say(f"{entry['name']}={entry.get('value', '')}")
        else:
            call.say(f"# {entry['name']} from {_reference(source)}")


def _reference(source: Wire) -> str:
    """Where a variable's value comes from, in words (``GetEnvVarRefString``)."""
    for field, word in _SOURCES:
        if field in source:
            return f"{word} {source[field].get('name', '')}, key {source[field].get('key', '')}"
    if "fieldRef" in source:
        return f"field path {source['fieldRef'].get('fieldPath', '')}"
    if "resourceFieldRef" in source:
        chosen = source["resourceFieldRef"]
        container = f"{chosen['containerName']}/" if chosen.get("containerName") else ""
        return f"resource field {container}{chosen.get('resource', '')}"
    return "invalid valueFrom"


_OPERATORS = {"!=": "NotIn", "notin": "NotIn", "in": "In", EXISTS: "Exists", MISSING: "DoesNotExist"}


def selector(call: Call) -> int:
    """``kubectl set selector``: which Pods a Service selects; the last word says it, whatever it looks like."""
    if not call.arguments:
        raise KubectlError("one selector is required")
    try:
        requirements = parse_label_selector(call.arguments[-1]).requirements
    except ValueError as error:
        raise KubectlError(f'couldn\'t parse the selector string "{call.arguments[-1]}": {error}') from None
    labels = {each.key: each.values[0] for each in requirements if each.operator in ("=", "==")}
    others = [each for each in requirements if each.operator not in ("=", "==")]

    def change(info: Info, after: Wire) -> str:
        if info.type.kind != "Service":
            raise KubectlError("setting a selector is only supported for Services")
        if others:
            shown = " ".join(map(_expression, others))
            raise KubectlError(f"match expression [{shown}] not supported on this object")
        after.setdefault("spec", {})["selector"] = dict(labels)
        if call.flags.text("resource-version"):
            after["metadata"]["resourceVersion"] = call.flags.text("resource-version")
        return "selector updated"

    words = call.arguments[:-1]
    if call.flags.on("local") and words:
        raise KubectlError(LOCAL_ONLY)
    chosen = select(call, words, all_if_bare=call.flags.on("all"), latest=not call.flags.on("local"))
    return Changes(call, typed=True).each(chosen, change)


def _expression(requirement: Requirement) -> str:
    """A requirement as Go prints a struct of it."""
    values = " ".join(sorted(requirement.values))
    return f"{{{requirement.key} {_OPERATORS.get(requirement.operator, requirement.operator)} [{values}]}}"


def service_account(call: Call) -> int:
    """``kubectl set serviceaccount``: the account that Pods run as."""
    raise_all(_flag_problems(call))
    if not call.arguments:
        raise KubectlError("serviceaccount is required")

    def edit(info: Info, spec: Wire) -> None:
        spec["serviceAccountName"] = call.arguments[-1]

    local = call.flags.on("local")
    words = () if local else call.arguments[:-1]
    infos = select(call, words, all_if_bare=call.flags.on("all"), latest=not local).infos()
    changes, problems = Changes(call, typed=True), []
    for info in infos:
        after = copy.deepcopy(info.object or {})
        try:
            edit(info, _pod_spec(after))
            changes.send(info, after, "serviceaccount updated")
        except KubectlError as error:
            problems.append(KubectlError(f"error: {info.type.plural}/{info.name} {error}\n"))
        except ApiError as error:
            problems.append(KubectlError(f"failed to patch ServiceAccountName {error}"))
    raise_all([*problems])
    return 0


def resources(call: Call) -> int:
    """``kubectl set resources``: limits and requests of containers."""
    infos = _targets(call, call.arguments)
    flags = call.flags
    raise_all(_flag_problems(call)[-1:])
    wanted = {kind: flags.text(kind) for kind in ("limits", "requests") if flags.text(kind)}
    if not wanted:
        raise KubectlError("you must specify an update to requests or limits (in the form of --requests/--limits)")
    quantities = {kind: _quantities(text) for kind, text in wanted.items()}
    problems: list[Exception] = []

    def edit(info: Info, spec: Wire) -> None:
        found = list(_chosen(spec, flags.text("containers")))
        for container in found:
            held = dict(container.get("resources") or {})
            for kind, values in quantities.items():
                held[kind] = {**(held.get(kind) or {}), **values}
            container["resources"] = held
        if not found:
            problems.append(KubectlError(f"error: unable to find container named {flags.text('containers')}"))

    failing = "failed to patch resources update to pod template"
    return _change_pods(call, infos, edit, "resource requirements updated", failing, problems)


def _quantities(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        pieces = part.split("=")
        if len(pieces) != 2:
            raise KubectlError(f"Invalid argument syntax {part}, expected <resource>=<value>")
        try:
            parse_quantity(pieces[1])
        except (ValueError, ArithmeticError):
            raise KubectlError(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            ) from None
        found[pieces[0]] = pieces[1]
    return found
