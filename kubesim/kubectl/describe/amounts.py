"""Adding up what Pods ask for: quantities that remember how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kubesim.api import quantities
from kubesim.api.objects import Container, Pod

_BINARY_UNIT = 1024


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity: its value, and whether it is written in powers of 1024 (``Mi``)."""

    value: Decimal = Decimal(0)
    binary: bool = False

    @classmethod
    def parse(cls, text: str) -> Amount:
        """Read a quantity."""
        return cls(quantities.parse(text), text.endswith("i"))

    def __add__(self, other: Amount) -> Amount:
        # A sum is written like its first part that is not zero.
        return Amount(self.value + other.value, self.binary if self.value else other.binary)

    def __str__(self) -> str:
        if self.binary and self.value % _BINARY_UNIT == 0 and self.value:
            return quantities.canonical(f"{self.value / _BINARY_UNIT:f}Ki")
        return quantities.canonical(f"{self.value:f}")


def total(parts: Iterable[Mapping[str, Amount]]) -> dict[str, Amount]:
    """The sum of several resource lists."""
    return _combine(parts, lambda a, b: a + b)


def _combine(parts: Iterable[Mapping[str, Amount]], how: Callable[[Amount, Amount], Amount]) -> dict[str, Amount]:
    combined: dict[str, Amount] = {}
    for part in parts:
        for name, amount in part.items():
            combined[name] = how(combined[name], amount) if name in combined else amount
    return combined


def pod_amounts(pod: Pod, which: str) -> dict[str, Amount]:
    """What a Pod requests, or is limited to: its containers together, or its greediest init container.

    :param which: ``requests`` or ``limits``.
    """
    together = [_of(container, which) for container in pod.spec.containers or ()]
    largest: dict[str, Amount] = {}
    sidecars: list[Mapping[str, Amount]] = []
    for container in pod.spec.initContainers or ():
        if container.restartPolicy == "Always":
            together.append(_of(container, which))
            sidecars.append(_of(container, which))
            start = total(sidecars)
        else:
            start = total([*sidecars, _of(container, which)])
        largest = _combine([largest, start], _larger)
    return _combine([total(together), largest], _larger)


def _larger(a: Amount, b: Amount) -> Amount:
    return b if b.value > a.value else a


def _of(container: Container, which: str) -> dict[str, Amount]:
    amounts: Mapping[str, Any] = (container.resources or {}).get(which) or {}
    return {name: Amount.parse(str(text)) for name, text in amounts.items()}
