"""ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had, to which it can go back.

A revision holds a patch that replaces the template. One whose template comes back is not made anew but gets the next
number. Upstream: ``pkg/controller/history`` and ``getPatch`` of both controllers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.selectors import Selector
from kubesim.controllers.client import Client
from kubesim.controllers.names import template_hash
from kubesim.controllers.pods import controller_of, owned_by, owner_reference, with_owner

REVISION_LABEL = "controller-revision-hash"
"""The label of a Pod that tells of which revision it is."""


def patch_of(wire: Wire) -> Wire:
    """The patch that brings a workload back to the template it has now."""
    return {"spec": {"template": {"$patch": "replace", **wire["spec"]["template"]}}}


def template_in(revision: Wire) -> Wire:
    """The template that a revision holds."""
    template = revision["data"]["spec"]["template"]
    return {name: value for name, value in template.items() if name != "$patch"}


def number_of(revision: Wire) -> int:
    """The revision's number."""
    return int(revision.get("revision") or 0)


class History:
    """The revisions of workloads of one kind.

    :param hash_label: the label of a revision that carries the hash of its template.
    """

    def __init__(self, client: Client, hash_label: str) -> None:
        self._client = client
        self._hash_label = hash_label

    def of(self, wire: Wire, selector: Selector) -> list[Wire]:
        """The revisions of a workload, the newest last; orphans that its selector finds are adopted."""
        store, namespace = self._client.store, wire["metadata"]["namespace"]
        found = [each for each in store.owned_by("ControllerRevision", wire["metadata"]["uid"]) if owned_by(each, wire)]
        if wire["metadata"].get("deletionTimestamp") is None:
            orphans = [r for r in store.list("ControllerRevision", namespace, selector) if controller_of(r) is None]
            found += [self._adopt(wire, each) for each in orphans]
        return sorted(found, key=_in_order)

    def _adopt(self, wire: Wire, revision: Wire) -> Wire:
        return self._client.update(with_owner(revision, wire))

    def current(self, wire: Wire, revisions: Sequence[Wire], collisions: int) -> tuple[Wire, int]:
        """The revision of the template as it is: the newest, an older one under the next number, or a new one.

        :param revisions: those there are, the newest last.
        :param collisions: how often a name was taken so far, as the status counts it.
        :returns: the revision and the count of collisions.
        """
        data, following = patch_of(wire), number_of(revisions[-1]) + 1 if revisions else 1
        same = [each for each in revisions if each.get("data") == data]
        if not same:
            return self._create(wire, data, following, collisions)
        if same[-1]["data"] == revisions[-1]["data"]:
            return revisions[-1], collisions
        return self._client.update({**same[-1], "revision": following}), collisions

    def _create(self, wire: Wire, data: Wire, number: int, collisions: int) -> tuple[Wire, int]:
        namespace = wire["metadata"]["namespace"]
        while True:
            made = self._new(wire, data, number, template_hash(wire["spec"]["template"], collisions))
            try:
                return self._client.create(made), collisions
            except ApiError as error:
                there = self._client.get("ControllerRevision", namespace, made["metadata"]["name"])
                if error.reason != "AlreadyExists" or there is None:
                    raise
                if there.get("data") == data and owned_by(there, wire):
                    return there, collisions
                collisions += 1

    def _new(self, wire: Wire, data: Wire, number: int, hashed: str) -> Wire:
        metadata = wire["metadata"]
        labels = (wire["spec"]["template"].get("metadata") or {}).get("labels") or {}
        annotations = metadata.get("annotations") or {}
        return {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                **({"annotations": annotations} if annotations else {}),
                "labels": dict(sorted({**labels, self._hash_label: hashed}.items())),
                "name": f"{metadata['name']}-{hashed}",
                "namespace": metadata["namespace"],
                "ownerReferences": [owner_reference(wire)],
            },
            "data": data,
            "revision": number,
        }

    def truncate(self, wire: Wire, revisions: Sequence[Wire], live: Iterable[str], *, all_count: bool = False) -> None:
        """Delete the oldest revisions beyond the limit, but none that is in use.

        :param live: the names of revisions that are in use.
        :param all_count: whether those count, too.
        """
        used = set(live)
        unused = [each for each in revisions if each["metadata"]["name"] not in used]
        limit = wire["spec"].get("revisionHistoryLimit")
        if limit is not None and limit >= 0:
            for each in unused[: max(0, len(revisions if all_count else unused) - limit)]:
                self._client.delete(each)


def _in_order(revision: Wire) -> tuple[int, str, str]:
    metadata = revision["metadata"]
    return number_of(revision), metadata.get("creationTimestamp") or "", metadata["name"]
