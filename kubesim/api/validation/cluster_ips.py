"""A Service's cluster IPs and IP families: the address that never changes while the Service lives.

``clusterIP`` and ``clusterIPs[0]`` are one value under two names; families and policy say how many addresses there may
be. Upstream: ``ValidateServiceClusterIPsRelatedFields`` and ``validateUpgradeDowngrade…``.
"""

from __future__ import annotations

from kubesim.api.addresses import is_canonical_ipv4, legacy_ip_address, parse_sloppily
from kubesim.api.errors import FieldError
from kubesim.api.fields import duplicate, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Service
from kubesim.api.validation.metadata import validate_choice

_FAMILIES = ("IPv4", "IPv6")
_FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_PATH = "spec.clusterIPs"


def is_headless(service: Service) -> bool:
    """Whether the Service asked for no address: its one cluster IP is ``None``."""
    return service.spec.clusterIPs == ["None"]


def validate_cluster_ips(service: Service, before: Service | None = None) -> list[FieldError]:
    """Addresses, families and policy for themselves and against each other."""
    spec = service.spec
    if spec.type == "ExternalName":
        return []
    addresses, families = spec.clusterIPs or [], spec.ipFamilies or []
    errors = []
    if spec.clusterIP and not addresses:
        errors.append(required(_PATH))
    elif spec.clusterIP and addresses[0] != spec.clusterIP:
        errors.append(invalid_value(_PATH, addresses, "first value must match `clusterIP`"))
    elif not spec.clusterIP and addresses:
        errors.append(invalid_value(_PATH, addresses, "must be empty when `clusterIP` is not specified"))
    for index, family in enumerate(families):
        if family not in _FAMILIES:
            errors.append(not_supported(f"spec.ipFamilies[{index}]", family, _FAMILIES))
        if family in families[:index]:
            errors.append(duplicate(f"spec.ipFamilies[{index}]", family))
    errors += validate_choice(spec.ipFamilyPolicy, "spec.ipFamilyPolicy", _FAMILY_POLICIES)
    problems = _spelling(addresses, (before.spec.clusterIPs or []) if before else [])
    errors += problems
    if len(addresses) > 2:
        errors.append(invalid_value(_PATH, addresses, "may only hold up to 2 values"))
    if problems:
        return errors
    if len(addresses) > 1 and set(map(_family, addresses)) != set(_FAMILIES):
        problem = "may specify no more than one IP for each IP family"
        errors.append(invalid_value(_PATH, addresses, problem))
    if not is_headless(service):
        for index, (address, family) in enumerate(zip(addresses, families, strict=False)):
            if family in _FAMILIES and _family(address) != family:
                problem = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
                errors.append(invalid_value(f"{_PATH}[{index}]", address, problem))
    return errors


def _spelling(addresses: list[str], unchanged: list[str]) -> list[FieldError]:
    errors = []
    for index, address in enumerate(addresses):
        if index == 0 and address == "None":
            if len(addresses) > 1:
                errors.append(invalid_value(_PATH, addresses, "'None' must be the first and only value"))
            continue
        errors += invalid_values(f"{_PATH}[{index}]", address, legacy_ip_address(address, unchanged))
    return errors


def _family(address: str) -> str:
    if is_canonical_ipv4(address):
        return "IPv4"
    parsed = parse_sloppily(address)
    return f"IPv{parsed.version}" if parsed else ""


def validate_cluster_ip_changes(before: Service, service: Service) -> list[FieldError]:
    """What may change about addresses and families: a second one may come and go, the first one stays."""
    if "ExternalName" in (before.spec.type, service.spec.type):
        return []
    errors = []
    if not (is_headless(before) and is_headless(service)):
        errors += _address_changes(before, service)
    if not is_headless(before) and not is_headless(service):
        errors += _family_changes(before, service)
    return errors


_UNCHANGEABLE = "may not change once set"


def _address_changes(before: Service, service: Service) -> list[FieldError]:
    old, new = before.spec.clusterIPs or [], service.spec.clusterIPs or []
    given = service.spec.clusterIPs
    if len(old) == len(new):
        return [
            invalid_value(f"{_PATH}[{index}]", given, _UNCHANGEABLE)
            for index, (left, right) in enumerate(zip(old, new, strict=True))
            if left != right
        ]
    errors = []
    if not new:
        errors.append(invalid_value(f"{_PATH}[0]", given, "primary clusterIP can not be unset"))
    if old and new and old[0] != new[0]:
        errors.append(invalid_value(f"{_PATH}[0]", given, _UNCHANGEABLE))
    if len(old) > len(new) == 1:
        errors += _release(service, "clusterIP")
    return errors


def _family_changes(before: Service, service: Service) -> list[FieldError]:
    path = "spec.ipFamilies[0]"
    old, new = before.spec.ipFamilies or [], service.spec.ipFamilies or []
    if len(old) == len(new):
        return [
            invalid_value(path, service.spec.ipFamilies, _UNCHANGEABLE)
            for left, right in zip(old, new, strict=True)
            if left != right
        ]
    errors = []
    if len(old) > len(new) and not service.spec.clusterIPs:
        errors.append(invalid_value(path, service.spec.ipFamilies, "primary ipFamily can not be unset"))
    if old and new and old[0] != new[0]:
        errors.append(invalid_value(path, service.spec.clusterIPs, _UNCHANGEABLE))
    if len(old) > len(new) == 1:
        errors += _release(service, "ipFamily")
    return errors


def _release(service: Service, what: str) -> list[FieldError]:
    if service.spec.ipFamilyPolicy == "SingleStack":
        return []
    problem = f"must be set to 'SingleStack' when releasing the secondary {what}"
    return [invalid_value("spec.ipFamilyPolicy", service.spec.ipFamilyPolicy, problem)]
