"""From a Service's target port to a container's port; a name may mean another number in every Pod. Pure.

Upstream: ``FindPort`` of ``pkg/api/v1/pod`` and ``getEndpointPorts`` of ``endpointslice``.
"""

from __future__ import annotations

from kubesim.api.objects import IntOrString, PodSpec, Service, Wire


class PortNotFoundError(ValueError):
    """No container has the named port."""


def find_port(spec: PodSpec, target: IntOrString, protocol: str, uid: str = "") -> int:
    """The number of a Service's target port in a Pod.

    A named port is looked up in the containers, then in the init containers that keep running.

    :param uid: of the Pod, for the message.
    :raises PortNotFoundError: where the name is unknown.
    """
    if isinstance(target, int):
        return target
    sidecars = [container for container in spec.initContainers or [] if container.restartPolicy == "Always"]
    for container in [*(spec.containers or []), *sidecars]:
        for port in container.ports or []:
            if port.name == target and port.protocol == protocol:
                return port.containerPort
    raise PortNotFoundError(f"no suitable port for manifest: {uid}")


def endpoint_ports(service: Service, spec: PodSpec) -> list[Wire]:
    """The ports of a slice for one Pod, in wire form; a port whose name the Pod lacks is left out."""
    if service.spec.clusterIP == "None" and not service.spec.ports:
        return []
    found = []
    for port in service.spec.ports or []:
        try:
            number = find_port(spec, port.targetPort, port.protocol)
        except PortNotFoundError:
            continue
        entry: Wire = {"name": port.name, "port": number, "protocol": port.protocol}
        if port.appProtocol is not None:
            entry["appProtocol"] = port.appProtocol
        found.append(entry)
    return found


def port_key(ports: list[Wire]) -> tuple[tuple[str, int | None, str, str | None], ...]:
    """What makes two lists of ports the same: names, numbers and protocols, in any order."""
    return tuple(
        sorted(
            ((p.get("name") or "", p.get("port"), p.get("protocol") or "", p.get("appProtocol")) for p in ports),
            key=repr,
        )
    )
