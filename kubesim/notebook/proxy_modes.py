"""The same manifests under kube-proxy's two modes, and where the two differ.

In iptables mode every Service is a few rules in long lists; in nftables mode it is an element of a map. The packet ends
at the same Pod by other rules, with a few differences that a user can see: a wrong port on a live ClusterIP is met with
silence in one and with a refusal in the other, and only one opens node ports on 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubesim.network.proxy.nftables import TABLE
from kubesim.network.trace import Applied
from kubesim.notebook.session import Session, start
from kubesim.views.frames import frame
from kubesim.views.journey import Journey
from kubesim.views.reasons import cited

if TYPE_CHECKING:
    import pandas

MODES = ("iptables", "nftables")
REQUESTS = (
    ("pod/client", "http://CLUSTER-IP:8080"),
    ("pod/client", "http://CLUSTER-IP:81"),
    ("laptop", "http://172.31.0.10:30080"),
    ("laptop", "http://172.31.0.10:30081"),
    ("node/master", "http://127.0.0.1:30080"),
)
"""What is asked in both modes: the Service's port, a wrong one, its node port, a free one, and its node port at home.
"""

CHAINS = "KUBE-"
"""How the chains begin that kube-proxy makes in iptables mode."""

SETUP = (
    "kubectl run mynginx --image nginx",
    "kubectl run client --image nginx",
    "kubectl apply -f node-port.yaml",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One request under both modes."""

    source: str
    url: str
    journeys: dict[str, Journey]

    @property
    def label(self) -> str:
        """Who asks for what."""
        return f"{self.source} → {self.url}"


class ProxyModes:
    """Two clusters that differ in nothing but kube-proxy's mode.

    :param setup: lines typed into the terminal of each.
    :param service: the Service whose address ``CLUSTER-IP`` in a request stands for.
    """

    def __init__(self, setup: Sequence[str] = SETUP, service: str = "node-port") -> None:
        self.sessions: dict[str, Session] = {mode: start(proxy_mode=mode) for mode in MODES}
        self.service = service
        for session in self.sessions.values():
            session.terminal.prepare(*setup)

    def compare(self, requests: Sequence[tuple[str, str]] = REQUESTS) -> list[Compared]:
        """Send each request in both modes."""
        return [Compared(source, url, self._ask(source, url)) for source, url in requests]

    def table(self, requests: Sequence[tuple[str, str]] = REQUESTS) -> pandas.DataFrame:
        """One row a request: how it ends in each mode, and how many rules a kernel compares on the way."""
        rows = []
        for compared in self.compare(requests):
            found = [compared.journeys[mode] for mode in MODES]
            examined = [journey.trace.rules_examined if journey.trace else 0 for journey in found]
            rows.append([compared.label, *(journey.outcome for journey in found), *examined])
        columns = ["request", *MODES, *(f"rules, {mode}" for mode in MODES)]
        return frame(rows, columns, dtype=None)

    def rules(self, mode: str, request: tuple[str, str] = REQUESTS[0]) -> list[str]:
        """kube-proxy's rules that a request meets on its way there, in order, each with its chain."""
        journey = self._ask(*request)[mode]
        steps = journey.trace.steps if journey.trace else ()
        return [_with_chain(step) for step in steps if isinstance(step, Applied) and _is_kube_proxys(step)]

    def _ask(self, source: str, url: str) -> dict[str, Journey]:
        found = {}
        for mode, session in self.sessions.items():
            address = session.cluster.get("Service", self.service).spec.clusterIP
            found[mode] = session.cluster.connect(source, url.replace("CLUSTER-IP", address))
        return found


def _is_kube_proxys(step: Applied) -> bool:
    """Whether kube-proxy wrote a rule: in nftables mode it has a table of its own, in iptables mode its own chains."""
    return step.base.table == TABLE or step.chain.startswith(CHAINS) or f" -j {CHAINS}" in cited(step)


def _with_chain(step: Applied) -> str:
    """A rule as it is printed; ``nft list ruleset`` prints it inside its chain, so that is put before it."""
    return f"chain {step.chain}: {cited(step)}" if step.base.table == TABLE else cited(step)
