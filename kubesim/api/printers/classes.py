"""Quotas, leases, classes of storage and priority, and what extends the API."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, as_it_is, column, label_map, or_none
from kubesim.api.printers.workloads import containers_of, part

_UNSET = "<unset>"
_DEFAULT_CLASSES = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def _field(name: str, *path: str, empty: Any = "", kind: str = "string") -> Any:
    """A column that shows what stands at a path."""
    return column(name, lambda wire: empty if (value := part(wire, *path)) in (None, "") else value, kind)


def _truth(name: str, *path: str, empty: bool = False) -> Any:
    """A column of a boolean, as Go prints it."""

    def cell(wire: Wire) -> str:
        value = part(wire, *path)
        return str(empty if value is None else value).lower()

    return column(name, cell)


def _count(name: str, *path: str) -> Any:
    return column(name, lambda wire: len(part(wire, *path) or ()), "integer")


def _used(wire: Wire, limits: bool) -> str:
    """``cpu: 1/2, pods: 3/10``: what is used of what may be; limits apart from everything else."""
    hard, used = part(wire, "status", "hard") or {}, part(wire, "status", "used") or {}
    return ", ".join(
        f"{name}: {used.get(name, 0)}/{hard[name]}" for name in sorted(hard) if name.startswith("limits") is limits
    )


RESOURCE_QUOTA = Printer(
    as_it_is,
    (
        NAME,
        column("Request", lambda wire: _used(wire, limits=False)),
        column("Limit", lambda wire: _used(wire, limits=True)),
        AGE,
    ),
)
POD_TEMPLATE = Printer(
    as_it_is,
    (
        NAME,
        column("Containers", lambda wire: containers_of(wire.get("template"))[0]),
        column("Images", lambda wire: containers_of(wire.get("template"))[1]),
        column("Pod Labels", lambda wire: label_map(part(wire, "template", "metadata", "labels"))),
    ),
)
LEASE = Printer(as_it_is, (NAME, _field("Holder", "spec", "holderIdentity"), AGE))
RUNTIME_CLASS = Printer(as_it_is, (NAME, _field("Handler", "handler"), AGE))
PRIORITY_CLASS = Printer(
    as_it_is,
    (
        NAME,
        column("Value", lambda wire: wire.get("value", 0), "integer"),
        _truth("Global-Default", "globalDefault"),
        AGE,
        _field("PreemptionPolicy", "preemptionPolicy"),
    ),
)


def _class_name(wire: Wire) -> str:
    annotations, name = wire["metadata"].get("annotations") or {}, str(wire["metadata"].get("name", ""))
    return f"{name} (default)" if any(annotations.get(each) == "true" for each in _DEFAULT_CLASSES) else name


STORAGE_CLASS = Printer(
    as_it_is,
    (
        (NAME[0], _class_name),
        _field("Provisioner", "provisioner"),
        _field("ReclaimPolicy", "reclaimPolicy", empty="Delete"),
        _field("VolumeBindingMode", "volumeBindingMode", empty=_UNSET),
        _truth("AllowVolumeExpansion", "allowVolumeExpansion"),
        AGE,
    ),
)
VOLUME_ATTRIBUTES_CLASS = Printer(as_it_is, (NAME, _field("DriverName", "driverName"), AGE))
VOLUME_ATTACHMENT = Printer(
    as_it_is,
    (
        NAME,
        _field("Attacher", "spec", "attacher"),
        _field("PV", "spec", "source", "persistentVolumeName"),
        _field("Node", "spec", "nodeName"),
        _truth("Attached", "status", "attached"),
        AGE,
    ),
)
CSI_NODE = Printer(as_it_is, (NAME, _count("Drivers", "spec", "drivers"), AGE))


def _tokens(wire: Wire) -> str:
    requests = part(wire, "spec", "tokenRequests") or ()
    return ",".join(each.get("audience", "") for each in requests) if requests else _UNSET


CSI_DRIVER = Printer(
    as_it_is,
    (
        NAME,
        _truth("AttachRequired", "spec", "attachRequired", empty=True),
        _truth("PodInfoOnMount", "spec", "podInfoOnMount"),
        _truth("StorageCapacity", "spec", "storageCapacity"),
        column("TokenRequests", _tokens),
        _truth("RequiresRepublish", "spec", "requiresRepublish"),
        column("Modes", lambda wire: ",".join(part(wire, "spec", "volumeLifecycleModes") or ()) or NONE),
        AGE,
    ),
)
CSI_STORAGE_CAPACITY = Printer(
    as_it_is, (NAME, _field("StorageClassName", "storageClassName"), _field("Capacity", "capacity", empty=_UNSET))
)
WEBHOOKS = Printer(as_it_is, (NAME, _count("Webhooks", "webhooks"), AGE))


def _kind_of(*path: str) -> Any:
    """A column of the kind that something takes its parameters from."""

    def cell(wire: Wire) -> str:
        given = part(wire, *path)
        return _UNSET if given is None else f"{given.get('apiVersion', '')}/{given.get('kind', '')}"

    return cell


def _parameter(wire: Wire) -> str:
    given = part(wire, "spec", "paramRef")
    if given is None:
        return _UNSET
    if given.get("name"):
        return f"{given['namespace']}/{given['name']}" if given.get("namespace") else str(given["name"])
    return f"{given['namespace']}/*" if given.get("namespace") else "*"


VALIDATING_POLICY = Printer(
    as_it_is,
    (NAME, _count("Validations", "spec", "validations"), column("ParamKind", _kind_of("spec", "paramKind")), AGE),
)
MUTATING_POLICY = Printer(
    as_it_is, (NAME, _count("Mutations", "spec", "mutations"), column("ParamKind", _kind_of("spec", "paramKind")), AGE)
)
POLICY_BINDING = Printer(
    as_it_is, (NAME, _field("PolicyName", "spec", "policyName"), column("ParamRef", _parameter), AGE)
)


def _service(wire: Wire) -> str:
    service = part(wire, "spec", "service")
    return "Local" if service is None else f"{service.get('namespace', '')}/{service.get('name', '')}"


def _available(wire: Wire) -> str:
    for each in part(wire, "status", "conditions") or ():
        if each.get("type") == "Available":
            reason = f" ({each.get('reason', '')})" if each.get("status") != "True" else ""
            return f"{each.get('status', '')}{reason}"
    return "Unknown"


API_SERVICE = Printer(as_it_is, (NAME, column("Service", _service), column("Available", _available), AGE))
FLOW_SCHEMA = Printer(
    as_it_is,
    (
        NAME,
        _field("PriorityLevel", "spec", "priorityLevelConfiguration", "name"),
        _field("MatchingPrecedence", "spec", "matchingPrecedence", empty=0, kind="integer"),
        _field("DistinguisherMethod", "spec", "distinguisherMethod", "type", empty=NONE),
        AGE,
        column("MissingPL", lambda wire: _dangling(wire)),
    ),
)


def _dangling(wire: Wire) -> str:
    conditions = part(wire, "status", "conditions") or ()
    return next((each.get("status", "?") for each in conditions if each.get("type") == "Dangling"), "?")


def _shares(wire: Wire) -> object:
    limited = part(wire, "spec", "limited") or part(wire, "spec", "exempt")
    return NONE if limited is None else limited.get("nominalConcurrencyShares", NONE)


def _queuing(name: str, field: str) -> Any:
    return column(name, lambda wire: part(wire, "spec", "limited", "limitResponse", "queuing", field) or NONE)


PRIORITY_LEVEL = Printer(
    as_it_is,
    (
        NAME,
        _field("Type", "spec", "type"),
        column("NominalConcurrencyShares", _shares),
        _queuing("Queues", "queues"),
        _queuing("HandSize", "handSize"),
        _queuing("QueueLengthLimit", "queueLengthLimit"),
        AGE,
    ),
)


def _claim_state(wire: Wire) -> str:
    """``pending``, or what was done with a claim, joined by commas."""
    status = wire.get("status") or {}
    words = [word for word, field in (("allocated", "allocation"), ("reserved", "reservedFor")) if status.get(field)]
    if wire["metadata"].get("deletionTimestamp"):
        words.append("deleted")
    return ",".join(words) or "pending"


RESOURCE_CLAIM = Printer(as_it_is, (NAME, column("State", _claim_state), AGE))
RESOURCE_SLICE = Printer(
    as_it_is,
    (
        NAME,
        column("Node", lambda wire: or_none(part(wire, "spec", "nodeName")).replace(NONE, _UNSET)),
        _field("Driver", "spec", "driver"),
        _field("Pool", "spec", "pool", "name"),
        AGE,
    ),
)
