"""``kubectl port-forward``: a port of this machine that leads into a Pod, past every Service.

It goes on in the background (``&``) and forwards each connection until it is ended. Whether anything listens in the
Pod shows when somebody comes, not before. A Service's port becomes the Pod's (upstream:
``k8s.io/kubectl/pkg/cmd/portforward`` and ``k8s.io/client-go/tools/portforward``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from random import Random

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError, klog_line
from kubesim.kubectl.go_values import unsigned
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.pods import pod_of
from kubesim.network.network import ANY
from kubesim.network.service import Client
from kubesim.network.sockets import Connection
from kubesim.network.trace import Outcome
from kubesim.programs.http import Broken
from kubesim.userland.process import Running


def port_forward(call: Call) -> int:
    """Listen, and forward each connection until the end."""
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
    addresses = listen_addresses(call.flags.texts("address"))
    process = Running({}, [], exit_code=0, awaited=True)
    listeners: dict[tuple[str, int], Forwarder] = {}
    for port in ports:
        local, remote = split_port(port, call.simulation.random("port-forward"))
        for address in addresses:
            host = f"[{address}]" if ":" in address else address
            process.log.append(f"Forwarding from {host}:{local} -> {remote}")
        listeners["TCP", local] = Forwarder(call, pod, local, remote, process.log, _bound(addresses))
    if call.serve is None:
        call.stdout.extend(f"{line}\n" for line in process.log)
    else:
        call.serve(replace(process, listeners=listeners))
    return 0


def listen_addresses(words: Sequence[str]) -> list[str]:
    """The addresses that ``--address`` names, each once, in upstream's order: as texts.

    :raises KubectlError: for a word that is neither ``localhost`` nor an address.
    """
    found: set[str] = set()
    for word in words:
        if word == "localhost":
            found |= {"127.0.0.1", "::1"}
            continue
        try:
            ip_address(word)
        except ValueError:
            raise KubectlError(f"{word} is not a valid IP") from None
        found.add(word)
    return sorted(found)


def _bound(addresses: Sequence[str]) -> str:
    """Where one listener stands for all of these: the simulated network carries IPv4."""
    fourth = [address for address in addresses if ":" not in address]
    return (fourth or list(addresses))[0] if len(fourth) < 2 else ANY


@dataclass(slots=True)
class Forwarder:
    """One port that is forwarded; after it has lost the Pod it answers nobody.

    :param log: what kubectl writes.
    :param address: on which it listens.
    """

    call: Call
    pod: Wire
    local: int
    remote: int
    log: list[str]
    address: str
    lost: bool = False
    _client: Client | None = None
    _inside: Connection | None = None

    def handle(self, request: object, client: Client) -> object:
        """Pass on what a client says, and what the Pod answers."""
        if self.lost:
            return Broken(reset=True)
        if client != self._client:
            self.log.append(f"Handling connection for {self.local}")
            self._client, self._inside = client, self.call.api.forward(self.pod, self.remote)
        if self._inside is None or self._inside.outcome is not Outcome.DELIVERED:
            self._lose()
            return Broken()
        return self._inside.request(request)

    def _lose(self) -> None:
        """The first connection that fails in the Pod ends kubectl."""
        self.lost = True
        where = f"an error occurred forwarding {self.local} -> {self.remote}"
        inside = f"failed to connect to localhost:{self.remote} inside namespace"
        why = f"{inside}, IPv4: dial tcp4 127.0.0.1:{self.remote}: connect: connection refused"
        text = f'"Unhandled Error" err="{where}: error forwarding port {self.remote} to pod: {why}"'
        self.log.append(klog_line(self.call.simulation, "E", "portforward.go:424", text))
        self.log.append("error: lost connection to pod")


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
