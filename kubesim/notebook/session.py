"""What ``%load_ext kubesim`` gives a notebook: a cluster, and a terminal on each of its hosts.

The session belongs to one IPython shell; nothing lives in module globals, so two notebooks never share a cluster.
"""

from __future__ import annotations

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal


class Session:
    """One notebook's cluster and its terminals.

    :param cluster: the cluster that the cells talk to.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._terminals: dict[str, Terminal] = {}

    def terminal(self, host: str = "master") -> Terminal:
        """The terminal on a host: ``master``, ``worker`` or ``laptop``. Its variables and files stay between cells.

        :raises ValueError: if there is no such host.
        """
        if host not in self._terminals:
            self._terminals[host] = Terminal(self.cluster, on=host)
        return self._terminals[host]
