"""Which Pods belong to a workload: those that name it as their controller, and orphans that its selector finds.

A workload adopts Pods that match and belong to nobody, and lets go of its own that match no longer. Upstream:
``pkg/controller/controller_ref_manager.go``. A Pod's owner is found by its reference, and an orphan's adopters by the
index of their selectors: no cost grows with the number of other Pods or workloads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.selectors import Selector, selector_of
from kubesim.api.store import STATUS, Change, Key, key_of
from kubesim.controllers.client import Client
from kubesim.controllers.index import SelectorIndex
from kubesim.controllers.pods import controller_of, is_active, is_terminating, owned_by, with_owner, without_owner


def label_selector(wire: Wire) -> Wire:
    """A workload's label selector; a ReplicationController's is a map."""
    selector = wire["spec"].get("selector") or {}
    return {"matchLabels": selector} if wire["kind"] == "ReplicationController" else selector


class PodClaims:
    """The Pods of the workloads of one kind.

    :param kind: the kind of the workloads.
    :param may_adopt: what an orphan must be, besides matching, for a workload to adopt it.
    """

    def __init__(
        self, client: Client, kind: str, may_adopt: Callable[[Wire, Wire], bool] = lambda wire, pod: is_active(pod)
    ) -> None:
        self._client = client
        self._kind = kind
        self._may_adopt = may_adopt
        self._selectors: dict[Key, Selector] = {}
        self._index: SelectorIndex[Key] = SelectorIndex()
        self._any_labels: dict[Key, None] = {}
        """The workloads whose selectors fix no label: the index cannot find those."""
        self._namespaces: Counter[str] = Counter()
        """How many workloads each namespace has, of those that have any."""
        self._unseen: dict[Key, dict[Key, None]] = {}
        """The Pods of each workload, and those that it may adopt, of which it has not seen what became of them."""

    def keys(self, change: Change) -> list[Key]:
        """The workload itself, the owner of a Pod, or the workloads that might adopt a Pod without one."""
        key = change.key
        if change.kind == self._kind:
            self._note(key, change)
            return [key]
        if key[0] not in self._namespaces:  # an owner is in the namespace of what it owns
            return []
        if change.parts is STATUS and "ownerReferences" not in change.object["metadata"]:
            return []
        if change.old is not None and change.new is not None and _belongs_as_before(change.old, change.new):
            return []
        owners = [controller_of(pod) for pod in (change.old, change.new) if pod is not None]
        found = dict.fromkeys([(key[0], o["name"]) for o in owners if o is not None and o["kind"] == self._kind])
        if change.new is not None and owners[-1] is None:
            labels = change.new["metadata"].get("labels") or {}
            if change.old is None or owners[0] is not None or change.old["metadata"].get("labels") != labels:
                found |= dict.fromkeys(self._adopters(key[0], labels))
        for workload in found:
            if workload in self._unseen:
                self._unseen[workload][key] = None
        return list(found)

    def _note(self, key: Key, change: Change) -> None:
        if change.new is None:
            self._index.drop(key)
            self._any_labels.pop(key, None)
            if self._selectors.pop(key, None) is not None:
                self._namespaces -= Counter([key[0]])
            self._unseen.pop(key, None)
        elif change.old is None or change.old["spec"].get("selector") != change.new["spec"].get("selector"):
            if key not in self._selectors:
                self._namespaces[key[0]] += 1
            selector = label_selector(change.new)
            labels = selector.get("matchLabels") or {}
            self._selectors[key] = selector_of(view(selector, LabelSelector))
            self._index.put(key, key[0], labels)
            self._any_labels.pop(key, None)
            if not labels:
                self._any_labels[key] = None
            store = self._client.store
            orphans = [pod for pod in store.list("Pod", key[0], labels) if controller_of(pod) is None]
            pods = [*store.owned_by("Pod", change.new["metadata"]["uid"]), *orphans]
            self._unseen[key] = dict.fromkeys(key_of(pod) for pod in pods)

    def _adopters(self, namespace: str, labels: Mapping[str, str]) -> list[Key]:
        """The workloads whose selectors match a Pod's labels, by name."""
        if not labels:
            return []
        candidates = self._index.matching(namespace, labels)
        candidates += [key for key in self._any_labels if key[0] == namespace]
        return sorted(key for key in candidates if self._selectors[key].matches(labels))

    def claim(self, wire: Wire) -> list[Wire]:
        """The Pods of a workload, after it has adopted those that match and released those that match no longer."""
        self.sort_out(wire)
        return self.pods(wire)

    def pods(self, wire: Wire) -> list[Wire]:
        """All Pods of a workload, in the order of their names."""
        return [pod for pod in self._client.store.owned_by("Pod", wire["metadata"]["uid"]) if owned_by(pod, wire)]

    def sort_out(self, wire: Wire) -> list[Key]:
        """Adopt Pods that match and release those that match no longer, among those of which there is news.

        :returns: the Pods of which there was news, the workload's own and others.
        """
        key, uid = key_of(wire), wire["metadata"]["uid"]
        unseen, going = self._unseen[key], is_terminating(wire)
        news = sorted(unseen)
        for each in news:
            pod = self._client.get("Pod", *each)
            if pod is None or is_terminating(pod):
                continue
            matches = self._selectors[key].matches(pod["metadata"].get("labels") or {})
            if owned_by(pod, wire):
                if not matches:
                    self._client.update(without_owner(pod, uid))
            elif matches and not going and controller_of(pod) is None and self._may_adopt(wire, pod):
                self._client.update(with_owner(pod, wire))
        unseen.clear()  # only now: what was refused on the way is tried again
        return news


def _belongs_as_before(old: Wire, new: Wire) -> bool:
    """Whether two versions of a Pod have the same labels and no owner."""
    was, now = old["metadata"], new["metadata"]
    owners = was.get("ownerReferences") or now.get("ownerReferences")
    return not owners and was.get("labels") is now.get("labels")
