"""``/etc/resolv.conf``: which servers a machine asks, and which suffixes it tries.

The kubelet writes a Pod's file from its ``dnsPolicy``: :func:`for_pod`. glibc and musl read the same file; limits and
defaults here are theirs (three servers, ``ndots`` 1, five seconds, two attempts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubesim.userland.numerals import whole_number

MOST_NAMESERVERS = 3
LARGEST_NDOTS, LONGEST_TIMEOUT, MOST_ATTEMPTS = 15, 30, 5
LOCAL_SERVER = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """The settings of a stub resolver; ``timeout`` is in seconds.

    :param options: the words of ``options`` lines that are not numbers: ``single-request``, ``use-vc``, ``no-aaaa``…
    """

    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    timeout: int = 5
    attempts: int = 2
    options: frozenset[str] = frozenset()

    @property
    def servers(self) -> tuple[str, ...]:
        """The servers that are asked: the machine itself where none is named."""
        return self.nameservers or (LOCAL_SERVER,)


@lru_cache(maxsize=1024)
def parse(text: str) -> ResolvConf:
    """Read a file; lines that mean nothing are passed over, as the C libraries do."""
    nameservers: list[str] = []
    search: tuple[str, ...] = ()
    numbers = {"ndots": 1, "timeout": 5, "attempts": 2}
    limits = {"ndots": LARGEST_NDOTS, "timeout": LONGEST_TIMEOUT, "attempts": MOST_ATTEMPTS}
    options: set[str] = set()
    for line in text.splitlines():
        if not line.strip() or line[0] in "#;":
            continue
        keyword, *words = line.split()
        if keyword == "nameserver" and words and len(nameservers) < MOST_NAMESERVERS:
            nameservers.append(words[0])
        elif keyword == "search" and words:
            search = tuple(words)
        elif keyword == "domain" and words:
            search = (words[0],)
        elif keyword == "options":
            for word in words:
                option, colon, value = word.partition(":")
                if colon and option in numbers and value.isdecimal():
                    numbers[option] = min(whole_number(value), limits[option])
                elif not colon:
                    options.add(option)
    return ResolvConf(
        tuple(nameservers),
        search,
        numbers["ndots"],
        numbers["timeout"],
        max(1, numbers["attempts"]),
        frozenset(options),
    )


def render(search: Sequence[str] = (), nameservers: Sequence[str] = (), options: Sequence[str] = ()) -> str:
    """The file as container runtimes write it: search, nameserver, options."""
    lines = [f"search {' '.join(search)}"] if search else []
    lines += [f"nameserver {server}" for server in nameservers]
    lines += [f"options {' '.join(options)}"] if options else []
    return "".join(f"{line}\n" for line in lines)


def for_pod(
    policy: str,
    namespace: str,
    node: str,
    *,
    cluster_dns: Sequence[str] = ("10.43.0.10",),
    cluster_domain: str = "cluster.local",
    host_network: bool = False,
    nameservers: Sequence[str] = (),
    searches: Sequence[str] = (),
    options: Sequence[tuple[str, str | None]] = (),
) -> str:
    """A Pod's file, as the kubelet makes it.

    :param policy: the Pod's ``dnsPolicy``; ``ClusterFirst`` on the node's network is as ``Default``.
    :param node: the text of the node's own file.
    :param nameservers: with ``searches`` and ``options`` (name, value): the Pod's ``dnsConfig``, merged in last.
    """
    theirs = parse(node)
    option_words = [word for line in node.splitlines() if line.startswith("options") for word in line.split()[1:]]
    if policy == "ClusterFirst" and host_network:
        policy = "Default"
    if policy == "None":
        search: list[str] = []
        servers: list[str] = []
        option_words = []
    elif policy == "Default":
        search, servers = list(theirs.search), list(theirs.nameservers)
    else:
        search = [f"{namespace}.svc.{cluster_domain}", f"svc.{cluster_domain}", cluster_domain, *theirs.search]
        servers, option_words = list(cluster_dns), ["ndots:5"]
    merged = dict(word.partition(":")[::2] for word in option_words)
    merged |= {name: value or "" for name, value in options}
    return render(
        tuple(dict.fromkeys([*search, *searches])),
        tuple(dict.fromkeys([*servers, *nameservers]))[:MOST_NAMESERVERS],
        [f"{name}:{value}" if value else name for name, value in merged.items()],
    )
