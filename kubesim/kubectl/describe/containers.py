"""Containers: image, ports, command, state, resources, probes, environment and mounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubesim.api import quantities
from kubesim.api.go_format import quote, sprint
from kubesim.api.objects import (
    Container,
    ContainerPort,
    ContainerState,
    ContainerStatus,
    EnvVar,
    HTTPGetAction,
    Probe,
    Wire,
)
from kubesim.kubectl.describe.text import Text, moment, yes_or_no


def containers(
    title: str,
    found: Sequence[Container] | None,
    statuses: Sequence[ContainerStatus] | None,
    text: Text,
    indent: str = "",
    pod: Wire | None = None,
) -> None:
    """Describe containers.

    :param statuses: what the kubelet says of them; None in a template.
    :param indent: blanks before the title; within a template, names are set in by one more blank.
    :param pod: the Pod, to resolve its fields in environment variables.
    """
    by_name = {status.name: status for status in statuses or ()}
    text.line(0, f"{indent}{title}:" + ("" if found else " <none>"))
    for container in found or ():
        text.line(1, f"{' ' if indent else ''}{container.name}:")
        _container(container, by_name.get(container.name), text, pod)


def _container(container: Container, status: ContainerStatus | None, text: Text, pod: Wire | None) -> None:
    if status is not None:
        text.line(2, "Container ID:", status.containerID)
    text.line(2, "Image:", container.image)
    if status is not None:
        text.line(2, "Image ID:", status.imageID)
    ports = container.ports or ()
    _ports("Port", [(port.containerPort, port) for port in ports], text)
    _ports("Host Port", [(port.hostPort, port) for port in ports], text)
    seccomp = (container.securityContext or {}).get("seccompProfile")
    if seccomp:
        text.line(2, "SeccompProfile:", seccomp.get("type", ""))
    _words("Command", container.command, text)
    _words("Args", container.args, text)
    if status is not None:
        _state("State", status.state, text)
        if status.lastState.terminated is not None:
            _state("Last State", status.lastState, text)
        text.line(2, "Ready:", yes_or_no(status.ready))
        text.line(2, "Restart Count:", status.restartCount)
    _resources(container.resources or {}, text)
    for title, check in (
        ("Liveness", container.livenessProbe),
        ("Readiness", container.readinessProbe),
        ("Startup", container.startupProbe),
    ):
        if check is not None:
            text.line(2, f"{title}:", probe(check))
    if container.envFrom:
        _environment_sources(container.envFrom, text)
    _environment(container.env or (), text, pod)
    _mounts(container, text)


def _ports(title: str, ports: Sequence[tuple[int, ContainerPort]], text: Text) -> None:
    shown = ", ".join(f"{number}/{port.protocol}" + (f" ({port.name})" if port.name else "") for number, port in ports)
    text.line(2, f"{title}s:" if "," in shown else f"{title}:", shown or "<none>")


def _words(title: str, words: Sequence[str] | None, text: Text) -> None:
    if words:
        text.line(2, f"{title}:")
        for word in words:
            for line in word.split("\n"):
                text.line(3, line)


def _state(title: str, state: ContainerState, text: Text) -> None:
    if state.running is not None:
        text.line(2, f"{title}:", "Running")
        text.line(3, "Started:", moment(state.running.startedAt))
    elif state.terminated is not None and state.waiting is None:
        ended = state.terminated
        text.line(2, f"{title}:", "Terminated")
        text.given("Reason:", ended.reason, 3)
        text.given("Message:", ended.message, 3)
        text.line(3, "Exit Code:", ended.exitCode)
        if ended.signal > 0:
            text.line(3, "Signal:", ended.signal)
        text.line(3, "Started:", moment(ended.startedAt))
        text.line(3, "Finished:", moment(ended.finishedAt))
    else:
        text.line(2, f"{title}:", "Waiting")
        if state.waiting is not None:
            text.given("Reason:", state.waiting.reason, 3)


def _resources(resources: Wire, text: Text) -> None:
    for title, key in (("Limits", "limits"), ("Requests", "requests")):
        amounts: Mapping[str, Any] = resources.get(key) or {}
        if amounts:
            text.line(2, f"{title}:")
        for name in sorted(amounts):
            text.line(3, f"{name}:", _quantity(str(amounts[name])))


def _quantity(text: str) -> str:
    try:
        return quantities.canonical(text)
    except ValueError:
        return text


def probe(check: Probe) -> str:
    """``http-get http://:80/healthz delay=0s timeout=1s period=10s #success=1 #failure=3``."""
    numbers = (
        f"delay={check.initialDelaySeconds}s timeout={check.timeoutSeconds}s period={check.periodSeconds}s "
        f"#success={check.successThreshold} #failure={check.failureThreshold}"
    )
    if check.exec is not None:
        return f"exec {sprint(check.exec.command or [])} {numbers}"
    if check.httpGet is not None:
        return f"http-get {_url(check.httpGet)} {numbers}"
    if check.tcpSocket is not None:
        return f"tcp-socket {check.tcpSocket.host}:{check.tcpSocket.port} {numbers}"
    if check.grpc is not None:
        return f"grpc <pod>:{check.grpc.port} {check.grpc.service or ''} {numbers}"
    return f"unknown {numbers}"


def _url(action: HTTPGetAction) -> str:
    path = action.path if not action.path or action.path.startswith("/") else f"/{action.path}"
    return f"{action.scheme.lower()}://{action.host}:{action.port}{path}"


def _environment_sources(sources: Sequence[Wire], text: Text) -> None:
    text.line(2, "Environment Variables from:")
    for source in sources:
        kind = "ConfigMap" if source.get("configMapRef") else "Secret" if source.get("secretRef") else ""
        reference = source.get("configMapRef") or source.get("secretRef") or {}
        prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
        optional = sprint(bool(reference.get("optional")))
        text.line(3, reference.get("name", ""), f"{kind}{prefix}", f"Optional: {optional}")


def _environment(variables: Sequence[EnvVar], text: Text, pod: Wire | None) -> None:
    text.line(2, "Environment:", *(() if variables else ("<none>",)))
    for variable in variables:
        source = variable.valueFrom
        if source is None:
            first, *others = variable.value.split("\n")
            text.line(3, f"{variable.name}:", first)
            for line in others:
                text.line(3, "", line)
        else:
            text.line(3, f"{variable.name}:", *_from_source(source, pod))


def _from_source(source: Wire, pod: Wire | None) -> tuple[str, ...]:
    if reference := source.get("fieldRef"):
        value = field_value(pod, reference.get("fieldPath", "")) if pod is not None else ""
        return (f"{value} ({reference.get('apiVersion', 'v1')}:{reference.get('fieldPath', '')})",)
    if reference := source.get("resourceFieldRef"):
        return (f" ({reference.get('resource', '')})",)
    for key, words in (("secretKeyRef", "in secret"), ("configMapKeyRef", "of config map")):
        if reference := source.get(key):
            shown = f"<set to the key '{reference.get('key', '')}' {words} '{reference.get('name', '')}'>"
            return (shown, f"Optional: {sprint(bool(reference.get('optional')))}")
    return ("",)


def field_value(pod: Wire, path: str) -> str:
    """The value of a field that the downward API offers; empty where it is not set."""
    value: Any = pod
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _mounts(container: Container, text: Text) -> None:
    mounts = sorted(container.volumeMounts or (), key=lambda mount: mount.mountPath)
    text.line(2, "Mounts:", *(() if mounts else ("<none>",)))
    for mount in mounts:
        flags = "ro" if mount.readOnly else "rw"
        if mount.subPath:
            flags += f",path={quote(mount.subPath)}"
        text.line(3, f"{mount.mountPath} from {mount.name} ({flags})")
