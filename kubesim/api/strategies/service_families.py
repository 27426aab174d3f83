"""IP families of a Service: which it asks for, which the cluster has, and what follows.

A cluster may serve IPv4, IPv6 or both. A Service says how many it wants (``ipFamilyPolicy``) and which (``ipFamilies``,
or addresses of a family); where it says nothing it gets one address of the cluster's default family. Upstream:
``initIPFamilyFields`` in ``pkg/registry/core/service/storage/alloc.go``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from kubesim.api.errors import FieldError
from kubesim.api.fields import invalid, invalid_value
from kubesim.api.objects import Service, Wire, view
from kubesim.api.validation.cluster_ips import validate_cluster_ips

HEADLESS = "None"
SINGLE, REQUIRE_DUAL, PREFER_DUAL = "SingleStack", "RequireDualStack", "PreferDualStack"


def refuse(new: Wire, problems: list[FieldError]) -> None:
    """Refuse a Service that has problems.

    :raises ApiError: 422.
    """
    if problems:
        raise invalid("Service", "", new["metadata"].get("name", ""), problems)


def settle_families(new: Wire, old: Wire | None, configured: Sequence[str]) -> None:
    """Settle ``ipFamilyPolicy`` and ``ipFamilies`` in place, from what was given and what the cluster has.

    :param configured: the cluster's families, its default first.
    :raises ApiError: 422 if they do not go together.
    """
    spec = new["spec"]
    before = old["spec"] if old is not None else None
    if spec["type"] == "ExternalName" or (before is not None and keeps_preferred_families(spec, before)):
        return
    asks = any(spec.get(name) for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"))
    headless_without_selector = spec.get("clusterIP") == HEADLESS and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        if before is not None and before.get("ipFamilyPolicy") is not None:
            spec["ipFamilyPolicy"] = before["ipFamilyPolicy"]
        else:
            spec["ipFamilyPolicy"] = REQUIRE_DUAL if headless_without_selector else SINGLE
    if asks:  # what asks for nothing cannot contradict itself
        refuse(new, validate_cluster_ips(view(new, Service), None if old is None else view(old, Service)))
    if before is not None:
        _shrink_to_single(new, before)
    _infer_families(new, configured)
    families = spec.setdefault("ipFamilies", [])
    if headless_without_selector:
        families = spec["ipFamilies"] = families or [configured[0]]
        if len(families) < 2 and spec["ipFamilyPolicy"] != SINGLE:
            families.append(_other(families[0]))
        return
    problems = []
    if spec["ipFamilyPolicy"] == REQUIRE_DUAL and len(configured) < 2:
        detail = "this cluster is not configured for dual-stack services"
        problems.append(invalid_value("spec.ipFamilyPolicy", REQUIRE_DUAL, detail))
    problems += [
        invalid_value(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
        for index, family in enumerate(families)
        if family not in configured
    ]
    refuse(new, problems)
    families = spec["ipFamilies"] = families or [configured[0]]
    if spec["ipFamilyPolicy"] != SINGLE and len(families) == 1 and len(configured) == 2:
        families.append(_other(families[0]))


def _infer_families(new: Wire, configured: Sequence[str]) -> None:
    """Add the families of addresses that were given; refuse two of anything under SingleStack."""
    spec = new["spec"]
    problems: list[FieldError] = []
    addresses = spec.get("clusterIPs") or []
    families = list(spec.get("ipFamilies") or [])
    if spec["ipFamilyPolicy"] == SINGLE:
        for given, what in ((addresses, "cluster IPs"), (families, "IP families")):
            if len(given) == 2:
                detail = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"
                problems.append(invalid_value("spec.ipFamilyPolicy", SINGLE, detail))
    for index, address in enumerate(addresses):
        if address == HEADLESS:
            break
        if index >= len(families):
            family = f"IPv{ipaddress.ip_address(address).version}"
            if family in configured:
                families.append(family)
            else:
                detail = f"{family} is not configured on this cluster"
                problems.append(invalid_value(f"spec.clusterIPs[{index}]", addresses, detail))
    refuse(new, problems)
    if families:
        spec["ipFamilies"] = families


def keeps_preferred_families(spec: Wire, before: Wire) -> bool:
    """Whether a PreferDualStack Service is left as it is: a cluster that gained a family does not upgrade it."""
    return (
        spec.get("ipFamilyPolicy") == PREFER_DUAL
        and before["type"] == spec["type"] != "ExternalName"
        and before.get("ipFamilyPolicy") in (PREFER_DUAL, None)
        and (before.get("clusterIPs") or []) == (spec.get("clusterIPs") or [])
        and (before.get("ipFamilies") or []) == (spec.get("ipFamilies") or [])
    )


def _shrink_to_single(new: Wire, before: Wire) -> None:
    """Asking for SingleStack is asking to let go of the second address and family; dropping one is not."""
    spec = new["spec"]
    problems = []
    for name, what in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
        given, had = spec.get(name) or [], before.get(name) or []
        if spec["ipFamilyPolicy"] == SINGLE:
            if given == had and len(given) > 1:
                spec[name] = given[:1]
        elif given and len(given) < len(had):
            detail = f"must be 'SingleStack' to release the secondary {what}"
            problems.append(invalid_value("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], detail))
    refuse(new, problems)


def _other(family: str) -> str:
    return "IPv6" if family == "IPv4" else "IPv4"
