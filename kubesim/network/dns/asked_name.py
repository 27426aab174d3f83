"""Taking a name below a cluster's zone apart: endpoint, port, protocol, Service, namespace, ``svc`` or ``pod``.

What stands before the Service is ambiguous: one label is an endpoint, two are a port and a protocol. More cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.network.dns import names


class NoSuchNameError(Exception):
    """The name cannot exist in the zone."""


@dataclass(frozen=True, slots=True)
class AskedName:
    """The parts of a name below the zone."""

    kind: str = ""
    namespace: str = ""
    service: str = ""
    endpoint: str = ""
    port: str = ""
    protocol: str = ""
    cluster: str = ""


def parse_name(name: str, zone: str, *, of_several_clusters: bool = False) -> AskedName:
    """Take a name (in lower case) of a zone apart.

    :param of_several_clusters: the zone joins clusters: an endpoint's name has its cluster's after it.
    :raises NoSuchNameError: where no Service and no Pod can have the name.
    """
    relative = names.below(name, zone)
    if relative in ("", "svc", "pod"):
        return AskedName()
    segments = names.labels(relative)
    kind = segments.pop()
    if kind not in ("svc", "pod"):
        raise NoSuchNameError
    namespace = segments.pop() if segments else ""
    service = segments.pop() if segments else ""
    if len(segments) > 2:
        raise NoSuchNameError
    underscored = any(segment.startswith("_") for segment in segments)
    if len(segments) == 2 and of_several_clusters and not underscored:
        return AskedName(kind, namespace, service, segments[0], cluster=segments[1])
    if len(segments) == 2:
        return AskedName(kind, namespace, service, "", segments[0].removeprefix("_"), segments[1].removeprefix("_"))
    return AskedName(kind, namespace, service, segments[0] if segments else "")
