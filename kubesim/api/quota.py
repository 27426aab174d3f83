"""ResourceQuotas: how much a Namespace may hold. What would exceed one is refused; the status counts what is there.

Pods are counted by what they request and are limited to, Services by their types, claims by their size and class, and
everything by number. A quota with scopes counts those Pods alone that are in all of them. Upstream:
``plugin/pkg/admission/resourcequota``, ``pkg/quota/v1/evaluator/core``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from kubesim.api.errors import forbidden
from kubesim.api.objects import Wire
from kubesim.api.quantities import added, canonical, parse
from kubesim.api.resources import ResourceType
from kubesim.api.store import Store
from kubesim.api.strategies.kinds import quality_of_service

KIND = "ResourceQuota"
Amounts = Mapping[str, str]
"""Names of resources, and quantities of them in their canonical form."""

_BY_OLD_NAMES = frozenset({
    "ConfigMap", "PersistentVolumeClaim", "Pod", "ReplicationController", "ResourceQuota", "Secret", "Service",
})  # fmt: skip
"""The kinds that are also counted by their plural alone."""
_TO_BE_SAID = ("cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory")
"""Of these each container must say something, where a quota has them."""
_ENDED = ("Failed", "Succeeded")


def usage(resource: ResourceType, wire: Wire) -> dict[str, str]:
    """What an object takes of its Namespace's quotas."""
    name = resource.plural if not resource.group else f"{resource.plural}.{resource.group}"
    taken = {f"count/{name}": "1"}
    ended = resource.kind == "Pod" and (wire.get("status") or {}).get("phase") in _ENDED
    if resource.kind in _BY_OLD_NAMES and not ended:
        taken[resource.plural] = "1"
    if resource.kind == "Service":
        taken |= _of_service(wire["spec"])
    elif resource.kind == "PersistentVolumeClaim":
        taken |= _of_claim(wire["spec"])
    elif resource.kind == "Pod" and not ended:
        taken |= pod_amounts(wire["spec"])
    return taken


def _of_service(spec: Wire) -> dict[str, str]:
    ports, balanced = spec.get("ports") or [], spec.get("type") == "LoadBalancer"
    if balanced and spec.get("allocateLoadBalancerNodePorts") is False:
        ports = [port for port in ports if port.get("nodePort")]
    exposed = len(ports) if balanced or spec.get("type") == "NodePort" else 0
    return {"services.loadbalancers": str(int(balanced)), "services.nodeports": str(exposed)}


def _of_claim(spec: Wire) -> dict[str, str]:
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0")
    taken = {"requests.storage": canonical(str(size))}
    if spec.get("storageClassName"):
        prefix = f"{spec['storageClassName']}.storageclass.storage.k8s.io"
        taken |= {f"{prefix}/requests.storage": taken["requests.storage"], f"{prefix}/persistentvolumeclaims": "1"}
    return taken


def pod_amounts(spec: Wire) -> dict[str, str]:
    """What the containers of a Pod request, and are limited to, under the names that quotas give it."""
    taken: dict[str, str] = {}
    for part, prefix in (("requests", "requests."), ("limits", "limits.")):
        for name, amount in pod_total(spec, part).items():
            taken[f"{prefix}{name}"] = amount
            if part == "requests" and "/" not in name:
                taken[name] = amount
    return taken


def pod_total(spec: Wire, part: str) -> dict[str, str]:
    """What a Pod's containers ask for together: all that run at once, or the init container that asks for most.

    :param part: ``requests`` or ``limits``.
    """
    total: dict[str, str] = {}
    for container in spec.get("containers") or ():
        total = _added(total, _asked(container, part))
    for container in spec.get("initContainers") or ():
        asked = _asked(container, part)
        if container.get("restartPolicy") == "Always":
            total = _added(total, asked)
        for name, amount in asked.items():
            if name not in total or parse(amount) > parse(total[name]):
                total[name] = canonical(amount)
    return total


def _asked(container: Wire, part: str) -> dict[str, str]:
    return {name: str(amount) for name, amount in ((container.get("resources") or {}).get(part) or {}).items()}


def _added(one: Amounts, other: Amounts, sign: int = 1) -> dict[str, str]:
    return {name: added(one.get(name, "0"), other.get(name, "0"), sign) for name in {**one, **other}}


def total(amounts: Iterable[Amounts]) -> dict[str, str]:
    """Many amounts added up."""
    found: dict[str, str] = {}
    for each in amounts:
        found = _added(found, each)
    return found


# --- scopes --------------------------------------------------------------------------------------------------------


def counts(quota: Wire, resource: ResourceType, wire: Wire) -> bool:
    """Whether an object is in all scopes of a quota."""
    spec = quota["spec"]
    selected = (spec.get("scopeSelector") or {}).get("matchExpressions") or []
    asked = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()] + selected
    return all(resource.kind == "Pod" and _in_scope(each, wire["spec"]) for each in asked)


def _in_scope(asked: Wire, spec: Wire) -> bool:
    scope = asked["scopeName"]
    if scope == "PriorityClass":
        name, values = spec.get("priorityClassName", ""), asked.get("values") or ()
        return {
            "Exists": bool(name),
            "DoesNotExist": not name,
            "In": name in values,
            "NotIn": name not in values,
        }[asked["operator"]]
    ends = spec.get("activeDeadlineSeconds") is not None
    modest = quality_of_service(spec) == "BestEffort"
    affinity = spec.get("affinity") or {}
    terms = [
        term.get("podAffinityTerm", term)
        for kind in ("podAffinity", "podAntiAffinity")
        for terms in (affinity.get(kind) or {}).values()
        for term in terms
    ]
    return {
        "Terminating": ends,
        "NotTerminating": not ends,
        "BestEffort": modest,
        "NotBestEffort": not modest,
        "CrossNamespacePodAffinity": any(t.get("namespaces") or t.get("namespaceSelector") is not None for t in terms),
    }[scope]


# --- admission -----------------------------------------------------------------------------------------------------


def charges(resource: ResourceType, new: Wire, old: Wire | None, store: Store) -> list[tuple[Wire, dict[str, str]]]:
    """The quotas that a write counts towards, each with what is used after it.

    :param old: the object before; None for a new one.
    :raises ApiError: 403 where one would be exceeded, or asks for what the Pod does not say.
    """
    namespace = new["metadata"].get("namespace")
    quotas = store.list(KIND, namespace) if namespace else []
    if not quotas:
        return []
    taken = usage(resource, new)
    if old is not None:
        taken = {name: amount for name, amount in _added(taken, usage(resource, old), -1).items() if amount != "0"}
    found = []
    for quota in quotas:
        hard = quota["spec"].get("hard") or {}
        concerned = {name: amount for name, amount in taken.items() if name in hard}
        if not counts(quota, resource, new):
            continue
        if resource.kind == "Pod":
            _demand_said(resource, new, quota, hard)
        if concerned:
            found.append((quota, _used_after(resource, new, quota, concerned)))
    return found


def _demand_said(resource: ResourceType, pod: Wire, quota: Wire, hard: Amounts) -> None:
    missing: dict[str, list[str]] = {}
    spec = pod["spec"]
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        said = pod_amounts({"containers": [container]})
        for name in _TO_BE_SAID:
            if name in hard and name not in said:
                missing.setdefault(name, []).append(container["name"])
    if missing:
        words = "; ".join(f"{name} for: {','.join(sorted(missing[name]))}" for name in sorted(missing))
        why = f"failed quota: {quota['metadata']['name']}: must specify {words}"
        raise forbidden(resource.plural, pod["metadata"].get("name", ""), why, resource.group)


def _used_after(resource: ResourceType, new: Wire, quota: Wire, taken: Amounts) -> dict[str, str]:
    status, name = quota.get("status") or {}, new["metadata"].get("name", "")
    hard, used = status.get("hard") or {}, status.get("used") or {}
    unknown = sorted(each for each in taken if each not in hard or each not in used)
    if unknown:
        why = f"status unknown for quota: {quota['metadata']['name']}, resources: {','.join(unknown)}"
        raise forbidden(resource.plural, name, why, resource.group)
    after = {**used, **_added({each: used[each] for each in taken}, taken)}
    over = sorted(
        each for each in taken if parse(taken[each]) > Decimal(0) and parse(after[each]) > parse(str(hard[each]))
    )
    if over:
        asked, known, most = (",".join(f"{each}={of[each]}" for each in over) for of in (taken, used, hard))
        why = f"exceeded quota: {quota['metadata']['name']}, requested: {asked}, used: {known}, limited: {most}"
        raise forbidden(resource.plural, name, why, resource.group)
    return after
