"""What containers ask of a node: requests added up, and the quality of service that follows from them. Pure."""

from __future__ import annotations

from fractions import Fraction

from kubesim.api.objects import Container
from kubesim.api.quantities import parse


def quantity(value: object) -> Fraction:
    """The exact value of a quantity; an empty one is 0."""
    return Fraction(parse(str(value))) if value not in (None, "") else Fraction(0)


def requests_of(containers: list[Container], resource: str) -> Fraction:
    """What the containers of a Pod request together; a limit without a request is the request."""
    total = Fraction(0)
    for container in containers:
        resources = container.resources or {}
        requests = resources.get("requests") or {}
        limits = resources.get("limits") or {}
        total += quantity(requests.get(resource, limits.get(resource, "0")))
    return total


def quality_of_service(containers: list[Container]) -> str:
    """``Guaranteed``, ``Burstable`` or ``BestEffort``: how the kernel will treat the Pod when memory runs out.

    Upstream: ``pkg/apis/core/v1/helper/qos``: only CPU and memory count.
    """
    guaranteed, anything = bool(containers), False
    for container in containers:
        resources = container.resources or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        for resource in ("cpu", "memory"):
            request, limit = quantity(requests.get(resource)), quantity(limits.get(resource))
            anything = anything or request > 0 or limit > 0
            if limit == 0 or (request != 0 and request != limit):
                guaranteed = False
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
