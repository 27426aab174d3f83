"""Objects that kubectl builds itself: the Pod of ``run``, the Service of ``expose``, what ``create`` makes.

Pure functions from what was typed to wire forms, with the empty fields that Go's structs print (``resources: {}``,
``status: {}``). Upstream: ``k8s.io/kubectl/pkg/generate/versioned`` and ``.../pkg/cmd/create``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from random import Random

from kubesim.api import go_json, int_or_string, names
from kubesim.api.metadata import random_suffix
from kubesim.api.objects import Wire
from kubesim.api.selectors import parse_label_selector, to_label_selector
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


_HASH_LETTERS = str.maketrans({"0": "g", "1": "h", "3": "k", "a": "m", "e": "t"})
"""What stands for digits in a hash, so that it makes no words."""


def content_hash(said: Wire) -> str:
    """The ten letters behind the name of an object that is named by its contents."""
    return hashlib.sha256(go_json.dumps(said, None).encode()).hexdigest()[:10].translate(_HASH_LETTERS)


def with_hash(wire: Wire) -> Wire:
    """A ConfigMap or a Secret with the hash of its name and its contents behind its name (``--append-hash``)."""
    name = wire["metadata"]["name"]
    said: Wire = {"kind": wire["kind"], "name": name, "data": wire.get("data")}
    if wire["kind"] == "Secret":
        said |= {"type": wire.get("type") or "", "data": wire.get("data") or {}}
    elif wire.get("binaryData"):
        said["binaryData"] = wire["binaryData"]
    return {**wire, "metadata": {**wire["metadata"], "name": f"{name}-{content_hash(said)}"}}


def what_is_set(wire: Wire) -> Wire:
    """The fields that are neither empty nor false, as Go's ``omitempty`` leaves them."""
    return {key: value for key, value in wire.items() if value}


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
    ports = {"containerPort": port, "hostPort": host_port} if host_port else {"containerPort": port}
    optional = {
        "command" if command else "args": list(arguments),
        "env": list(env),
        "ports": [ports] if port > 0 else [],
        "imagePullPolicy": image_pull_policy,
        "stdin": stdin,
        "stdinOnce": stdin and not leave_stdin_open,
        "tty": tty,
        "securityContext": {"privileged": True} if privileged else {},
    }
    container = {"name": name, "image": image, "resources": {}, **what_is_set(optional)}
    metadata = {"name": name, "labels": dict(labels), **what_is_set({"annotations": dict(annotations)})}
    spec = {"containers": [container], "restartPolicy": restart_policy, "dnsPolicy": "ClusterFirst"}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": {}}


def deployment(
    name: str,
    images: Sequence[str],
    random: Random,
    *,
    replicas: int = 1,
    port: int = -1,
    command: Sequence[str] = (),
) -> Wire:
    """The Deployment of ``kubectl create deployment``.

    :param random: for the names of containers that are not those of their images.
    """
    own = what_is_set({"command": list(command)})
    containers: list[Wire] = [
        {"name": container_name(image, random), "image": image, "resources": {}, **own} for image in images
    ]
    if port >= 0 and containers:
        containers[0]["ports"] = [{"containerPort": port}]
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, "strategy": {}}
    metadata = {"name": name, "labels": labels}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": metadata, "spec": spec, "status": {}}


def cron_job(name: str, image: str, schedule: str, restart: str, command: Sequence[str] = ()) -> Wire:
    """The CronJob of ``kubectl create cronjob``."""
    container = {"name": name, "image": image, "resources": {}, **what_is_set({"command": list(command)})}
    template = {"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart or "OnFailure"}}
    spec = {"schedule": schedule, "jobTemplate": {"metadata": {"name": name}, "spec": {"template": template}}}
    return {"kind": "CronJob", "apiVersion": "batch/v1", "metadata": {"name": name}, "spec": spec, "status": {}}


def job_of_cron_job(name: str, wire: Wire) -> Wire:
    """The Job of ``kubectl create job --from=cronjob/…``: the CronJob's, which a person started."""
    template = wire["spec"]["jobTemplate"]
    own = template.get("metadata") or {}
    owner = {"apiVersion": "batch/v1", "controller": True, "kind": "CronJob"}
    owner |= {"name": wire["metadata"]["name"], "uid": wire["metadata"]["uid"]}
    metadata = {
        "name": name,
        **what_is_set({"labels": own.get("labels")}),
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual", **(own.get("annotations") or {})},
        "ownerReferences": [owner],
    }
    return {"kind": "Job", "apiVersion": "batch/v1", "metadata": metadata, "spec": template["spec"], "status": {}}


_COUNT_OR_SHARE = re.compile("[0-9]+%?")


def disruption_budget(name: str, selector: str, least: str, most: str) -> Wire:
    """The PodDisruptionBudget of ``kubectl create poddisruptionbudget``.

    :param least: how many must stay (``--min-available``), and ``most``: how many may go.
    :raises KubectlError: with upstream's words.
    """
    if not selector:
        raise KubectlError("a selector must be specified")
    if not least and not most:
        raise KubectlError("one of min-available or max-unavailable must be specified")
    if least and most:
        raise KubectlError("min-available and max-unavailable cannot be both specified")
    for flag, given in (("min-available", least), ("max-unavailable", most)):
        if given and not _COUNT_OR_SHARE.fullmatch(given):
            raise KubectlError(f"invalid format specified for {flag}")
    bound = {"minAvailable": int_or_string.parse(least)} if least else {"maxUnavailable": int_or_string.parse(most)}
    try:
        spec = {**bound, "selector": to_label_selector(parse_label_selector(selector))}
    except ValueError as error:
        raise KubectlError(str(error)) from None
    status = {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0}
    parts = {"metadata": {"name": name}, "spec": spec, "status": status}
    return {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", **parts}


def container_name(image: str, random: Random) -> str:
    """The name of a container after its image: the last part of the path, without tag and digest.

    :param random: makes one unique that has to be changed to be a name (``sanitizeAndUniquify``).
    """
    last = image.split("/")[-1].split(":")[0].split("@")[0]
    if not set("_.") & set(last):
        return last
    return f"{re.sub('[_.]', '-', last)}-{random_suffix(random)}"


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
    spec = {"selector": {"app": name}, "type": kind, "ports": built}
    spec |= {"clusterIP": cluster_ip, "externalName": external_name}
    return service({"name": name, "labels": {"app": name}}, spec)


def service(metadata: Wire, spec: Wire) -> Wire:
    """A Service of the fields that are set."""
    parts = {"metadata": what_is_set(metadata), "spec": what_is_set(spec), "status": {"loadBalancer": {}}}
    return {"kind": "Service", "apiVersion": "v1", **parts}


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
    wire = {"name": name, "protocol": "TCP", "port": port, "targetPort": target}
    return {**wire, "nodePort": node_port} if node_port else wire
