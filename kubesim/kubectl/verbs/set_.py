"""``kubectl set``: one thing about an object: its image, environment, selector, service account or resources."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence

from kubesim.api.objects import Wire
from kubesim.api.selectors import parse_label_map
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, raise_all
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.resource_arguments import select


def _pod_spec(wire: Wire) -> Wire:
    if wire.get("kind") == "Pod":
        return wire.setdefault("spec", {})  # type: ignore[no-any-return]
    spec = (wire.get("spec") or {}).get("template", {}).get("spec")
    if spec is None:
        raise KubectlError(f"the object is not a pod or does not have a pod template: {wire.get('kind')}")
    return spec  # type: ignore[no-any-return]


def _edit_all(call: Call, words: Sequence[str], edit: Callable[[Wire], None], done: str) -> int:
    def change(info: Info, after: Wire) -> str:
        edit(after)
        return done if after != info.object else ""

    selection = select(call, words, everything=call.flags.has("all") and call.flags.on("all"))
    return Changes(call).each(selection, change)


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Resource words, then ``key=value`` and ``key-`` words."""
    resources = [word for word in words if "=" not in word and not word.endswith("-")]
    changes = [word for word in words if "=" in word or word.endswith("-")]
    return resources, changes


def image(call: Call) -> int:
    """``kubectl set image``: new images for containers."""
    resources, changes = _split(call.arguments)
    if not resources and not call.flags.texts("filename"):
        raise KubectlError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not changes:
        raise KubectlError("at least one image update is required")
    invalid = [change for change in changes if "=" not in change[1:]]
    if invalid:
        raise KubectlError(f"invalid image format: {', '.join(invalid)}")
    images = dict(change.split("=", 1) for change in changes)
    if "*" in images and len(images) > 1:
        raise KubectlError(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs"
        )

    problems: list[Exception] = []

    def edit(wire: Wire) -> None:
        spec = _pod_spec(wire)
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        for name, reference in images.items():
            found = [c for c in containers if name in ("*", c.get("name"))]
            for container in found:
                container["image"] = reference
            if not found:
                problems.append(KubectlError(f'unable to find container named "{name}"'))

    try:
        return _edit_all(call, resources, edit, "image updated")
    finally:
        raise_all(problems)


def env(call: Call) -> int:
    """``kubectl set env``: environment variables of containers."""
    resources, changes = _split(call.arguments)
    changes = [*changes, *call.flags.texts("env")]
    if not resources and not call.flags.texts("filename"):
        raise KubectlError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    listing = call.flags.on("list")
    if not changes and not listing:
        raise KubectlError("at least one environment variable must be provided")
    if listing:
        return _list_env(call, resources)
    remove = [change[:-1] for change in changes if change.endswith("-") and "=" not in change]
    add = dict(change.split("=", 1) for change in changes if "=" in change)
    bad = next((name for name in add if not re.fullmatch(r"[A-Za-z_.-][\w.-]*", name)), None)
    if bad is not None:
        raise KubectlError(f'"{bad}" is not a valid environment variable name')

    def edit(wire: Wire) -> None:
        for container in _chosen(_pod_spec(wire), call.flags.text("containers")):
            entries = [e for e in container.get("env") or () if e["name"] not in remove]
            for name, value in add.items():
                old = next((e for e in entries if e["name"] == name), None)
                if old is None:
                    entries.append({"name": name, "value": value})
                else:
                    old.pop("valueFrom", None)
                    old["value"] = value
            if entries:
                container["env"] = entries
            else:
                container.pop("env", None)

    return _edit_all(call, resources, edit, "env updated")


def _chosen(spec: Wire, pattern: str) -> Iterator[Wire]:
    wanted = re.compile(re.escape(pattern).replace(r"\*", ".*"))
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        if wanted.fullmatch(container.get("name", "")):
            yield container


def _list_env(call: Call, resources: Sequence[str]) -> int:
    def act(info: Info) -> None:
        for container in _chosen(_pod_spec(copy.deepcopy(info.object or {})), call.flags.text("containers")):
            call.say(f"# {info.type.kind} {info.name}, container {container.get('name', '')}")
            for entry in container.get("env") or ():
                if "valueFrom" not in entry:
                    call.say(f"{entry['name']}={entry.get('value', '')}")

    select(call, resources, everything=call.flags.on("all")).visit(act)
    return 0


def selector(call: Call) -> int:
    """``kubectl set selector``: which Pods a Service selects."""
    if not call.arguments or (len(call.arguments) < 2 and not call.flags.texts("filename")):
        raise KubectlError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    try:
        chosen = parse_label_map(call.arguments[-1])
    except ValueError as error:
        raise KubectlError(str(error)) from None

    def edit(wire: Wire) -> None:
        if wire.get("kind") != "Service":
            raise KubectlError("setting a selector is only supported for Services")
        wire.setdefault("spec", {})["selector"] = dict(chosen)

    return _edit_all(call, call.arguments[:-1], edit, "selector updated")


def service_account(call: Call) -> int:
    """``kubectl set serviceaccount``: the account that Pods run as."""
    if not call.arguments:
        raise KubectlError("serviceaccount is required")

    def edit(wire: Wire) -> None:
        _pod_spec(wire)["serviceAccountName"] = call.arguments[-1]

    return _edit_all(call, call.arguments[:-1], edit, "serviceaccount updated")


def resources(call: Call) -> int:
    """``kubectl set resources``: limits and requests of containers."""
    limits, requests = _quantities(call.flags.text("limits")), _quantities(call.flags.text("requests"))
    if not limits and not requests:
        raise KubectlError("you must specify an update to requests or limits (in the form of --requests/--limits)")

    def edit(wire: Wire) -> None:
        for container in _chosen(_pod_spec(wire), call.flags.text("containers")):
            held = dict(container.get("resources") or {})
            for name, values in (("limits", limits), ("requests", requests)):
                if values:
                    held[name] = {**(held.get(name) or {}), **values}
            container["resources"] = held

    return _edit_all(call, call.arguments, edit, "resource requirements updated")


def _quantities(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(",") if text else ():
        key, equals, value = part.partition("=")
        if not equals or "=" in value:
            raise KubectlError(f"invalid argument syntax {part}, expected <resource>=<value>")
        found[key] = value
    return found
