"""Names that have changed, wherever other resources say them.

Upstream: ``sigs.k8s.io/kustomize/api/filters/nameref``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubesim.api import go_yaml
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kustomize.defaults import Reference, is_of
from kubesim.kubectl.kustomize.fields import FieldSpec, change_field
from kubesim.kubectl.kustomize.resource import NO_NAMESPACE, Resource, Resources


def fix_references(resources: Resources, references: Sequence[Reference]) -> None:
    """Write the present name into each field that says an older one.

    :raises KubectlError: where several resources could be meant.
    """
    for referrer in resources:
        candidates: list[Resource] | None = None
        original = referrer.original_id
        for reference in references:
            for spec in reference.fields:
                if not is_of(original, spec):
                    continue
                if candidates is None:
                    candidates = _reachable(referrer, resources)
                _Fixing(referrer, reference, spec, candidates).run()


def _reachable(referrer: Resource, resources: Resources) -> list[Resource]:
    """What a resource can refer to: what is in its namespace, or in none."""
    mine = referrer.id.effective_namespace
    if mine == NO_NAMESPACE:
        return list(resources)
    others: set[str] = set()
    if referrer.kind == "RoleBinding":
        for subject in referrer.wire.get("subjects") or ():
            if subject.get("kind") == "ServiceAccount" and "namespace" in subject:
                if not isinstance(subject["namespace"], str):
                    raise KubectlError(f'Invalid Input: namespace is blank for resource "{referrer.id}"\n')
                others.add(subject["namespace"])
    return [
        each for each in resources if each.id.effective_namespace in (NO_NAMESPACE, mine) or each.namespace in others
    ]


class _Fixing:
    """One field of one resource, which may name another."""

    def __init__(
        self, referrer: Resource, reference: Reference, spec: FieldSpec, candidates: Sequence[Resource]
    ) -> None:
        self._referrer = referrer
        self._reference = reference
        self._spec = spec
        self._candidates = candidates

    def run(self) -> None:
        group, version, kind = self._referrer.id.group, self._referrer.id.version, self._referrer.kind
        spec = FieldSpec(self._spec.path, kind, group, version)
        try:
            change_field(self._referrer, spec, self._value)
        except KubectlError as error:
            where = f"updating name reference in '{self._spec.path}' field of '{self._referrer.id}'"
            raise KubectlError(f"{where}: {error}") from None

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if isinstance(value, dict):
            return self._mapping(value)
        if value is None:
            return None
        found = self._referral(str(value), self._candidates, with_namespace=False)
        return value if found is None else found.name

    def _mapping(self, value: dict[str, Any]) -> dict[str, Any]:
        """A map that says a name, and perhaps a namespace."""
        if "name" not in value:
            raise KubectlError("path config error; no 'name' field in node")
        candidates = self._candidates
        if "namespace" in value:
            namespace = value["namespace"]
            candidates = [each for each in self._candidates if each.original_id.effective_namespace == namespace] or [
                each for each in self._candidates if each.id.effective_namespace == namespace
            ]
        found = self._referral(str(value["name"]), candidates, with_namespace=True)
        if found is None:
            return value
        return {**value, "name": found.name, **({"namespace": found.namespace} if found.namespace else {})}

    def _referral(self, name: str, candidates: Sequence[Resource], *, with_namespace: bool) -> Resource | None:
        found = [each for each in candidates if self._is_meant(each, name)]
        if len(found) == 1:
            return found[0]
        found = [each for each in found if each.shares_affixes(self._referrer, empty_fits=True)]
        if len(found) > 1:
            found = [each for each in found if each.shares_affixes(self._referrer, empty_fits=False)]
        if not found:
            return None
        if len({(each.name, each.namespace if with_namespace else "") for each in found}) > 1:
            ids = ", ".join(str(each.id) for each in found)
            shown = "".join(
                f"--- possible referral {i}:\n{go_yaml.dump(each.shown())}\n" for i, each in enumerate(found)
            )
            referrer = go_yaml.dump(self._referrer.shown())
            raise KubectlError(
                f"found multiple possible referrals: {ids}\n\n"
                f"**** Too many possible referral targets to referrer:\n{referrer}\n{shown}"
            )
        return found[0]

    def _is_meant(self, candidate: Resource, name: str) -> bool:
        previous = candidate.previous_ids
        if not any(id.name == name for id in previous) or not any(is_of(id, self._reference) for id in previous):
            return False
        role = self._referrer.wire.get("roleRef") or {}
        told = self._spec.path.endswith("roleRef/name") and {"apiGroup", "kind"} <= set(role)
        if told and not any(id.is_of(role["apiGroup"], "", role["kind"]) for id in previous):
            return False
        mine, theirs = self._referrer.id.effective_namespace, candidate.id.effective_namespace
        return mine == NO_NAMESPACE or theirs in (NO_NAMESPACE, mine) or candidate.kind == "ServiceAccount"
