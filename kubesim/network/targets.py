"""What a netfilter rule does with a packet that fulfils its conditions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Jump:
    """Go through another chain, and come back after its last rule."""

    chain: str


@dataclass(frozen=True, slots=True)
class Goto:
    """nftables: go through another chain, and do not come back to this one."""

    chain: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Let the packet pass this base chain."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Throw the packet away, silently."""


@dataclass(frozen=True, slots=True)
class Return:
    """Leave this chain as if it had ended."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Throw the packet away and tell the sender.

    :param answer: how, as ``--reject-with`` names it.
    """

    answer: str = "icmp-port-unreachable"


@dataclass(frozen=True, slots=True)
class SetMark:
    """Set bits of the packet's mark."""

    bits: int


@dataclass(frozen=True, slots=True)
class FlipMark:
    """Exclusive-or bits into the packet's mark: set ones are cleared."""

    bits: int


@dataclass(frozen=True, slots=True)
class WriteMark:
    """Write some bits of the packet's mark: what a chain notes for the chains behind it, no step of a packet's way.

    :param mask: the bits that are written.
    """

    bits: int
    mask: int


@dataclass(frozen=True, slots=True)
class NfLog:
    """Hand the packet to whoever reads a group of netfilter's log, and go on.

    :param prefix: what the log writes before it.
    """

    group: int
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Dnat:
    """Rewrite the destination; port 0 keeps the packet's port."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class DnatAny:
    """nftables: rewrite the destination to one of several, each as likely as the others."""

    endpoints: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class GotoAny:
    """nftables: go to one of several chains, each as likely as the others."""

    chains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Masquerade:
    """Rewrite the source to the address of the interface by which the packet leaves.

    :param random_fully: pick the source port at random, where the kernel can.
    """

    random_fully: bool = False
    clears: int = 0
    """Bits of the mark that the same nftables rule flips first."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """nftables ``vmap``: look the packet up in a map; do what its entry says, or go on where it has none."""

    map: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remember:
    """nftables ``update @set { ip saddr }``: put the sender on an affinity list."""

    set: str


Target = (
    Jump
    | Goto
    | Accept
    | Drop
    | Return
    | Reject
    | SetMark
    | FlipMark
    | WriteMark
    | NfLog
    | Dnat
    | DnatAny
    | GotoAny
    | Masquerade
    | LookUp
    | Remember
)
