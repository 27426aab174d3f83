"""What Kubernetes puts into a container: variables, ``/etc/hosts``, the files of mounted ConfigMaps.

Other kinds of volumes are accepted and mounted empty. Upstream: ``pkg/kubelet/envvars`` (variables of Services) and
``pkg/kubelet/kubelet_pods.go`` (the hosts file).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from kubesim.api import quantities
from kubesim.api.objects import Container, Pod, Wire
from kubesim.api.store import Change, Store, key_of
from kubesim.network.dns import hosts_file

KUBERNETES = ("default", "kubernetes")
"""The API's own Service, of which every container is told."""


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
            value = _from(variable.valueFrom, pod, container, store)
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


def _from_source(source: dict[str, object], pod: Pod, store: Store) -> dict[str, str]:
    reference = source.get("configMapRef")
    if not isinstance(reference, dict):
        return {}
    found = store.get("ConfigMap", str(reference.get("name")), pod.metadata.namespace)
    prefix = str(source.get("prefix") or "")
    return {prefix + key: value for key, value in ((found or {}).get("data") or {}).items()}


def _from(source: dict[str, object], pod: Pod, container: Container, store: Store) -> str:
    field = source.get("fieldRef")
    if isinstance(field, dict):
        return _field(str(field.get("fieldPath")), pod)
    resource = source.get("resourceFieldRef")
    if isinstance(resource, dict):
        return _amount(resource, pod, container, store)
    key = source.get("configMapKeyRef")
    if isinstance(key, dict):
        found = store.get("ConfigMap", str(key.get("name")), pod.metadata.namespace)
        return str(((found or {}).get("data") or {}).get(str(key.get("key")), ""))
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


# --- mounted ConfigMaps ----------------------------------------------------------------------------------------------


def mounted_maps(pod: Pod, container: Container) -> set[str]:
    """The names of the ConfigMaps that a container mounts."""
    mounted = {mount.name for mount in container.volumeMounts or []}
    sources = [volume.get("configMap") for volume in pod.spec.volumes or [] if volume.get("name") in mounted]
    return {source.get("name", "") for source in sources if source}


def mounted_files(pod: Pod, container: Container, store: Store) -> dict[str, str]:
    """The files by their path in the container."""
    volumes = {volume.get("name"): volume for volume in pod.spec.volumes or []}
    files: dict[str, str] = {}
    for mount in container.volumeMounts or []:
        volume = volumes.get(mount.name)
        content = config_files(volume.get("configMap") if volume else None, pod.metadata.namespace, store)
        for name, text in content.items():
            if not mount.subPath:
                files[f"{mount.mountPath.rstrip('/')}/{name}"] = text
            elif mount.subPath == name:
                files[mount.mountPath] = text
    return files


def config_files(source: Wire | None, namespace: str, store: Store) -> dict[str, str]:
    """The files of a ``configMap`` volume by relative path: all keys, or the chosen ``items``."""
    if not source:
        return {}
    found = store.get("ConfigMap", source.get("name", ""), namespace)
    data: dict[str, str] = (found or {}).get("data") or {}
    items = source.get("items")
    if not items:
        return dict(data)
    return {item["path"]: data[item["key"]] for item in items if item["key"] in data}
