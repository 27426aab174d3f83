"""Objects that kubectl builds itself: the Pod of ``run``, the Service of ``expose``, what ``create`` makes.

Pure functions from what was typed to wire forms, with the empty fields that Go's structs print (``resources: {}``,
``status: {}``). Upstream: ``k8s.io/kubectl/pkg/generate/versioned`` and ``.../pkg/cmd/create``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubesim.api import names
from kubesim.api.objects import Wire
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.go_values import unsigned

_REFERENCE = re.compile(
    r"(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*"
    r"(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)


def image_problem(image: str) -> str:
    """What is wrong with an image reference, or "" (upstream: distribution's reference grammar)."""
    return "" if _REFERENCE.fullmatch(image) else f'Invalid image name "{image}": invalid reference format'


def labels_of(text: str) -> dict[str, str]:
    """Labels from ``a=b,c=d``.

    :raises KubectlError: with upstream's words.
    """
    if not text:
        raise KubectlError("no label spec passed")
    labels: dict[str, str] = {}
    for part in text.split(","):
        pieces = part.split("=")
        if len(pieces) != 2:
            raise KubectlError(f"unexpected label spec: {part}")
        if not pieces[0]:
            raise KubectlError("unexpected empty label key")
        labels[pieces[0]] = pieces[1]
    return labels


def environment(words: Sequence[str]) -> list[Wire]:
    """``env`` entries from ``K=V`` words.

    :raises KubectlError: ``invalid env: …``.
    """
    entries: list[Wire] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or names.environment_variable(name):
            raise KubectlError(f"invalid env: {word}")
        entries.append({"name": name, "value": value} if value else {"name": name})
    return entries


def pod(
    name: str,
    image: str,
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    env: Sequence[Wire] = (),
    port: int = 0,
    arguments: Sequence[str] = (),
    command: bool = False,
    restart_policy: str = "Always",
    image_pull_policy: str = "",
    stdin: bool = False,
    leave_stdin_open: bool = False,
    tty: bool = False,
    privileged: bool = False,
    host_port: int = 0,
) -> Wire:
    """The Pod of ``kubectl run``: one container, named as the Pod."""
    container: Wire = {"name": name, "image": image, "resources": {}}
    if arguments:
        container["command" if command else "args"] = list(arguments)
    if env:
        container["env"] = list(env)
    if port > 0:
        container["ports"] = [{"containerPort": port, "hostPort": host_port} if host_port else {"containerPort": port}]
    if image_pull_policy:
        container["imagePullPolicy"] = image_pull_policy
    if stdin:
        container["stdin"] = True
        if not leave_stdin_open:
            container["stdinOnce"] = True
    if tty:
        container["tty"] = True
    if privileged:
        container["securityContext"] = {"privileged": True}
    metadata: Wire = {"name": name, "labels": dict(labels)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    spec = {"containers": [container], "restartPolicy": restart_policy, "dnsPolicy": "ClusterFirst"}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": {}}


def deployment(
    name: str, images: Sequence[str], *, replicas: int = 1, port: int = -1, command: Sequence[str] = ()
) -> Wire:
    """The Deployment of ``kubectl create deployment``."""
    containers: list[Wire] = []
    for image in images:
        container: Wire = {"name": container_name(image), "image": image, "resources": {}}
        if command:
            container["command"] = list(command)
        containers.append(container)
    if port >= 0 and containers:
        containers[0]["ports"] = [{"containerPort": port}]
    labels = {"app": name}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": dict(labels)},
            "template": {"metadata": {"labels": dict(labels)}, "spec": {"containers": containers}},
            "strategy": {},
        },
        "status": {},
    }


def container_name(image: str) -> str:
    """The name of a container after its image: the last part of the path, without tag and digest."""
    last = image.split("/")[-1].split(":")[0].split("@")[0]
    return re.sub(r"[^a-z0-9-]", "-", last.lower()) if names.dns1123_label(last) else last


def checked_service(
    name: str, kind: str, ports: Sequence[str], *, node_port: int = 0, cluster_ip: str = "", external_name: str = ""
) -> Wire:
    """The Service of ``kubectl create service``, from what was typed.

    :param ports: ``PORT`` or ``PORT:TARGETPORT`` words.
    :raises KubectlError: where something is missing or makes no sense.
    """
    if not name:
        raise KubectlError("name must be specified")
    if cluster_ip == "None" and kind != "ClusterIP":
        raise KubectlError("ClusterIP=None can only be used with ClusterIP service type")
    if not ports and cluster_ip != "None" and kind != "ExternalName":
        raise KubectlError("at least one tcp port specifier must be provided")
    if kind == "ExternalName" and names.dns1123_subdomain(external_name):
        raise KubectlError(f"invalid service external name {external_name}")
    built = [service_port(port, node_port) for port in ports]
    return service(name, kind, built, cluster_ip=cluster_ip, external_name=external_name)


def service(name: str, kind: str, ports: Sequence[Wire], *, cluster_ip: str = "", external_name: str = "") -> Wire:
    """The Service of ``kubectl create service``."""
    spec: Wire = {}
    if ports:
        spec["ports"] = list(ports)
    spec["selector"] = {"app": name}
    if cluster_ip:
        spec["clusterIP"] = cluster_ip
    spec["type"] = kind
    if external_name:
        spec["externalName"] = external_name
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": spec,
        "status": {"loadBalancer": {}},
    }


def service_port(text: str, node_port: int = 0) -> Wire:
    """A Service port from ``--tcp=80``, ``80:8080`` or ``80:http``.

    :raises KubectlError: with upstream's words.
    """
    parts = text.split(":")
    port = unsigned(parts[0])
    target: int | str = port
    if len(parts) > 1:
        target = int(parts[1]) if re.fullmatch(r"-?[0-9]+", parts[1]) else parts[1]
        problems = names.port_number(target) if isinstance(target, int) else names.port_name(target)
        if problems:
            raise KubectlError(", ".join(problems))
    name = "-".join(parts)
    wire: Wire = {"name": name, "protocol": "TCP", "port": port, "targetPort": target}
    if node_port:
        wire["nodePort"] = node_port
    return wire
