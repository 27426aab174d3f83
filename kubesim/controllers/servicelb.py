"""servicelb, the load balancer that k3s has built in: the nodes' own addresses.

For each Service a DaemonSet runs in kube-system, whose Pods have the Service's ports as host ports and pass what comes
on to the Service (``rancher/klipper-lb``). A Service's addresses are those of the nodes whose such Pod is ready; where
another Pod has the port of a node, there is none. As in k3s two controllers do it: the cloud's, which writes the
DaemonSet, and one that follows Pods and endpoints and writes the addresses.

Upstream: ``pkg/cloudprovider/{loadbalancer,servicelb}.go`` of k3s 1.36.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence

from kubesim.api import go_yaml
from kubesim.api.errors import ApiError
from kubesim.api.objects import EndpointSlice, Service, Wire
from kubesim.api.store import Change, Key
from kubesim.controllers.client import Client
from kubesim.controllers.conditions import is_true
from kubesim.controllers.endpoints.slices import SERVICE_NAME
from kubesim.controllers.events import NORMAL, WARNING, EventRecorder
from kubesim.controllers.loadbalancer import NAME, ServiceController
from kubesim.controllers.manager import Parts

NAMESPACE, ACCOUNT = "kube-system", "svclb"
GROUP = "svccontroller.k3s.cattle.io"
OF_NAME, OF_NAMESPACE = f"{GROUP}/svcname", f"{GROUP}/svcnamespace"
"""Labels of a DaemonSet and its Pods: whose they are."""
ENABLED, POOL = f"{GROUP}/enablelb", f"{GROUP}/lbpool"
"""Labels of nodes: as soon as one node has the first, only those where it is ``true`` take part."""
SELECTS = f"{GROUP}/nodeselector"
"""The label of a DaemonSet that says whether its Pods are for such nodes only."""
PRIORITY, TOLERATIONS = f"{GROUP}/priorityclassname", f"{GROUP}/tolerations"
"""Annotations of a Service."""
_OWNER = "objectset.rio.cattle.io"
_LONGEST_NAME = 48


class ServiceLB(ServiceController):
    """Writes the DaemonSets.

    :param image: what their Pods run.
    """

    def __init__(self, client: Client, events: EventRecorder, image: str) -> None:
        super().__init__(client, events)
        self._image = image

    def _ensure(self, key: Key, wire: Wire) -> None:
        self._say(wire, "EnsuringLoadBalancer", "Ensuring load balancer")
        wanted = daemon_set(wire, self._image, selects=nodes_are_chosen(self._client))
        self._apply(wanted)
        name = wanted["metadata"]["name"]
        self._say(wire, "AppliedDaemonSet", f"Applied LoadBalancer DaemonSet {NAMESPACE}/{name}")

    def _apply(self, wanted: Wire) -> None:
        api, known = self._client.api, self._client.get("DaemonSet", NAMESPACE, wanted["metadata"]["name"])
        if known is None:
            api.create(wanted, NAMESPACE, field_manager=self._client.manager)
            return
        metadata = {**known["metadata"]}
        for field in ("labels", "annotations"):
            metadata[field] = {**(metadata.get(field) or {}), **wanted["metadata"][field]}
        changed = {**known, "metadata": metadata, "spec": {**known["spec"], "template": wanted["spec"]["template"]}}
        api.replace(changed, NAMESPACE, field_manager=self._client.manager)

    def _end(self, key: Key, wire: Wire) -> None:
        known = self._client.get("DaemonSet", NAMESPACE, daemon_set_name(wire))
        if known is not None:
            self._client.delete(known)
            name = known["metadata"]["name"]
            self._say(wire, "DeletedDaemonSet", f"Deleted LoadBalancer DaemonSet {NAMESPACE}/{name}")

    def _forget(self, key: Key) -> None:
        """Nothing is kept but the DaemonSet."""


class ServiceLBAddresses:
    """Writes the Services' addresses, and follows the labels of nodes."""

    name = "servicelb-addresses"
    kinds = ("Pod", "EndpointSlice", Parts.of("Node", "labels", "status"))

    def __init__(self, client: Client, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    def keys(self, change: Change) -> Iterable[Hashable]:
        """Services whose balancer's Pods or endpoints moved; ``()`` for a node whose labels choose."""
        labels = change.object["metadata"].get("labels") or {}
        if change.kind == "Node":
            return ((),) if change.new is not None and ENABLED in labels else ()
        if change.new is None:
            return ()
        if change.kind == "EndpointSlice":
            name = labels.get(SERVICE_NAME)
            return ((change.key[0], name),) if name else ()
        if OF_NAME not in labels or OF_NAMESPACE not in labels or not change.new["status"].get("podIP"):
            return ()
        return ((labels[OF_NAMESPACE], labels[OF_NAME]),)

    def reconcile(self, key: Hashable) -> None:
        """Write one Service's addresses anew; for ``()`` the node selector of each DaemonSet."""
        if key == ():
            self._select_nodes()
            return
        assert isinstance(key, tuple)
        wire = self._client.get("Service", *key)
        if wire is None or wire["spec"].get("type") != "LoadBalancer":
            return
        service = self._client.store.view(Service, key[1], key[0])
        assert service is not None, "what was just read is there"
        known = [entry.ip for entry in service.status.loadBalancer.ingress or []]
        found = self._addresses(key, service)
        if sorted(known) == sorted(found):
            return
        balancer = {"ingress": [{"ip": address, "ipMode": "VIP"} for address in found]} if found else {}
        self._client.update_status(wire, {**(wire.get("status") or {}), "loadBalancer": balancer})
        if not found:
            message = "There are no available nodes for LoadBalancer"
            self._events.record(wire, WARNING, "UnAvailableLoadBalancer", message, component=NAME)
            return
        message = f"Updated LoadBalancer with new IPs: [{' '.join(known)}] -> [{' '.join(found)}]"
        self._events.record(wire, NORMAL, "UpdatedLoadBalancer", message, component=NAME)

    def _addresses(self, key: Key, service: Service) -> list[str]:
        """The addresses of the nodes whose Pod is ready, as text in order; external ones where a node has any."""
        store = self._client.store
        nodes = {pod["spec"].get("nodeName", "") for pod in self._pods(key) if is_true(pod, "Ready")}
        if service.spec.externalTrafficPolicy == "Local":
            nodes &= {
                endpoint.nodeName
                for piece in store.views(EndpointSlice, key[0], {SERVICE_NAME: key[1]})
                for endpoint in piece.endpoints or []
                if endpoint.conditions.ready and endpoint.targetRef is not None and endpoint.targetRef.kind == "Pod"
            }
        addresses = [
            entry
            for name in nodes
            if (node := store.get("Node", name)) is not None
            for entry in (node.get("status") or {}).get("addresses") or ()
        ]
        for type in ("ExternalIP", "InternalIP"):
            found = sorted({entry["address"] for entry in addresses if entry["type"] == type})
            if found:
                return found
        return []

    def _pods(self, key: Key) -> Sequence[Wire]:
        wanted = {OF_NAME: key[1], OF_NAMESPACE: key[0]}
        return [
            pod
            for pod in self._client.store.list("Pod", NAMESPACE)
            if wanted.items() <= (pod["metadata"].get("labels") or {}).items() and pod["status"].get("podIP")
        ]

    def _select_nodes(self) -> None:
        selects = nodes_are_chosen(self._client)
        for wire in self._client.store.list("DaemonSet", NAMESPACE):
            labels = wire["metadata"].get("labels") or {}
            if labels.get(SELECTS) != _text(not selects):
                continue
            template = wire["spec"]["template"]
            pod = {name: value for name, value in template["spec"].items() if name != "nodeSelector"}
            if selects:
                pod["nodeSelector"] = {ENABLED: "true"}
            metadata = {**wire["metadata"], "labels": {**labels, SELECTS: _text(selects)}}
            spec = {**wire["spec"], "template": {**template, "spec": pod}}
            self._client.api.replace(
                {**wire, "metadata": metadata, "spec": spec}, NAMESPACE, field_manager=self._client.manager
            )


def nodes_are_chosen(client: Client) -> bool:
    """Whether a node is labelled to take part, or not to: then only those labelled ``true`` do."""
    return any(ENABLED in (node["metadata"].get("labels") or {}) for node in client.store.list("Node"))


def daemon_set_name(service: Wire) -> str:
    """``svclb-NAME-UID``: the Service's name, cut where it is long, and the beginning of its UID."""
    name, uid = service["metadata"]["name"], service["metadata"]["uid"]
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME].rstrip("-")
    return f"svclb-{name}-{uid[:8]}"


def daemon_set(service: Wire, image: str, *, selects: bool) -> Wire:
    """The DaemonSet of a Service.

    :param image: what its Pods run.
    :param selects: whether only nodes that are labelled so take part.
    """
    metadata, spec, name = service["metadata"], service["spec"], daemon_set_name(service)
    whose = {OF_NAME: metadata["name"], OF_NAMESPACE: metadata["namespace"]}
    owner = ("", "/v1, Kind=Service", metadata["name"], metadata["namespace"])
    annotations = metadata.get("annotations") or {}
    ranges = ",".join(_source_ranges(service))
    pod: Wire = {
        "automountServiceAccountToken": False,
        "containers": [_container(spec, port, image, ranges) for port in spec.get("ports") or ()],
        "priorityClassName": annotations.get(PRIORITY, "system-node-critical"),
        "securityContext": {"sysctls": [{"name": "net.ipv4.ip_forward", "value": "1"}]},
        "serviceAccountName": ACCOUNT,
        "tolerations": [
            {"effect": "NoSchedule", "key": "node-role.kubernetes.io/master", "operator": "Exists"},
            {"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane", "operator": "Exists"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
            *_tolerations(annotations.get(TOLERATIONS, "")),
        ],
    }
    if selects:
        pool = (metadata.get("labels") or {}).get(POOL)
        pod["nodeSelector"] = {ENABLED: "true"} | ({POOL: pool} if pool else {})
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "annotations": dict(
                zip(
                    (f"{_OWNER}/{part}" for part in ("id", "owner-gvk", "owner-name", "owner-namespace")),
                    owner,
                    strict=True,
                )
            ),
            "labels": {
                f"{_OWNER}/hash": hashlib.sha1("".join(owner).encode(), usedforsecurity=False).hexdigest(),
                SELECTS: _text(selects),
                **whose,
            },
            "name": name,
            "namespace": NAMESPACE,
        },
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name, **whose}}, "spec": pod},
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}, "type": "RollingUpdate"},
        },
    }


def _container(spec: Wire, port: Wire, image: str, ranges: str) -> Wire:
    """What passes one port on: to the cluster address, or under the policy Local to the node's own node port."""
    number, protocol = port["port"], port.get("protocol", "TCP")
    name = f"lb-{protocol.lower()}-{number}"
    environment: list[Wire] = [
        {"name": "SRC_PORT", "value": str(number)},
        {"name": "SRC_RANGES", "value": ranges},
        {"name": "DEST_PROTO", "value": protocol},
    ]
    if spec.get("externalTrafficPolicy") == "Local":
        environment += [
            {"name": "DEST_PORT", "value": str(port.get("nodePort", 0))},
            {"name": "DEST_IPS", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIPs"}}},
        ]
    else:
        environment += [
            {"name": "DEST_PORT", "value": str(number)},
            {"name": "DEST_IPS", "value": ",".join(spec.get("clusterIPs") or ())},
        ]
    return {
        "env": environment,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "name": name,
        "ports": [{"containerPort": number, "hostPort": number, "name": name, "protocol": protocol}],
        "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}},
    }


def _source_ranges(service: Wire) -> list[str]:
    """The ranges that may use a Service: its field, or the annotation from before there was one; else everybody."""
    given = service["spec"].get("loadBalancerSourceRanges")
    annotation = (service["metadata"].get("annotations") or {}).get(_RANGES_ANNOTATION, "")
    ranges = given or [part.strip() for part in annotation.split(",") if part.strip()]
    return sorted(set(ranges)) or ["0.0.0.0/0"]


_RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges"


def _tolerations(annotation: str) -> list[Wire]:
    """The tolerations of a Service's annotation, YAML or JSON.

    :raises ApiError: where it is no list of tolerations; the Service is then tried again later.
    """
    if not annotation:
        return []
    try:
        found = go_yaml.load(annotation)
    except go_yaml.YamlError as error:
        raise _unread(str(error)) from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _unread("it must be a list of tolerations")
    return [{"operator": "Equal", **each} for each in found]


def _unread(why: str) -> ApiError:
    return ApiError(400, "BadRequest", f"failed to parse tolerations from annotation {TOLERATIONS}: {why}")


def _text(choice: bool) -> str:
    return "true" if choice else "false"
