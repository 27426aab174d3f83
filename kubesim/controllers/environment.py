"""What Kubernetes tells a container through its environment and ``/etc/hosts``. Pure.

Upstream: ``pkg/kubelet/envvars`` (variables of Services) and ``pkg/kubelet/kubelet_pods.go`` (the hosts file).
"""

from __future__ import annotations

from collections.abc import Iterable

from kubesim.api.objects import Container, Pod, Service
from kubesim.api.store import Store
from kubesim.network.dns import hosts_file


class ServiceVariables:
    """The variables of Services by namespace, computed anew only after a Service has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, bool], dict[str, str]] = {}
        store.watch(lambda type, old, new: self._known.clear(), ["Service"])

    def of(self, namespace: str, links: bool) -> dict[str, str]:
        """The variables that a container of a namespace gets.

        :param links: ``enableServiceLinks``: without it only the API's own Service is told.
        """
        key = (namespace, links)
        if key not in self._known:
            services = []
            kubernetes = self._store.view(Service, "kubernetes", "default")
            if kubernetes is not None:
                services.append(kubernetes)
            if links:
                own = self._store.views(Service, namespace)
                services += [s for s in own if (s.metadata.namespace, s.metadata.name) != ("default", "kubernetes")]
            self._known[key] = dict(service_variables(services))
        return self._known[key]


def container_environment(pod: Pod, container: Container, store: Store) -> dict[str, str]:
    """The variables that a container's specification asks for."""
    variables: dict[str, str] = {}
    for whole in container.envFrom or []:
        variables |= _from_source(whole, pod, store)
    for variable in container.env or []:
        source = variable.valueFrom
        variables[variable.name] = variable.value if source is None else _from(source, pod, store)
    return variables


def service_variables(services: Iterable[Service]) -> Iterable[tuple[str, str]]:
    """``WEB_SERVICE_HOST``, ``WEB_SERVICE_PORT``, ``WEB_PORT_80_TCP_ADDR``… for each Service that has an address."""
    for service in services:
        address = service.spec.clusterIP
        if address in ("", "None") or not service.spec.ports:
            continue
        prefix = service.metadata.name.upper().replace("-", "_")
        yield f"{prefix}_SERVICE_HOST", address
        yield f"{prefix}_SERVICE_PORT", str(service.spec.ports[0].port)
        for port in service.spec.ports:
            if port.name:
                yield f"{prefix}_SERVICE_PORT_{port.name.upper().replace('-', '_')}", str(port.port)
        first = service.spec.ports[0]
        yield f"{prefix}_PORT", f"{first.protocol.lower()}://{address}:{first.port}"
        for port in service.spec.ports:
            name = f"{prefix}_PORT_{port.port}_{port.protocol}"
            yield name, f"{port.protocol.lower()}://{address}:{port.port}"
            yield f"{name}_PROTO", port.protocol.lower()
            yield f"{name}_PORT", str(port.port)
            yield f"{name}_ADDR", address


def _from_source(source: dict[str, object], pod: Pod, store: Store) -> dict[str, str]:
    reference = source.get("configMapRef")
    if not isinstance(reference, dict):
        return {}
    found = store.get("ConfigMap", str(reference.get("name")), pod.metadata.namespace)
    prefix = str(source.get("prefix") or "")
    return {prefix + key: value for key, value in ((found or {}).get("data") or {}).items()}


def _from(source: dict[str, object], pod: Pod, store: Store) -> str:
    field = source.get("fieldRef")
    if isinstance(field, dict):
        return _field(str(field.get("fieldPath")), pod)
    key = source.get("configMapKeyRef")
    if isinstance(key, dict):
        found = store.get("ConfigMap", str(key.get("name")), pod.metadata.namespace)
        return str(((found or {}).get("data") or {}).get(str(key.get("key")), ""))
    return ""


def _field(path: str, pod: Pod) -> str:
    simple = {
        "metadata.name": pod.metadata.name,
        "metadata.namespace": pod.metadata.namespace,
        "metadata.uid": pod.metadata.uid,
        "spec.nodeName": pod.spec.nodeName,
        "spec.serviceAccountName": "default",
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
