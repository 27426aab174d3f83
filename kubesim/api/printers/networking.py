"""Ingresses, NetworkPolicies, and the ranges and addresses of Services."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, as_it_is, column
from kubesim.api.printers.services import LOAD_BALANCER_WIDTH
from kubesim.api.printers.workloads import part, selector_cell

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_SHOWN_HOSTS = 3


def _hosts(wire: Wire) -> str:
    """The hosts of an Ingress' rules; ``*`` where none says any."""
    hosts = [rule["host"] for rule in part(wire, "spec", "rules") or () if rule.get("host")]
    if not hosts:
        return "*"
    more = len(hosts) - _SHOWN_HOSTS
    return ",".join(hosts[:_SHOWN_HOSTS]) + (f" + {more} more..." if more > 0 else "")


def ingress_address(wire: Wire, with_wide: bool = True) -> str:
    """Where an Ingress is served, as its controller says; cut where wide cells are not wanted."""
    points = part(wire, "status", "loadBalancer", "ingress") or ()
    found = [point.get("ip") or point.get("hostname") or "" for point in points]
    text = ",".join(dict.fromkeys(each for each in found if each))
    if len(text) > LOAD_BALANCER_WIDTH and not with_wide:
        return text[: LOAD_BALANCER_WIDTH - 3] + "..."
    return text


INGRESS = Printer(
    lambda wire, now, with_wide: (wire, with_wide),
    (
        NAME,
        column("Class", lambda read: part(read[0], "spec", "ingressClassName") or NONE),
        column("Hosts", lambda read: _hosts(read[0])),
        column("Address", lambda read: ingress_address(*read)),
        column("Ports", lambda read: "80, 443" if part(read[0], "spec", "tls") else "80"),
        AGE,
    ),
)


def _class_name(wire: Wire) -> str:
    name = str(wire["metadata"].get("name", ""))
    default = (wire["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
    return f"{name} (default)" if default else name


def _parameters(wire: Wire) -> str:
    given = part(wire, "spec", "parameters")
    if given is None:
        return NONE
    group = f".{given['apiGroup']}" if given.get("apiGroup") else ""
    return f"{given.get('kind', '')}{group}/{given.get('name', '')}"


INGRESS_CLASS = Printer(
    as_it_is,
    (
        (NAME[0], _class_name),
        column("Controller", lambda wire: part(wire, "spec", "controller") or ""),
        column("Parameters", _parameters),
        AGE,
    ),
)
NETWORK_POLICY = Printer(
    as_it_is, (NAME, column("Pod-Selector", lambda wire: selector_cell(part(wire, "spec", "podSelector") or {})), AGE)
)


def _parent(wire: Wire) -> str:
    reference = part(wire, "spec", "parentRef") or {}
    parts = (reference.get("group"), reference.get("resource"), reference.get("namespace"), reference.get("name"))
    return "/".join(each for each in parts if each)


IP_ADDRESS = Printer(as_it_is, (NAME, column("ParentRef", _parent)))
SERVICE_CIDR = Printer(as_it_is, (NAME, column("CIDRs", lambda wire: ",".join(part(wire, "spec", "cidrs") or ())), AGE))
