"""What ``%load_ext kubesim`` gives a notebook: a cluster, and a terminal on each of its hosts.

A session belongs to whoever started it; nothing lives in module globals, so two notebooks never share a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal


@dataclass(slots=True)
class Score:
    """How many predictions were made on a page, and how many were right."""

    made: int = 0
    right: int = 0

    def __str__(self) -> str:
        return f"{self.right} of {self.made} predictions right so far"


class Session:
    """One cluster and its terminals.

    :param cluster: the cluster that the cells talk to.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.terminals: dict[str, Terminal] = {}
        """The terminals opened so far, by host."""
        self.score = Score()
        for guest in cluster.guests.values():  # of a cluster that was restored
            if isinstance(guest, Terminal):
                self.terminals.setdefault(guest.on, guest)

    @property
    def terminal(self) -> Terminal:
        """The terminal on the node ``master``."""
        return self.terminal_on("master")

    def terminal_on(self, host: str) -> Terminal:
        """The terminal on a host: ``master``, ``worker`` or ``laptop``. Its variables and files stay between cells.

        :raises LookupError: if there is no such host.
        """
        if host not in self.terminals:
            self.terminals[host] = Terminal(self.cluster, on=host)
        return self.terminals[host]

    def __repr__(self) -> str:
        return repr(self.cluster)


def start(*, load_balancer: str = "", proxy_mode: str = "", seed: int = 0) -> Session:
    """Start a cluster like the course's own, perhaps with another provider or proxy mode.

    :param load_balancer: ``external``, ``servicelb`` or ``none``; empty takes what the cluster's file says.
    :param proxy_mode: ``iptables`` or ``nftables``; empty takes what the cluster's file says.
    """
    return Session(Cluster(seed=seed, load_balancer=load_balancer, proxy_mode=proxy_mode))
