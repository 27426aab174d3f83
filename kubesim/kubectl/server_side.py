"""``kubectl apply --server-side``: one patch, and what kubectl does about an object that was applied from the client.

Such an object has the annotation of its last manifest, and a manager that *updates*; left like this, a field that the
manifest drops would stay. So kubectl has the annotation applied under a name of its own, makes of the manager one that
*applies*, and applies once more. Upstream: ``k8s.io/kubectl/pkg/cmd/apply`` and ``k8s.io/client-go/util/csaupgrade``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.errors import ApiError
from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.managed_fields.server_side import KUBECTL, LAST_APPLIED
from kubesim.api.objects import Wire
from kubesim.kubectl.connection import Connection
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info

KEEPS_ANNOTATION = "kubectl-last-applied"
"""The manager that owns the annotation of an object that was applied from the client before."""

_TRIES = 5
_ANNOTATION = ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}")
_ADVICE = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""


class ServerSideApply:
    """Applies manifests.

    :param force: take fields that others own.
    """

    def __init__(self, api: Connection, *, force: bool, dry_run: bool) -> None:
        self._api = api
        self._force = force
        self._dry_run = dry_run

    def apply(self, info: Info) -> Wire:
        """Apply one manifest; the object as the server then has it.

        :raises KubectlError: for conflicts, with kubectl's advice.
        :raises ApiError: for every other refusal.
        """
        manifest = info.object or {}
        try:
            applied = self._send(info, manifest)
        except ApiError as error:
            if error.reason == "Conflict":
                raise KubectlError(error.message + _ADVICE) from None
            raise
        if self._dry_run:
            return applied
        if self._api.manager == KUBECTL:
            applied = self._with_annotation_kept(info, applied)
        return self._upgraded(info, manifest, applied)

    def _send(self, info: Info, configuration: Wire, manager: str = "") -> Wire:
        return self._api.apply(
            info.type,
            info.name,
            info.namespace,
            configuration,
            manager=manager,
            force=self._force and not manager,
            dry_run=self._dry_run,
        )

    def _with_annotation_kept(self, info: Info, applied: Wire) -> Wire:
        """Let the annotation of an earlier client-side apply have an owner that applies it, so that it stays."""
        text = (applied["metadata"].get("annotations") or {}).get(LAST_APPLIED)
        if text is None or _owners(self._api.managed_fields(applied), "Apply"):
            return applied
        metadata = {"name": info.name, "annotations": {LAST_APPLIED: text}}
        if info.namespace:
            metadata["namespace"] = info.namespace
        kept = {"apiVersion": info.type.api_version, "kind": info.type.kind, "metadata": metadata}
        return self._send(info, kept, KEEPS_ANNOTATION)

    def _upgraded(self, info: Info, manifest: Wire, applied: Wire) -> Wire:
        """Make of who applied from the client a manager that applies here, and apply again."""
        for _ in range(_TRIES):
            entries = self._api.managed_fields(applied)
            upgraded = entries
            for name in sorted({entry["manager"] for entry in _owners(entries, "Update")}):
                upgraded = upgraded_entries(upgraded, name, self._api.manager)
            if upgraded == entries:
                return applied
            patch = [
                {"op": "replace", "path": "/metadata/managedFields", "value": upgraded},
                {"op": "replace", "path": "/metadata/resourceVersion", "value": applied["metadata"]["resourceVersion"]},
            ]
            try:
                self._api.patch(info.type, info.name, info.namespace, patch, kind="json")
            except ApiError as error:
                if error.reason != "Conflict":
                    raise
                applied = self._api.get(info.type, info.name, info.namespace)
                continue
            return self._send(info, manifest)
        return applied


def _owners(entries: Sequence[Wire], operation: str) -> list[Wire]:
    """The entries that own the annotation of a client-side apply."""
    return [
        entry
        for entry in entries
        if entry["operation"] == operation and _ANNOTATION in FieldSet.from_fields(entry["fieldsV1"])
    ]


def upgraded_entries(entries: Sequence[Wire], updater: str, applier: str) -> list[Wire]:
    """The entries of ``managedFields`` with one manager, who updated, made one with another, who applies."""

    def is_updater(entry: Wire) -> bool:
        return entry["manager"] == updater and entry["operation"] == "Update" and not entry.get("subresource")

    def is_applier(entry: Wire) -> bool:
        return entry["manager"] == applier and entry["operation"] == "Apply" and not entry.get("subresource")

    changed = [dict(entry) for entry in entries]
    target = next((entry for entry in changed if is_applier(entry)), None)
    if target is None:
        target = next((entry for entry in changed if is_updater(entry)), None)
        if target is None:
            return changed
        target |= {"operation": "Apply", "manager": applier}
    same = next((each for each in changed if is_updater(each) and each["apiVersion"] == target["apiVersion"]), None)
    if same is not None:
        both = FieldSet.from_fields(target["fieldsV1"]).union(FieldSet.from_fields(same["fieldsV1"]))
        target["fieldsV1"] = both.to_fields()
    return [entry for entry in changed if not is_updater(entry)]
