"""``kubectl port-forward``: a port of this machine that leads into a Pod, past every Service.

A real one runs until Ctrl-C. Here it opens, sends one request through, so that a learner sees the Pod answer, and
closes. A Service's port becomes the Pod's (upstream: ``k8s.io/kubectl/pkg/cmd/portforward``).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.go_values import unsigned
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.pods import pod_of


def port_forward(call: Call) -> int:
    """Open the tunnel, let one request through each port, and close it."""
    if len(call.arguments) < 2:
        raise UsageError(call.command, "TYPE/NAME and list of ports are required for port-forward")
    word, ports = call.arguments[0], list(call.arguments[1:])
    pod = pod_of(call, word)
    kind = word.partition("/")[0] if "/" in word else "pods"
    if resource_type(kind).kind == "Service":
        service = call.api.get(resource_type("services"), word.partition("/")[2], call.namespace)
        ports = translate_ports(ports, service, pod)
    phase = (pod.get("status") or {}).get("phase", "")
    if phase != "Running":
        raise KubectlError(f"unable to forward port because pod is not running. Current status={phase}")
    address = call.flags.text("address")
    for port in ports:
        local, remote = split_port(port, call.simulation.random("port-forward"))
        call.say(f"Forwarding from {'127.0.0.1' if address == 'localhost' else address}:{local} -> {remote}")
        if address == "localhost":
            call.say(f"Forwarding from [::1]:{local} -> {remote}")
        _one_request(call, pod, local, remote)
    return 0


def _one_request(call: Call, pod: dict[str, object], local: int, remote: int) -> None:
    answered = call.api.answers(pod, remote)
    call.say(f"Handling connection for {local}")
    if not answered:
        raise KubectlError(
            f"lost connection to pod: an error occurred forwarding {local} -> {remote}: failed to connect to "
            f"localhost:{remote} inside the Pod's network namespace: connect: connection refused"
        )


def port_by_name(pod: Wire, name: str) -> int:
    """The number of a Pod's named port.

    :raises KubectlError: where it has none of that name.
    """
    spec = pod.get("spec") or {}
    containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    ports = [port for container in containers for port in container.get("ports") or ()]
    return int(_named(f"Pod '{_name(pod)}'", ports, name)["containerPort"])


def _named(owner: str, ports: Sequence[Wire], name: str) -> Wire:
    for port in ports:
        if port.get("name") == name:
            return port
    raise KubectlError(f"{owner} does not have a named port '{name}'")


def _name(wire: Wire) -> str:
    return str((wire.get("metadata") or {}).get("name", ""))


def port_by_service_port(service: Wire, pod: Wire, port: int) -> int:
    """The Pod's port behind a Service's port.

    :raises KubectlError: where the Service has no such port, or the Pod not the one it names.
    """
    spec = service.get("spec") or {}
    for entry in spec.get("ports") or ():
        if entry.get("port") != port:
            continue
        if spec.get("clusterIP") == "None":
            return port
        target = entry.get("targetPort", 0)
        if isinstance(target, int):
            return target or port
        return port_by_name(pod, target)
    raise KubectlError(f"Service {_name(service)} does not have a service port {port}")


def service_port_by_name(service: Wire, name: str) -> int:
    """The number of a Service's named port.

    :raises KubectlError: where it has none of that name.
    """
    ports = (service.get("spec") or {}).get("ports") or ()
    return int(_named(f"Service '{_name(service)}'", ports, name)["port"])


def translate_ports(ports: Sequence[str], service: Wire, pod: Wire) -> list[str]:
    """``LOCAL:REMOTE`` words of a Service as words of its Pod.

    :raises KubectlError: where a port is not the Service's.
    """
    translated: list[str] = []
    for word in ports:
        local, colon, remote = word.partition(":")
        remote = remote if colon else local
        number = int(remote) if remote.isdigit() else service_port_by_name(service, remote)
        target = port_by_service_port(service, pod, number)
        if not colon and not local.isdigit():
            local = str(number)
        translated.append(str(target) if local == str(target) and not colon else f"{local}:{target}")
    return translated


def split_port(word: str, random: Random) -> tuple[int, int]:
    """The local and the remote port of ``80``, ``8080:80`` or ``:80``.

    :raises KubectlError: where the word is none of these.
    """
    local, colon, remote = word.partition(":")
    if not colon:
        remote = local
    try:
        there = unsigned(remote)
        here = unsigned(local) if local else random.randrange(32768, 60999)
    except KubectlError as error:
        which = "local" if remote.isdigit() else "remote"
        raise KubectlError(f'error parsing {which} port "{local if which == "local" else remote}": {error}') from None
    if not there:
        raise KubectlError("remote port must be > 0")
    return here or random.randrange(32768, 60999), there
