"""Nodes: health, addresses, capacity, and how much of it the Pods on them ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from kubesim.api import quantities
from kubesim.api.durations import since
from kubesim.api.go_format import sprint
from kubesim.api.objects import Condition, Container, Node, Pod, Taint, Wire, view
from kubesim.api.printers.cluster import roles
from kubesim.kubectl.describe.surroundings import Surroundings, events_of
from kubesim.kubectl.describe.text import Text, annotation_lines, column, labels, moment

_SYSTEM = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)
RENEWED_EVERY = 10
"""Seconds between two renewals of a kubelet's Lease."""

_STANDARD = ("cpu", "memory", "ephemeral-storage")


def node(wire: Wire, around: Surroundings, text: Text) -> None:
    """Describe a Node."""
    it = view(wire, Node)
    text.line(0, "Name:", it.metadata.name)
    text.line(0, "Roles:", ",".join(roles(it)) or "<none>")
    labels(text, "Labels", it.metadata.labels)
    annotation_lines(text, "Annotations", it.metadata.annotations)
    text.line(0, "CreationTimestamp:", moment(it.metadata.creationTimestamp))
    column(text, "Taints", [_taint(each) for each in sorted(it.spec.taints or (), key=_taint_order)])
    text.line(0, "Unschedulable:", sprint(it.spec.unschedulable))
    _lease(it, around, text)
    _conditions(it, text)
    if it.status.addresses:
        text.line(0, "Addresses:")
        for address in it.status.addresses:
            text.line(1, f"{address.type}:", address.address)
    for title, amounts in (("Capacity", it.status.capacity), ("Allocatable", it.status.allocatable)):
        if amounts:
            text.line(0, f"{title}:")
        for name in sorted(amounts or ()):
            text.line(1, f"{name}:", str((amounts or {})[name]))
    text.line(0, "System Info:")
    for title, key in _SYSTEM:
        text.line(1, f"{title}:", (it.status.nodeInfo or {}).get(key, ""))
    text.given("PodCIDR:", it.spec.podCIDR)
    text.given("PodCIDRs:", ",".join(it.spec.podCIDRs or ()))
    text.given("ProviderID:", it.spec.providerID)
    _pods(it, around, text)
    events_of(text, wire, around)


def _taint(taint: Taint) -> str:
    value = f"={taint.value}" if taint.value else ""
    return f"{taint.key}{value}:{taint.effect}"


def _taint_order(taint: Taint) -> tuple[str, str, str]:
    return taint.effect, taint.key, taint.value


def _lease(it: Node, around: Surroundings, text: Text) -> None:
    """The kubelet's Lease; no Leases are stored, because what they say follows from the Ready condition.

    A kubelet that works renews its Lease every ten seconds; one that does not has left it as it was.
    """
    ready = next((each for each in it.status.conditions or () if each.type == "Ready"), None)
    holder, renewed = "<unset>", "<unset>"
    if ready is not None:
        holder, renewed = it.metadata.name, moment(ready.lastHeartbeatTime)
        if ready.status != "Unknown":
            whole = int(around.now.timestamp())
            renewed = moment((around.now - timedelta(seconds=whole % RENEWED_EVERY)).isoformat())
    text.line(0, "Lease:")
    text.line(1, "HolderIdentity:", holder)
    text.line(1, "AcquireTime:", "<unset>")
    text.line(1, "RenewTime:", renewed)


def _conditions(it: Node, text: Text) -> None:
    if it.status.conditions:
        text.line(0, "Conditions:")
        titles = ("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message")
        # The rules under two of the headings are not as long as these; upstream's neither.
        rules = "---- ------ ----------------- ------------------ ------ -------"
        text.table(1, titles, (_condition(each) for each in it.status.conditions), rules)


def _condition(each: Condition) -> list[str]:
    times = moment(each.lastHeartbeatTime), moment(each.lastTransitionTime)
    return [*(f"{cell} " for cell in (each.type, each.status, *times, each.reason)), each.message]


def _pods(it: Node, around: Surroundings, text: Text) -> None:
    found = [wire for wire in around.objects.list("Pod") if _runs_on(wire, it.metadata.name)]
    allocatable = it.status.allocatable or it.status.capacity or {}
    text.line(0, "Non-terminated Pods:", f"({len(found)} in total)")
    titles = ("Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age")
    requested: list[Mapping[str, Amount]] = []
    limited: list[Mapping[str, Amount]] = []
    rows = []
    for wire in found:
        each = view(wire, Pod)
        requests, limits = pod_amounts(each, "requests"), pod_amounts(each, "limits")
        requested.append(requests)
        limited.append(limits)
        cells = [
            _share(amounts.get(name, Amount()), allocatable, name)
            for name in ("cpu", "memory")
            for amounts in (requests, limits)
        ]
        age = since(each.metadata.creationTimestamp, around.now)
        rows.append((each.metadata.namespace, each.metadata.name, "", *cells, age))
    text.table(1, titles, rows)
    _allocated(total(requested), total(limited), allocatable, text)


def _runs_on(wire: Wire, node_name: str) -> bool:
    phase = (wire.get("status") or {}).get("phase")
    return (wire.get("spec") or {}).get("nodeName") == node_name and phase not in ("Succeeded", "Failed")


def _allocated(
    requests: Mapping[str, Amount], limits: Mapping[str, Amount], allocatable: Mapping[str, Any], text: Text
) -> None:
    text.line(0, "Allocated resources:")
    text.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)")
    huge = sorted(name for name in allocatable if name.startswith("hugepages-"))
    rows = [
        (name, *(_share(amounts.get(name, Amount()), allocatable, name) for amounts in (requests, limits)))
        for name in (*_STANDARD, *huge)
    ]
    for name in sorted(set(allocatable) - {*_STANDARD, *huge, "pods"}):
        rows.append((name, *(str(amounts.get(name, Amount())) for amounts in (requests, limits))))
    text.table(1, ("Resource", "Requests", "Limits"), rows)


def _share(amount: Amount, allocatable: Mapping[str, Any], name: str) -> str:
    whole = quantities.parse(str(allocatable[name])) if name in allocatable else Decimal(0)
    percent = int(amount.value / whole * 100) if whole else 0
    return f"{amount} ({percent}%)"


_BINARY_UNIT = 1024


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity: its value, and whether it is written in powers of 1024 (``Mi``)."""

    value: Decimal = Decimal(0)
    binary: bool = False

    @classmethod
    def parse(cls, text: str) -> Amount:
        """Read a quantity."""
        return cls(quantities.parse(text), text.endswith("i"))

    def __add__(self, other: Amount) -> Amount:
        # A sum is written like its first part that is not zero.
        return Amount(self.value + other.value, self.binary if self.value else other.binary)

    def __str__(self) -> str:
        if self.binary and self.value % _BINARY_UNIT == 0 and self.value:
            return quantities.canonical(f"{self.value / _BINARY_UNIT:f}Ki")
        return quantities.canonical(f"{self.value:f}")


def total(parts: Iterable[Mapping[str, Amount]]) -> dict[str, Amount]:
    """The sum of several resource lists."""
    return _combine(parts, lambda a, b: a + b)


def _combine(parts: Iterable[Mapping[str, Amount]], how: Callable[[Amount, Amount], Amount]) -> dict[str, Amount]:
    combined: dict[str, Amount] = {}
    for part in parts:
        for name, amount in part.items():
            combined[name] = how(combined[name], amount) if name in combined else amount
    return combined


def pod_amounts(pod: Pod, which: str) -> dict[str, Amount]:
    """What a Pod requests, or is limited to: its containers together, or its greediest init container.

    :param which: ``requests`` or ``limits``.
    """
    together = [_of(container, which) for container in pod.spec.containers or ()]
    largest: dict[str, Amount] = {}
    sidecars: list[Mapping[str, Amount]] = []
    for container in pod.spec.initContainers or ():
        if container.restartPolicy == "Always":
            together.append(_of(container, which))
            sidecars.append(_of(container, which))
            start = total(sidecars)
        else:
            start = total([*sidecars, _of(container, which)])
        largest = _combine([largest, start], _larger)
    return _combine([total(together), largest], _larger)


def _larger(a: Amount, b: Amount) -> Amount:
    return b if b.value > a.value else a


def _of(container: Container, which: str) -> dict[str, Amount]:
    amounts: Mapping[str, Any] = (container.resources or {}).get(which) or {}
    return {name: Amount.parse(str(text)) for name, text in amounts.items()}
