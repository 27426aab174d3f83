"""Who a Pod of a StatefulSet is: its ordinal, its names and the claims that are its own. Pure, on wire forms.

Upstream: ``pkg/controller/statefulset/stateful_set_utils.go``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kubesim.api.objects import Wire
from kubesim.controllers.pods import pod_from_template
from kubesim.controllers.revisions import REVISION_LABEL

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"

_NAME = re.compile(r"(.*)-([0-9]+)")


def parent_and_ordinal(pod: Wire) -> tuple[str, int]:
    """The set that a Pod's name tells, and its ordinal; ``("", -1)`` for a name that tells none."""
    found = _NAME.fullmatch(pod["metadata"]["name"])
    return (found[1], int(found[2])) if found is not None and len(found[2]) < 10 else ("", -1)


def ordinal(pod: Wire) -> int:
    """A Pod's ordinal; -1 for a name that has none."""
    return parent_and_ordinal(pod)[1]


def is_member(wire: Wire, pod: Wire) -> bool:
    """Whether a Pod's name is one that this set gives."""
    return bool(parent_and_ordinal(pod)[0] == wire["metadata"]["name"])


def ordinals(wire: Wire) -> range:
    """The ordinals that a set's Pods are to have."""
    start = (wire["spec"].get("ordinals") or {}).get("start") or 0
    replicas = wire["spec"].get("replicas")
    return range(start, start + (1 if replicas is None else int(replicas)))


def pod_name(wire: Wire, number: int) -> str:
    """``web-0``."""
    return f"{wire['metadata']['name']}-{number}"


def claim_name(wire: Wire, template: Wire, number: int) -> str:
    """``data-web-0``."""
    return f"{template['metadata']['name']}-{pod_name(wire, number)}"


def claims_of(wire: Wire, number: int) -> dict[str, Wire]:
    """The claims of one Pod, by the name of their template."""
    claims: dict[str, Wire] = {}
    chosen = (wire["spec"].get("selector") or {}).get("matchLabels") or {}
    for template in wire["spec"].get("volumeClaimTemplates") or ():
        metadata = template["metadata"]
        labels = {**(metadata.get("labels") or {}), **chosen}
        made: Wire = {"name": claim_name(wire, template, number), "namespace": wire["metadata"]["namespace"]}
        if metadata.get("annotations"):
            made["annotations"] = metadata["annotations"]
        if labels:
            made["labels"] = dict(sorted(labels.items()))
        claims[metadata["name"]] = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": made,
            "spec": template["spec"],
        }
    return claims


def new_pod(wire: Wire, template: Wire, number: int, revision: str) -> Wire:
    """A Pod of a set as it is to be created.

    :param template: of the revision of that name.
    """
    pod = pod_from_template(wire, template)
    pod["metadata"]["name"] = pod_name(wire, number)
    pod = with_storage(wire, with_identity(wire, pod))
    labels = {**pod["metadata"]["labels"], REVISION_LABEL: revision}
    pod["metadata"]["labels"] = dict(sorted(labels.items()))
    return pod


def with_identity(wire: Wire, pod: Wire) -> Wire:
    """A Pod with the labels that tell who it is; a new one with its name in DNS, too."""
    name, number = pod["metadata"]["name"], ordinal(pod)
    labels = {**(pod["metadata"].get("labels") or {}), POD_NAME_LABEL: name, POD_INDEX_LABEL: str(number)}
    named = {**pod, "metadata": {**pod["metadata"], "labels": dict(sorted(labels.items()))}}
    if "uid" in pod["metadata"]:
        return named
    spec = {**pod["spec"], "hostname": name}
    if wire["spec"].get("serviceName"):
        spec["subdomain"] = wire["spec"]["serviceName"]
    return {**named, "spec": spec}


def with_storage(wire: Wire, pod: Wire) -> Wire:
    """A new Pod whose volumes of the claims' names are its claims; other volumes stay."""
    claims = claims_of(wire, ordinal(pod))
    if not claims:
        return pod
    own = [
        {"name": name, "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
        for name, claim in claims.items()
    ]
    others = [volume for volume in pod["spec"].get("volumes") or () if volume["name"] not in claims]
    return {**pod, "spec": {**pod["spec"], "volumes": own + others}}


def has_identity(wire: Wire, pod: Wire) -> bool:
    """Whether a Pod carries the labels that tell who it is."""
    labels = pod["metadata"].get("labels") or {}
    wanted = {POD_NAME_LABEL: pod["metadata"]["name"], POD_INDEX_LABEL: str(ordinal(pod))}
    return is_member(wire, pod) and wanted.items() <= labels.items()


def revision_name(pod: Wire) -> str:
    """The name of the revision that a Pod was made from; empty where it does not say."""
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


def retention(wire: Wire) -> Mapping[str, str]:
    """What becomes of claims: ``whenDeleted`` and ``whenScaled``, each ``Retain`` or ``Delete``."""
    policy: Mapping[str, str] = wire["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy
