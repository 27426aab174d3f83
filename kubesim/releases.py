"""The versions of Kubernetes that a cluster file may name, and in what they differ: one table.

Whoever behaves differently from one version to the next reads it here: a cluster's :class:`Release` says what shipped
together and how it behaves. A cluster of a version that is not in the table behaves as the nearest one that is.

Sources: the component tables of the k3s releases; the release notes of Kubernetes 1.37 with the changes that each field
names; the release notes of CoreDNS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields


class UnknownReleaseError(ValueError):
    """A version that cannot be read as one."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of k3s, with what ships in it.

    :param k3s: as nodes report it.
    :param containerd: as nodes report it, without the program's name.
    :param coredns: the version of its image.
    :param klipper_lb: the version of the image of k3s' own load balancer.
    :param go: what Kubernetes was built with.
    :param maps_for_one_endpoint: whether nftables rules look even a single endpoint up in a map.
    :param comment_bytes: how long a comment in nftables rules may be; 0 leaves them as they are.
    :param forgets_udp_without_endpoints: whether UDP connections of a Service without endpoints are forgotten.
    :param warns_of_default_mode: whether kube-proxy warns where nobody chose a mode.
    """

    k3s: str
    containerd: str
    coredns: str
    klipper_lb: str
    go: str
    maps_for_one_endpoint: bool
    comment_bytes: int
    forgets_udp_without_endpoints: bool
    warns_of_default_mode: bool

    @property
    def kubernetes(self) -> str:
        """``v1.36.2``."""
        return self.k3s.partition("+")[0]

    @property
    def minor(self) -> str:
        """``1.36``."""
        return ".".join(self.kubernetes.removeprefix("v").split(".")[:2])


RELEASES: Mapping[str, Release] = {
    release.minor: release
    for release in (
        Release(
            k3s="v1.36.2+k3s1",
            containerd="2.3.2-k3s2",
            coredns="1.14.4",
            klipper_lb="v0.4.17",
            go="go1.26.4",
            maps_for_one_endpoint=True,
            comment_bytes=0,
            forgets_udp_without_endpoints=False,
            warns_of_default_mode=False,
        ),
        Release(
            k3s="v1.37.2+k3s1",
            containerd="2.3.4-k3s1",
            coredns="1.14.6",
            klipper_lb="v0.4.17",
            go="go1.26.4",
            maps_for_one_endpoint=False,
            comment_bytes=128,
            forgets_udp_without_endpoints=True,
            warns_of_default_mode=True,
        ),
    )
}
"""By minor version, the oldest first."""

DEFAULT = RELEASES["1.36"]

_VERSION = re.compile(r"v?(\d{1,3})\.(\d{1,4})(?:\.\d{1,4}[-+.\w]{0,60})?", re.ASCII)


def release_of(version: str) -> Release:
    """How a version behaves: the table's newest that is not newer, or its oldest.

    :param version: ``v1.36.2+k3s1``, or ``1.36``.
    :raises UnknownReleaseError: where it is no version.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise UnknownReleaseError(f"a version must be one such as v1.36.2+k3s1 or 1.36, got {version!r}")
    wanted = int(found[1]), int(found[2])
    chosen = next(iter(RELEASES.values()))
    for release in RELEASES.values():
        if tuple(map(int, release.minor.split("."))) <= wanted:
            chosen = release
    return chosen


@dataclass(frozen=True, slots=True)
class CoreDnsBuild:
    """One release of CoreDNS.

    :param go: what it was built with.
    :param commit: of its tag, short.
    :param hosts_passes_on: whether ``hosts`` with ``fallthrough`` passes on questions for a name that it has and types
        that it does not answer (TXT, MX…): 1.14.5 began it, 1.14.7 made it an option.
    """

    version: str
    go: str
    commit: str
    hosts_passes_on: bool = False

    @property
    def banner(self) -> tuple[str, str]:
        """The two lines with which it begins."""
        return f"CoreDNS-{self.version}", f"linux/amd64, {self.go}, {self.commit}"


_COREDNS = {
    build.version: build
    for build in (
        CoreDnsBuild("1.13.1", "go1.25.2", "1db4568"),
        CoreDnsBuild("1.14.4", "go1.26.3", "232d7ca"),
        CoreDnsBuild("1.14.6", "go1.26.5", "424d125", hosts_passes_on=True),
    )
}


def coredns_build(version: str) -> CoreDnsBuild:
    """A release of CoreDNS by the version of its image; one that the table lacks is like the default cluster's."""
    return _COREDNS.get(version) or _COREDNS[DEFAULT.coredns]


_WORDS: Mapping[str, tuple[str, str]] = {
    "k3s": ("k3s, as `kubectl get nodes` shows it", "the releases of k3s-io/k3s"),
    "containerd": ("containerd", "the component table of k3s 1.36.2; what nodes of k3s 1.37.0 and 1.37.1 show"),
    "coredns": ("CoreDNS", "the component table of k3s 1.36.2; the image that k3s' later manifests name"),
    "klipper_lb": ("klipper-lb, the Pods of k3s' own load balancer", "k3s' list of images"),
    "maps_for_one_endpoint": (
        "nftables: a Service with one endpoint is looked up in a map (`numgen random mod 1 map …`)",
        "kubernetes/kubernetes#140723",
    ),
    "comment_bytes": ("nftables: comments are cut at so many bytes", "kubernetes/kubernetes#139516"),
    "forgets_udp_without_endpoints": (
        "conntrack entries of a UDP Service are deleted when its last endpoint goes",
        "kubernetes/kubernetes#139629",
    ),
    "warns_of_default_mode": (
        "kube-proxy warns where nobody chose a mode (`journalctl -u k3s`)",
        "kubernetes/kubernetes#139957",
    ),
}


def side_by_side() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """The table in words: what, its value in each release, and the source."""
    for field in fields(Release):
        if field.name in _WORDS:
            what, source = _WORDS[field.name]
            yield what, tuple(_shown(getattr(release, field.name)) for release in RELEASES.values()), source
    builds = [coredns_build(release.coredns) for release in RELEASES.values()]
    what = "CoreDNS' `hosts … { fallthrough }` passes on a TXT or MX question for a name that it has"
    yield what, tuple(_shown(build.hosts_passes_on) for build in builds), "coredns/coredns#8193, #8282"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else "no"
