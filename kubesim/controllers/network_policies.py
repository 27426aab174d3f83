"""kube-router's network policy controller: what it writes on each node, a moment after Pods and policies change.

Upstream writes everything anew at each *sync*, for which a change of a Pod's labels, address or phase, of a namespace's
labels or of a policy asks (``isPodUpdateNetPolRelevant``, ``handleNamespaceUpdate``), and five minutes without any. A
sync takes a while, so a new Pod is not in the sets when its first process starts: where a policy lets
only some Pods in, its first connections are refused; and until its own chain is there, nothing holds it back.

Here a sync looks only at what changed, and what a node has is composed when a packet, or somebody who lists the rules,
next asks for it. As long as there is no NetworkPolicy, the chains of Pods cannot refuse anything: they are listed, but
packets pass them by, and nothing is kept for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubesim.api.objects import NetworkPolicy, Wire
from kubesim.api.store import Change, Key, Store
from kubesim.network.kube_router.firewall import Ranges, firewalled
from kubesim.network.kube_router.pods import Pod, pod_of
from kubesim.network.kube_router.policy import Policy
from kubesim.network.network import Network
from kubesim.network.rules import Ruleset
from kubesim.simulation import Simulation

SYNC_SECONDS = 0.25
"""How long a sync takes on a small node: some twenty calls of ``iptables`` and two of ``ipset``. An estimate; upstream
logs it as "sync iptables took".
"""
PERIOD_SECONDS = 300.0
"""``--iptables-sync-period``."""
WATCHED = ("NetworkPolicy", "Pod", "Namespace")


class NetworkPolicyController:
    """The firewalls of all nodes.

    :param lower: machine name → the rules that the others write there (kube-proxy, flannel).
    """

    def __init__(
        self,
        simulation: Simulation,
        store: Store,
        network: Network,
        lower: Callable[[str], Ruleset | None],
        ranges: Ranges,
    ) -> None:
        self._simulation = simulation
        self._store = store
        self._network = network
        self._lower = lower
        self._ranges = ranges
        self._policies: dict[Key, Policy] = {}
        self._pods: dict[Key, Pod] = {}
        self._local: dict[str, dict[Key, Pod]] = {}
        """By the address of a node, the Pods on it."""
        self._changed: dict[tuple[str, Key], None] = {}
        """What the sync that is under way will look at."""
        self._last = 0.0
        """When the last sync was that a change asked for."""
        self._composed: dict[str, tuple[Ruleset, str, Ruleset]] = {}
        """By machine: its other rules, the version, and what became of both."""
        store.watch(self._on_change, WATCHED)

    # --- what changes ---------------------------------------------------------------------------------------------

    def _on_change(self, change: Change) -> None:
        idle = not self._policies and not self._changed and change.kind != "NetworkPolicy"
        next_sync = self._simulation.now + SYNC_SECONDS
        if idle and self._last == next_sync:  # another change at this instant asks for no more
            return
        if change.kind == "Pod" and change.old is not None and change.new is not None:
            if not _asks_for_sync(change.old, change.new):
                return
        elif change.kind == "Namespace" and _labels(change.old) == _labels(change.new):
            return
        if idle:
            self._last = next_sync
            return
        if not self._changed:
            self._simulation.after(SYNC_SECONDS, self._sync)
        self._changed[change.kind, change.key] = None

    def _sync(self) -> None:
        """The rules are what they had to be by now."""
        self._network.changes()
        changed, self._changed = self._changed, {}
        self._last = self._simulation.now
        if not self._policies:
            changed |= {
                ("Pod", (wire["metadata"]["namespace"], wire["metadata"]["name"])): None
                for wire in self._store.list("Pod")
            }
        for kind, key in changed:
            if kind == "Pod":
                self._put_pod(key)
        for kind, key in changed:
            if kind == "Namespace":
                self._put_namespace(key[1])
        for kind, key in changed:
            if kind == "NetworkPolicy":
                self._put_policy(key)
        if not self._policies:
            self._pods.clear()
            self._local.clear()
            self._composed.clear()

    def _put_pod(self, key: Key) -> None:
        wire = self._store.get("Pod", key[1], key[0])
        pod = None if wire is None else pod_of(wire)
        before = self._pods.pop(key, None)
        if before is not None:
            self._local[before.host].pop(key, None)
        if pod is not None:
            self._pods[key] = pod
            self._local.setdefault(pod.host, {})[key] = pod
        labels = self._namespace_labels(key[0])
        for policy in self._policies.values():
            policy.put(key, pod, labels)

    def _put_namespace(self, name: str) -> None:
        labels = self._namespace_labels(name)
        for wire in self._store.list("Pod", name):
            key = name, wire["metadata"]["name"]
            for policy in self._policies.values():
                policy.put(key, self._pods.get(key), labels)

    def _put_policy(self, key: Key) -> None:
        given = self._store.view(NetworkPolicy, key[1], key[0])
        if given is None:
            self._policies.pop(key, None)
            return
        policy = self._policies[key] = Policy(given)
        labels: dict[str, Mapping[str, str] | None] = {}
        for pod in self._pods.values():
            namespace = pod.key[0]
            if namespace not in labels:
                labels[namespace] = self._namespace_labels(namespace)
            policy.put(pod.key, pod, labels[namespace])

    def _namespace_labels(self, name: str) -> Mapping[str, str] | None:
        wire = self._store.get("Namespace", name)
        return None if wire is None else _labels(wire)

    # --- what is asked --------------------------------------------------------------------------------------------

    def rules(self, machine: str) -> Ruleset | None:
        """The rules that packets walk on a machine; None where it has none."""
        lower = self._lower(machine)
        if not self._policies or lower is None or not machine.startswith("node/"):
            return lower
        return self._firewalled(machine, lower)

    def listed(self, machine: str) -> Ruleset | None:
        """The rules that somebody sees who lists them: with the chains that no packet needs to walk."""
        lower = self._lower(machine)
        if lower is None or not machine.startswith("node/"):
            return lower
        return self._firewalled(machine, lower)

    def _firewalled(self, machine: str, lower: Ruleset) -> Ruleset:
        version = self._version
        known = self._composed.get(machine) if self._policies else None
        if known is not None and known[0] is lower and known[1] == version:
            return known[2]
        address = self._network.address(machine)
        if self._policies:
            pods = [pod for _, pod in sorted(self._local.get(address, {}).items())]
        else:
            pods = [
                pod for wire in self._store.list("Pod") if (pod := pod_of(wire)) is not None and pod.host == address
            ]
        policies = [policy for _, policy in sorted(self._policies.items())]
        found = firewalled(lower, pods, policies, self._ranges, version)
        if self._policies:
            self._composed[machine] = lower, version, found
        return found

    @property
    def _version(self) -> str:
        """The moment of the last sync, in nanoseconds since 1970."""
        simulation = self._simulation
        now = simulation.now
        last = max(min(self._last, now), now // PERIOD_SECONDS * PERIOD_SECONDS)
        return str(round((simulation.unix_time() - now + last) * 1e9))


_READ_OF_STATUS = ("phase", "podIP", "hostIP")


def _asks_for_sync(old: Wire, new: Wire) -> bool:
    """Whether the controller looks again after such a change of a Pod."""
    was, now = old.get("status") or {}, new.get("status") or {}
    if was is not now and any(was.get(field) != now.get(field) for field in _READ_OF_STATUS):
        return True
    return bool(old["metadata"].get("labels") != new["metadata"].get("labels"))


def _labels(wire: Wire | None) -> Mapping[str, str]:
    return {} if wire is None else wire["metadata"].get("labels") or {}
