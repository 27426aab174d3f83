"""What Kubernetes puts into a container: variables, ``/etc/hosts``, the files of mounted ConfigMaps and Secrets.

Other kinds of volumes are accepted and mounted empty. Upstream: ``pkg/kubelet/envvars`` (variables of Services),
``pkg/kubelet/kubelet_pods.go`` (variables, the hosts file) and ``pkg/volume/{configmap,secret}``.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from kubesim.api import quantities
from kubesim.api.objects import Container, Pod, VolumeMount, Wire
from kubesim.api.store import Change, Store, key_of
from kubesim.network.dns import hosts_file

KUBERNETES = ("default", "kubernetes")
"""The API's own Service, of which every container is told."""

REFERENCED = {"configMap": "ConfigMap", "secret": "Secret"}
"""The kinds whose data a container gets, by the name of a volume's source."""


class ServiceSnapshot:
    """The Services of which a container was told when it started; their variables are made when somebody reads them."""

    def __init__(self, kubernetes: Wire | None, services: Mapping[str, Wire]) -> None:
        self._kubernetes = kubernetes
        self._services = services

    @cached_property
    def variables(self) -> dict[str, str]:
        """The variables; where two Services give one name, the later Service by name has it."""
        own = [self._services[name] for name in sorted(self._services)]
        told = [] if self._kubernetes is None else [self._kubernetes]
        return dict(service_variables([*told, *(wire for wire in own if key_of(wire) != KUBERNETES)]))


class ContainerEnvironment(Mapping[str, str]):
    """A container's own variables over those of Services.

    A namespace with a thousand Services has seven thousand variables: all containers that started while it had the same
    Services share them.
    """

    def __init__(self, own: Mapping[str, str], services: ServiceSnapshot) -> None:
        self._own = own
        self._services = services

    def __getitem__(self, key: str) -> str:
        return self._own[key] if key in self._own else self._services.variables[key]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._services.variables, **self._own})

    def __len__(self) -> int:
        return len({**self._services.variables, **self._own})


class ServiceVariables:
    """The Services of each namespace, for the containers that start there."""

    def __init__(self, store: Store) -> None:
        self._services: dict[str, dict[str, Wire]] = {}
        self._told: dict[str, dict[bool, ServiceSnapshot]] = {}
        """The snapshots that are still true, by namespace, and with links or without."""
        for wire in store.list("Service"):
            self._changed(Change.of(None, wire))
        store.watch(self._changed, ["Service"])

    def _changed(self, change: Change) -> None:
        old, new = change.old, change.new
        if old is not None and new is not None and old["spec"] == new["spec"]:
            return
        namespace, name = change.key
        services = self._services.get(namespace, {})
        if self._told.pop(namespace, None):
            services = dict(services)  # a snapshot keeps the old ones
        if (namespace, name) == KUBERNETES:
            self._told.clear()
        if new is None:
            services.pop(name, None)
        else:
            services[name] = new
        self._services[namespace] = services

    def of(self, namespace: str, links: bool) -> ServiceSnapshot:
        """What a container of a namespace is told that starts now.

        :param links: ``enableServiceLinks``: without it only the API's own Service is told.
        """
        told = self._told.setdefault(namespace, {})
        if links not in told:
            kubernetes = self._services.get(KUBERNETES[0], {}).get(KUBERNETES[1])
            told[links] = ServiceSnapshot(kubernetes, self._services.setdefault(namespace, {}) if links else {})
        return told[links]


def container_environment(pod: Pod, container: Container, store: Store, services: ServiceSnapshot) -> dict[str, str]:
    """The variables that a container's specification asks for.

    A value may refer to variables of ``env`` that stand before it, and to those of Services; not to ``envFrom``'s.
    """
    whole: dict[str, str] = {}
    for source in container.envFrom or []:
        whole |= _from_source(source, pod, store)
    own: dict[str, str] = {}
    for variable in container.env or []:
        if variable.valueFrom is not None:
            found = _from(variable.valueFrom, pod, container, store)
            if found is None:
                continue
            value = found
        elif "$" in variable.value:
            value = expand_references(variable.value, ContainerEnvironment(own, services))
        else:
            value = variable.value
        own[variable.name] = value
    return whole | own


def expand_references(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by the variable's value, as the kubelet does."""
    result, rest = "", text
    while "$" in rest:
        before, _, after = rest.partition("$")
        result += before
        if after.startswith("$"):
            result, rest = result + "$", after[1:]
        elif after.startswith("(") and ")" in after:
            name, _, tail = after[1:].partition(")")
            result, rest = result + variables.get(name, f"$({name})"), tail
        else:
            result, rest = result + "$", after
    return result + rest


def service_variables(services: Iterable[Wire]) -> Iterator[tuple[str, str]]:
    """``WEB_SERVICE_HOST``, ``WEB_SERVICE_PORT``, ``WEB_PORT_80_TCP_ADDR``… for each Service that has an address."""
    for service in services:
        address, ports = service["spec"].get("clusterIP") or "", service["spec"].get("ports") or []
        if address in ("", "None") or not ports:
            continue
        prefix = service["metadata"]["name"].upper().replace("-", "_")
        yield f"{prefix}_SERVICE_HOST", address
        yield f"{prefix}_SERVICE_PORT", str(ports[0]["port"])
        for port in ports:
            if port.get("name"):
                yield f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}", str(port["port"])
        yield f"{prefix}_PORT", f"{ports[0]['protocol'].lower()}://{address}:{ports[0]['port']}"
        for port in ports:
            protocol, number = port["protocol"], port["port"]
            name = f"{prefix}_PORT_{number}_{protocol}"
            yield name, f"{protocol.lower()}://{address}:{number}"
            yield f"{name}_PROTO", protocol.lower()
            yield f"{name}_PORT", str(number)
            yield f"{name}_ADDR", address


def missing_reference(pod: Pod, container: Container, store: Store) -> str:
    """Why a container cannot be made: a ConfigMap, a Secret or a key of one that a variable needs is not there.

    :returns: the kubelet's words; empty where nothing is missing.
    """
    for source in container.envFrom or []:
        for field, kind in REFERENCED.items():
            reference = source.get(f"{field}Ref")
            if isinstance(reference, dict) and not reference.get("optional"):
                name = str(reference.get("name") or "")
                if store.get(kind, name, pod.metadata.namespace) is None:
                    return _not_found(kind, name)
    for variable in container.env or []:
        for field, kind in REFERENCED.items():
            reference = (variable.valueFrom or {}).get(f"{field}KeyRef")
            if isinstance(reference, dict) and not reference.get("optional"):
                name, key = str(reference.get("name") or ""), str(reference.get("key") or "")
                found = store.get(kind, name, pod.metadata.namespace)
                if found is None:
                    return _not_found(kind, name)
                if key not in texts(found):
                    return f"couldn't find key {key} in {kind} {pod.metadata.namespace}/{name}"
    return ""


def _not_found(kind: str, name: str) -> str:
    return f'{kind.lower()} "{name}" not found'


def texts(wire: Wire | None) -> dict[str, str]:
    """The data of a ConfigMap or a Secret by key, as text."""
    data: dict[str, str] = (wire or {}).get("data") or {}
    if wire is None or wire.get("kind") != "Secret":
        return dict(data)
    return {key: _decoded(value) for key, value in data.items()}


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value or "").decode(errors="replace")
    except binascii.Error:
        return ""


def _from_source(source: dict[str, object], pod: Pod, store: Store) -> dict[str, str]:
    prefix = str(source.get("prefix") or "")
    for field, kind in REFERENCED.items():
        reference = source.get(f"{field}Ref")
        if isinstance(reference, dict):
            found = store.get(kind, str(reference.get("name")), pod.metadata.namespace)
            return {prefix + key: value for key, value in texts(found).items()}
    return {}


def _from(source: dict[str, object], pod: Pod, container: Container, store: Store) -> str | None:
    """The value of a variable from elsewhere; None where it is not there, and the variable is not set."""
    field = source.get("fieldRef")
    if isinstance(field, dict):
        return _field(str(field.get("fieldPath")), pod)
    resource = source.get("resourceFieldRef")
    if isinstance(resource, dict):
        return _amount(resource, pod, container, store)
    for name, kind in REFERENCED.items():
        key = source.get(f"{name}KeyRef")
        if isinstance(key, dict):
            found = store.get(kind, str(key.get("name")), pod.metadata.namespace)
            return texts(found).get(str(key.get("key")))
    return ""


def _amount(reference: Wire, pod: Pod, container: Container, store: Store) -> str:
    """A container's request or limit in units of the divisor, rounded up; without a limit what its node can give."""
    containers = [*(pod.spec.containers or []), *(pod.spec.initContainers or [])]
    name = reference.get("containerName") or container.name
    asked = next((each for each in containers if each.name == name), container)
    group, _, resource = str(reference.get("resource")).partition(".")
    amounts = (asked.resources or {}).get(group) or {}
    amount = amounts.get(resource)
    if amount is None and group == "limits":
        node = store.get("Node", pod.spec.nodeName) or {}
        amount = ((node.get("status") or {}).get("allocatable") or {}).get(resource)
    divisor = quantities.parse(str(reference.get("divisor") or quantities.ZERO)) or 1
    return str(math.ceil(quantities.parse(str(amount or quantities.ZERO)) / divisor))


def _field(path: str, pod: Pod) -> str:
    simple = {
        "metadata.name": pod.metadata.name,
        "metadata.namespace": pod.metadata.namespace,
        "metadata.uid": pod.metadata.uid,
        "spec.nodeName": pod.spec.nodeName,
        "spec.serviceAccountName": pod.spec.serviceAccountName,
        "status.podIP": pod.status.podIP,
        "status.podIPs": pod.status.podIP,
        "status.hostIP": pod.status.hostIP,
        "status.hostIPs": pod.status.hostIP,
    }
    for group, values in (("labels", pod.metadata.labels), ("annotations", pod.metadata.annotations)):
        start = f"metadata.{group}['"
        if path.startswith(start):
            return (values or {}).get(path[len(start) : -2], "")
    return simple.get(path, "")


def pod_hosts_file(pod: Pod, hostname: str, domain: str, node_hosts: str) -> str:
    """The Pod's ``/etc/hosts`` as the kubelet writes it."""
    if pod.spec.hostNetwork:
        text = hosts_file.for_host_network_pod(node_hosts)
    else:
        full = f"{pod.spec.subdomain}.{pod.metadata.namespace}.svc.{domain}" if pod.spec.subdomain else ""
        text = hosts_file.for_pod(pod.status.podIP, hostname, full)
    if pod.spec.hostAliases:
        lines = ["\t".join([alias.ip, *(alias.hostnames or [])]) for alias in pod.spec.hostAliases]
        text += "".join(f"{line}\n" for line in ["", "# Entries added by HostAliases.", *lines])
    return text


# --- mounted ConfigMaps and Secrets ----------------------------------------------------------------------------------


def mounted_objects(pod: Pod, container: Container) -> set[tuple[str, str]]:
    """The kinds and names of the ConfigMaps and Secrets that a container mounts."""
    mounted = {mount.name for mount in container.volumeMounts or []}
    sources = [_source(volume) for volume in pod.spec.volumes or [] if volume.get("name") in mounted]
    return {(kind, name) for kind, name, _ in filter(None, sources)}


def _source(volume: Wire) -> tuple[str, str, Wire] | None:
    """The kind and name of a volume's ConfigMap or Secret, and what else is said of it."""
    if volume.get("configMap"):
        return "ConfigMap", str(volume["configMap"].get("name") or ""), volume["configMap"]
    if volume.get("secret"):
        return "Secret", str(volume["secret"].get("secretName") or ""), volume["secret"]
    return None


def missing_volume(pod: Pod, store: Store) -> str:
    """Why a Pod's volumes cannot be mounted: a ConfigMap, a Secret or a key of one is not there.

    :returns: the kubelet's words; empty where nothing is missing.
    """
    for volume in pod.spec.volumes or []:
        source = _source(volume)
        if source is None or source[2].get("optional"):
            continue
        kind, name, said = source
        found = store.get(kind, name, pod.metadata.namespace)
        data, failure = texts(found), f'MountVolume.SetUp failed for volume "{volume.get("name")}" : '
        if found is None:
            return failure + _not_found(kind, name)
        for item in said.get("items") or []:
            if item["key"] not in data and item["key"] not in (found.get("binaryData") or {}):
                which = "config" if kind == "ConfigMap" else "secret"
                return f"{failure}references non-existent {which} key: {item['key']}"
    return ""


def mounted_files(pod: Pod, container: Container, store: Store) -> dict[str, str]:
    """The files by their path in the container."""
    return {path: text for _, files in mounts(pod, container, store) for path, text in files.items()}


def mounts(pod: Pod, container: Container, store: Store) -> Iterator[tuple[VolumeMount, dict[str, str]]]:
    """What is mounted, in order, each with its files by their path in the container."""
    volumes = {volume.get("name"): volume for volume in pod.spec.volumes or []}
    for mount in container.volumeMounts or []:
        files: dict[str, str] = {}
        content = volume_files(volumes.get(mount.name) or {}, pod.metadata.namespace, store)
        for name, text in content.items():
            if not mount.subPath:
                files[f"{mount.mountPath.rstrip('/')}/{name}"] = text
            elif mount.subPath == name:
                files[mount.mountPath] = text
        yield mount, files


def volume_files(volume: Wire, namespace: str, store: Store) -> dict[str, str]:
    """The files of a ``configMap`` or ``secret`` volume by relative path: all keys, or the chosen ``items``."""
    source = _source(volume)
    if source is None:
        return {}
    kind, name, said = source
    data = texts(store.get(kind, name, namespace))
    items = said.get("items")
    if not items:
        return data
    return {item["path"]: data[item["key"]] for item in items if item["key"] in data}
