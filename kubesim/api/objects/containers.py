"""Containers: what they run, how they are probed, and the state they are in."""

from __future__ import annotations

import msgspec

from kubesim.api.objects.base import IntOrString, View, Wire


class ContainerPort(View):
    """v1.ContainerPort."""

    name: str = ""
    hostPort: int = 0
    containerPort: int = 0
    protocol: str = ""
    hostIP: str = ""


class EnvVar(View):
    """v1.EnvVar; ``valueFrom`` is carried, not resolved."""

    name: str = ""
    value: str = ""
    valueFrom: Wire | None = None


class HTTPHeader(View):
    """v1.HTTPHeader."""

    name: str = ""
    value: str = ""


class HTTPGetAction(View):
    """v1.HTTPGetAction."""

    path: str = ""
    port: IntOrString = 0
    host: str = ""
    scheme: str = ""
    httpHeaders: list[HTTPHeader] | None = None


class TCPSocketAction(View):
    """v1.TCPSocketAction."""

    port: IntOrString = 0
    host: str = ""


class ExecAction(View):
    """v1.ExecAction."""

    command: list[str] | None = None


class GRPCAction(View):
    """v1.GRPCAction."""

    port: int = 0
    service: str | None = None


class Probe(View):
    """v1.Probe; times are in seconds."""

    httpGet: HTTPGetAction | None = None
    tcpSocket: TCPSocketAction | None = None
    exec: ExecAction | None = None
    grpc: GRPCAction | None = None
    initialDelaySeconds: int = 0
    timeoutSeconds: int = 0
    periodSeconds: int = 0
    successThreshold: int = 0
    failureThreshold: int = 0
    terminationGracePeriodSeconds: int | None = None


class VolumeMount(View):
    """v1.VolumeMount."""

    name: str = ""
    mountPath: str = ""
    subPath: str = ""
    readOnly: bool = False


class Container(View):
    """v1.Container."""

    name: str = ""
    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    workingDir: str = ""
    ports: list[ContainerPort] | None = None
    env: list[EnvVar] | None = None
    envFrom: list[Wire] | None = None
    resources: Wire | None = None
    volumeMounts: list[VolumeMount] | None = None
    livenessProbe: Probe | None = None
    readinessProbe: Probe | None = None
    startupProbe: Probe | None = None
    lifecycle: Wire | None = None
    terminationMessagePath: str = ""
    terminationMessagePolicy: str = ""
    imagePullPolicy: str = ""
    restartPolicy: str | None = None
    securityContext: Wire | None = None
    stdin: bool = False
    stdinOnce: bool = False
    tty: bool = False


class ContainerStateWaiting(View):
    """v1.ContainerStateWaiting."""

    reason: str = ""
    message: str = ""


class ContainerStateRunning(View):
    """v1.ContainerStateRunning."""

    startedAt: str | None = None


class ContainerStateTerminated(View):
    """v1.ContainerStateTerminated."""

    exitCode: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    startedAt: str | None = None
    finishedAt: str | None = None
    containerID: str = ""


class ContainerState(View):
    """v1.ContainerState."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(View):
    """v1.ContainerStatus."""

    name: str = ""
    state: ContainerState = msgspec.field(default_factory=ContainerState)
    lastState: ContainerState = msgspec.field(default_factory=ContainerState)
    ready: bool = False
    restartCount: int = 0
    image: str = ""
    imageID: str = ""
    containerID: str = ""
    started: bool | None = None
