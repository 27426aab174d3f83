"""``kubectl expose``: a Service for what is there: what is read off an object, and the Service made of it.

Upstream: ``k8s.io/kubectl/pkg/polymorphichelpers`` and ``.../pkg/cmd/expose``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.go_values import integer
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import DryRun, Printer, dry_run, info_of
from kubesim.kubectl.requests import overridden, submit
from kubesim.kubectl.resource_arguments import select

EXPOSABLE = frozenset(
    (("", "Pod"), ("", "Service"), ("", "ReplicationController"), ("apps", "Deployment"), ("apps", "ReplicaSet"))
)
"""(group, kind) of what can be exposed."""


def check_exposable(group: str, kind: str) -> None:
    """Refuse a kind that has no Pods to expose.

    :raises KubectlError: ``cannot expose a Node``, ``cannot expose a StatefulSet.apps``.
    """
    if ("apps" if group == "extensions" else group, kind) not in EXPOSABLE:
        raise KubectlError(f"cannot expose a {kind}.{group}" if group else f"cannot expose a {kind}")


def selector_of(wire: Wire) -> dict[str, str]:
    """The labels by which a Service would find the object's Pods.

    :raises KubectlError: where there are none, or they are no plain map.
    """
    kind, version = wire["kind"], wire.get("apiVersion", "v1")
    spec = wire.get("spec") or {}
    match kind:
        case "ReplicationController":
            return dict(spec.get("selector") or {})
        case "Pod":
            labels = (wire.get("metadata") or {}).get("labels") or {}
            if not labels:
                raise KubectlError("the pod has no labels and cannot be exposed")
            return dict(labels)
        case "Service":
            if not spec.get("selector"):
                raise KubectlError("the service has no pod selector set")
            return dict(spec["selector"])
        case "Deployment" | "ReplicaSet":
            return _workload_selector(kind, version, spec)
    raise KubectlError(f"cannot extract pod selector from {_go_type(wire)}")


def _workload_selector(kind: str, version: str, spec: Wire) -> dict[str, str]:
    selector = spec.get("selector") or {}
    labels = selector.get("matchLabels") or {}
    if not version.startswith("extensions/"):
        if not labels:
            raise KubectlError(f"invalid {kind.lower()}: no selectors, therefore cannot be exposed")
    elif not spec.get("selector"):
        labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    expressions = selector.get("matchExpressions") or []
    if expressions:
        shown = " ".join(
            f"{{Key:{e.get('key', '')} Operator:{e.get('operator', '')} Values:[{' '.join(e.get('values') or ())}]}}"
            for e in expressions
        )
        raise KubectlError(f'couldn\'t convert expressions - "[{shown}]" to map-based selector format')
    return dict(labels)


def _go_type(wire: Wire) -> str:
    package = "v1beta1" if wire.get("apiVersion") == "extensions/v1beta1" else "v1"
    return f"*{package}.{wire['kind']}"


def _pod_spec(wire: Wire) -> Wire:
    spec: Wire = wire.get("spec") or {}
    if wire["kind"] != "Pod":
        spec = (spec.get("template") or {}).get("spec") or {}
    return spec


def _ports(wire: Wire, extract: str) -> Iterator[tuple[str, str]]:
    """(port, protocol) pairs of an object, in order."""
    kind = wire["kind"]
    if kind == "Service":
        for port in (wire.get("spec") or {}).get("ports") or ():
            yield str(port.get("port", 0)), port.get("protocol") or "TCP"
    elif kind in ("Pod", "ReplicationController", "Deployment", "ReplicaSet"):
        for container in _pod_spec(wire).get("containers") or ():
            for port in container.get("ports") or ():
                yield str(port.get("containerPort", 0)), port.get("protocol") or "TCP"
    else:
        raise KubectlError(f"cannot extract {extract} from {_go_type(wire)}")


def ports_of(wire: Wire) -> list[str]:
    """The ports of an object, each once.

    :raises KubectlError: for a kind that has none.
    """
    return list(dict.fromkeys(port for port, _ in _ports(wire, "ports")))


def protocols_of(wire: Wire) -> dict[str, list[str]]:
    """The protocols of each port, in order.

    :raises KubectlError: for a kind that has none.
    """
    found: dict[str, list[str]] = {}
    for port, protocol in _ports(wire, "protocols"):
        if protocol not in found.setdefault(port, []):
            found[port].append(protocol)
    return found


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the Service of ``expose`` is to be like; the fields are the flags."""

    name: str
    selector: Mapping[str, str] | str
    port: str = ""
    protocol: str = ""
    protocols: Mapping[str, Sequence[str]] | None = None
    target_port: str = ""
    labels: Mapping[str, str] | str = ""
    type: str = ""
    external_ip: str = ""
    load_balancer_ip: str = ""
    session_affinity: str = ""
    cluster_ip: str = ""
    namespace: str = ""


def service(exposure: Exposure) -> Wire:
    """The Service.

    :raises KubectlError: where something is missing or makes no sense.
    """
    if not exposure.selector:
        raise KubectlError("selector must be specified")
    selector = _labels(exposure.selector)
    labels = _labels(exposure.labels) if exposure.labels else None
    if not exposure.name:
        raise KubectlError("name must be specified")
    headless = exposure.cluster_ip == "None"
    if not exposure.port and not headless:
        raise KubectlError("port must be specified")
    if exposure.session_affinity not in ("", "None", "ClientIP"):
        raise KubectlError(f"unknown session affinity: {exposure.session_affinity}")
    spec = {
        "ports": _service_ports(exposure) if exposure.port else [],
        "selector": selector,
        "clusterIP": exposure.cluster_ip,
        "type": exposure.type,
        "externalIPs": [exposure.external_ip] if exposure.external_ip else [],
        "loadBalancerIP": exposure.load_balancer_ip if exposure.type == "LoadBalancer" else "",
        "sessionAffinity": exposure.session_affinity,
    }
    metadata = {"name": exposure.name, "namespace": exposure.namespace, "labels": labels}
    return generators.service(metadata, spec)


def _labels(given: Mapping[str, str] | str) -> dict[str, str]:
    return generators.labels_of(given) if isinstance(given, str) else dict(given)


def _service_ports(exposure: Exposure) -> list[Wire]:
    words = exposure.port.split(",")
    ports: list[Wire] = []
    for index, word in enumerate(words, 1):
        port = integer(word)
        name = f"port-{index}" if len(words) > 1 else ""
        protocols: Sequence[str] = (exposure.protocol or "TCP",)
        if not exposure.protocol and exposure.protocols:
            protocols = exposure.protocols.get(word, ("TCP",))
        for protocol in protocols:
            shown = f"port-{index}-{protocol.lower()}" if len(protocols) > 1 else name
            wire: Wire = {"name": shown} if shown else {}
            wire |= {"protocol": protocol, "port": port, "targetPort": _target(exposure.target_port, port)}
            ports.append(wire)
    return ports


def _target(text: str, port: int) -> int | str:
    if not text:
        return port
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else text


LONGEST_NAME = 63
"""A Service's name is cut to this many characters when it is taken from the object's."""


def expose(call: Call) -> int:
    """Make a Service for each object."""
    mode = dry_run(call)
    printer = Printer(call, mode, typed=True)

    def act(info: Info) -> None:
        check_exposable(info.type.group, info.type.kind)
        _expose(call, info, mode, printer)

    # `--selector` is the Service's own here; it does not choose what is exposed.
    words = call.arguments
    if not select(call, words, by_selector=False).visit(act):
        raise KubectlError("no objects passed to expose")
    return 0


def _expose(call: Call, info: Info, mode: DryRun, printer: Printer) -> None:
    flags, wire = call.flags, info.object or {}
    wire = {**wire, "kind": info.type.kind, "apiVersion": info.type.api_version}
    selector = flags.text("selector") or _introspected_selector(wire)
    cluster_ip = flags.text("cluster-ip")
    port = flags.text("port")
    if not port:
        try:
            port = ",".join(ports_of(wire))
        except KubectlError as error:
            raise KubectlError(f"couldn't find port via --port flag or introspection: {error}") from None
        if not port and cluster_ip != "None":
            raise KubectlError("couldn't find port via --port flag or introspection")
    labels = flags.text("labels") or dict((wire.get("metadata") or {}).get("labels") or {})
    made = service(
        Exposure(
            name=flags.text("name") or info.name[:LONGEST_NAME],
            selector=selector,
            port=port,
            protocol=flags.text("protocol"),
            protocols=protocols_of(wire),
            target_port=flags.text("target-port"),
            labels=labels,
            type=flags.text("type"),
            external_ip=flags.text("external-ip"),
            load_balancer_ip=flags.text("load-balancer-ip"),
            session_affinity=flags.text("session-affinity"),
            cluster_ip=cluster_ip,
            namespace=call.namespace if call.namespace_given else "",
        )
    )
    wire = overridden(made, flags.text("overrides"), flags.text("override-type"))
    exposed = info_of(call, wire)
    exposed.object = submit(call, wire, mode)
    printer.done(exposed, "exposed")


def _introspected_selector(wire: Wire) -> dict[str, str]:
    try:
        return selector_of(wire)
    except (KubectlError, ApiError) as error:
        raise KubectlError(f"couldn't retrieve selectors via --selector flag or introspection: {error}") from None
