"""What a packet meets in one kernel, and in which order.

The tables below are Linux's own (``include/uapi/linux/netfilter_ipv4.h``): the kernel of the simulator reads its way
through them, and the picture in the documentation is drawn from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Hook(StrEnum):
    """Where in the kernel a base chain is called."""

    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"


class Point(StrEnum):
    """What a packet meets between the hooks."""

    TRACKING = "tracking"
    """conntrack finds the connection that the packet belongs to, and rewrites the packet as its first one was."""
    ROUTABLE = "first routing"
    """A packet that a process sends needs a route before any rule sees it."""
    ROUTING = "routing"
    """For this machine itself, or by which interface to whom? It decides the course that follows."""
    CONFIRMING = "confirming"
    """conntrack notes the connection of a packet that got this far."""
    LOOPBACK = "loopback"
    """Out by the interface ``lo``, and in again."""
    SOCKET = "socket"
    """A process that listens takes the packet, or nobody does."""
    LINK = "link"
    """Out by an interface, to the neighbour who has the next hop's address."""


class Course(StrEnum):
    """A part of a packet's way through a kernel."""

    SENT = "sent by a process of this machine"
    ARRIVED = "arrived by an interface"
    TAKEN_IN = "arrived, for this machine"
    FORWARDED = "arrived, for another machine"
    LEAVING = "sent, to another machine"
    LOOPED = "sent, to this machine itself"


COURSES: Mapping[Course, tuple[Hook | Point, ...]] = {
    Course.SENT: (Point.TRACKING, Point.ROUTABLE, Hook.OUTPUT, Point.ROUTING),
    Course.ARRIVED: (Point.TRACKING, Hook.PREROUTING, Point.ROUTING),
    Course.TAKEN_IN: (Hook.INPUT, Point.CONFIRMING, Point.SOCKET),
    Course.FORWARDED: (Hook.FORWARD, Hook.POSTROUTING, Point.CONFIRMING, Point.LINK),
    Course.LEAVING: (Hook.POSTROUTING, Point.CONFIRMING, Point.LINK),
    Course.LOOPED: (
        Hook.POSTROUTING,
        Point.CONFIRMING,
        Point.LOOPBACK,
        Hook.PREROUTING,
        Hook.INPUT,
        Point.CONFIRMING,
        Point.SOCKET,
    ),
}
"""What each course meets, in order. A course that ends with routing goes on with the one that routing chose."""

ROUTED: Mapping[tuple[Course, bool], Course] = {
    (Course.SENT, True): Course.LOOPED,
    (Course.SENT, False): Course.LEAVING,
    (Course.ARRIVED, True): Course.TAKEN_IN,
    (Course.ARRIVED, False): Course.FORWARDED,
}
"""(the course so far, whether the destination is this machine's own) → the course that routing chooses."""

PRIORITIES: Mapping[tuple[Hook, str], int] = {
    (Hook.PREROUTING, "mangle"): -150,
    (Hook.PREROUTING, "nat"): -100,
    (Hook.INPUT, "filter"): 0,
    (Hook.INPUT, "nat"): 100,
    (Hook.FORWARD, "filter"): 0,
    (Hook.OUTPUT, "nat"): -100,
    (Hook.OUTPUT, "filter"): 0,
    (Hook.POSTROUTING, "nat"): 100,
}
"""When a table is called at a hook: from the lowest number to the highest. Chains of nftables name their own.

conntrack's own place is at -200, before all of these, and behind the last of them when it confirms.
"""
