"""What containers ask of a node: requests added up. Pure."""

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
