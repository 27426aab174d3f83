"""LimitRanges: what a container asks for that says nothing, and the least and the most that may be asked for.

Upstream: ``plugin/pkg/admission/limitranger``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from kubesim.api.errors import forbidden
from kubesim.api.objects import Wire
from kubesim.api.quantities import canonical, parse
from kubesim.api.quota import pod_total
from kubesim.api.resources import ResourceType
from kubesim.api.store import Store

KIND = "LimitRange"
Amounts = Mapping[str, object]
_Judge = Callable[[str, str, str, object, object], str]
"""Name, type, bound, request and limit → what is wrong, or nothing."""


def demand_within_limits(resource: ResourceType, new: Wire, store: Store) -> None:
    """Refuse a new Pod or claim that asks for too little or too much.

    :raises ApiError: 403.
    """
    if resource.kind not in ("Pod", "PersistentVolumeClaim"):
        return
    for limits in store.list(KIND, new["metadata"].get("namespace", "")):
        problems = list(_problems(resource.kind, new["spec"], limits["spec"].get("limits") or ()))
        problems = list(dict.fromkeys(problems))
        if problems:
            why = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise forbidden(resource.plural, new["metadata"].get("name", ""), why, resource.group)


def _problems(kind: str, spec: Wire, limits: Iterable[Wire]) -> Iterator[str]:
    for item in limits:
        if kind == "PersistentVolumeClaim":
            if item.get("type") == kind:
                requests = (spec.get("resources") or {}).get("requests") or {}
                yield from _each(item, "min", _too_small, requests, {})
                yield from _each(item, "max", _request_too_large, requests, {})
        elif item.get("type") == "Container":
            for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
                resources = container.get("resources") or {}
                yield from _of_compute(item, resources.get("requests") or {}, resources.get("limits") or {})
        elif item.get("type") == "Pod":
            yield from _of_compute(item, pod_total(spec, "requests"), pod_total(spec, "limits"))


def _of_compute(item: Wire, requests: Amounts, limits: Amounts) -> Iterator[str]:
    yield from _each(item, "min", _too_small, requests, limits)
    yield from _each(item, "max", _too_large, requests, limits)
    yield from _each(item, "maxLimitRequestRatio", _too_uneven, requests, limits)


def _each(item: Wire, part: str, judge: _Judge, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, bound in sorted((item.get(part) or {}).items()):
        problem = judge(name, item["type"], canonical(str(bound)), requests.get(name), limits.get(name))
        if problem:
            yield problem


def _too_small(name: str, type: str, bound: str, request: object, limit: object) -> str:
    subject = f"minimum {name} usage per {type} is {bound}"
    if request is None:
        return f"{subject}.  No request is specified"
    if _value(request) < parse(bound):
        return f"{subject}, but request is {canonical(str(request))}"
    if limit is not None and _value(limit) < parse(bound):
        return f"{subject}, but limit is {canonical(str(limit))}"
    return ""


def _too_large(name: str, type: str, bound: str, request: object, limit: object) -> str:
    subject = f"maximum {name} usage per {type} is {bound}"
    if limit is None:
        return f"{subject}.  No limit is specified"
    if _value(limit) > parse(bound):
        return f"{subject}, but limit is {canonical(str(limit))}"
    if request is not None and _value(request) > parse(bound):
        return f"{subject}, but request is {canonical(str(request))}"
    return ""


def _request_too_large(name: str, type: str, bound: str, request: object, limit: object) -> str:
    subject = f"maximum {name} usage per {type} is {bound}"
    if request is None:
        return f"{subject}.  No request is specified"
    return f"{subject}, but request is {canonical(str(request))}" if _value(request) > parse(bound) else ""


def _too_uneven(name: str, type: str, bound: str, request: object, limit: object) -> str:
    subject = f"{name} max limit to request ratio per {type} is {bound}"
    for what, amount in (("request", request), ("limit", limit)):
        if amount is None or not _value(amount):
            return f"{subject}, but no {what} is specified or {what} is 0"
    ratio = _value(limit) / _value(request)
    return f"{subject}, but provided ratio is {ratio:.6f}" if ratio > parse(bound) else ""


def _value(amount: object) -> Decimal:
    return parse(str(amount))


# --- defaults ------------------------------------------------------------------------------------------------------


def with_default_resources(spec: Wire, store: Store, namespace: str) -> tuple[Wire, str]:
    """A Pod's spec whose containers ask for what the LimitRanges give those that do not say.

    :returns: the spec, and what was added in upstream's words; empty where nothing was.
    """
    said: list[str] = []
    for limits in store.list(KIND, namespace):
        items = [item for item in limits["spec"].get("limits") or () if item.get("type") == "Container"]
        defaults = {
            part: _merged(items, field) for part, field in (("requests", "defaultRequest"), ("limits", "default"))
        }
        if not any(defaults.values()):
            continue
        parts = (("containers", "container"), ("initContainers", "init container"))
        spec = {
            **spec,
            **{
                part: [_completed(container, defaults, word, said) for container in spec[part]]
                for part, word in parts
                if spec.get(part)
            },
        }
    return spec, f"LimitRanger plugin set: {'; '.join(said)}" if said else ""


def _merged(items: list[Wire], field: str) -> dict[str, str]:
    return {name: str(amount) for item in items for name, amount in (item.get(field) or {}).items()}


def _completed(container: Wire, defaults: Mapping[str, Amounts], word: str, said: list[str]) -> Wire:
    given = container.get("resources") or {}
    known = {
        "limits": given.get("limits") or {},
        "requests": (given.get("limits") or {}) | (given.get("requests") or {}),
    }
    resources = dict(given)
    for part, noun in (("requests", "request"), ("limits", "limit")):
        missing = {name: amount for name, amount in defaults[part].items() if name not in known[part]}
        if missing:
            resources[part] = {**known[part], **missing}
            said.append(f"{', '.join(sorted(missing))} {noun} for {word} {container.get('name', '')}")
    return {**container, "resources": resources} if resources != given else container
