"""Changes of a Pod: hardly anything in a Pod's spec may change once it exists.

What may not change is shown as upstream shows it: a unified diff of the two specs in the server's internal form.
Upstream: ``ValidatePodUpdate``, ``ValidatePodStatusUpdate`` in ``pkg/apis/core/validation``.
"""

from __future__ import annotations

from typing import Any

from kubesim.api import go_json, names
from kubesim.api.addresses import legacy_ip_address, parse_sloppily
from kubesim.api.errors import FieldError
from kubesim.api.fields import forbidden, invalid_value, invalid_values, required
from kubesim.api.objects import Wire
from kubesim.api.validation.container import validate_padding
from kubesim.api.validation.internal_form import internal_form, internal_pod_spec
from kubesim.api.validation.metadata import validate_immutable, validate_metadata_update
from kubesim.api.validation.pod import validate_new_pod, validate_whole_pod
from kubesim.api.validation.scheduling import validate_tolerations

_CHANGEABLE = ",".join((
    "`spec.containers[*].image`",
    "`spec.initContainers[*].image`",
    "`spec.activeDeadlineSeconds`",
    "`spec.tolerations` (only additions to existing tolerations)",
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
))  # fmt: skip
_DEADLINE = "spec.activeDeadlineSeconds"
_LARGEST_SECONDS = (1 << 31) - 1
_MIRROR = "kubernetes.io/config.mirror"


def validate_pod(wire: Wire, before: Wire | None = None) -> list[FieldError]:
    """The problems of a Pod that is created, or changed from ``before``."""
    if before is None:
        return validate_new_pod(wire)
    errors = validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += validate_whole_pod(wire)
    errors += _mirror(wire, before)
    spec, old_spec = wire.get("spec", {}), before.get("spec", {})
    for kind in ("containers", "initContainers"):
        problems, stop = _container_changes(spec.get(kind, []), old_spec.get(kind, []), f"spec.{kind}")
        errors += problems
        if stop:
            return errors
    problems, stop = _deadline(spec.get("activeDeadlineSeconds"), old_spec.get("activeDeadlineSeconds"))
    errors += problems
    if stop:
        return errors
    errors += _toleration_changes(spec.get("tolerations", []), old_spec.get("tolerations", []))
    errors += _gate_changes(spec.get("schedulingGates", []), old_spec.get("schedulingGates", []))
    return errors + _other_changes(spec, old_spec)


def validate_pod_ephemeral_containers(wire: Wire, before: Wire) -> list[FieldError]:
    """The problems of a Pod that gets containers for debugging: those that it has stay as they are."""
    errors = validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += validate_whole_pod(wire)
    path = "spec.ephemeralContainers"
    new, old = (each.get("spec", {}).get("ephemeralContainers", []) for each in (wire, before))
    if new and _MIRROR in wire.get("metadata", {}).get("annotations", {}):
        errors.append(forbidden("", "static pods do not support ephemeral containers"))
    known = {container.get("name", ""): index for index, container in enumerate(new)}
    for container in old:
        name = container.get("name", "")
        if name not in known:
            problem = f'existing ephemeral containers "{name}" may not be removed\n'
            errors.append(forbidden(path, problem))
        elif new[known[name]] != container:
            problem = f'existing ephemeral containers "{name}" may not be changed\n'
            errors.append(forbidden(path, problem))
    return errors


def _mirror(wire: Wire, before: Wire) -> list[FieldError]:
    new = wire.get("metadata", {}).get("annotations", {}).get(_MIRROR)
    old = before.get("metadata", {}).get("annotations", {}).get(_MIRROR)
    if new == old:
        return []
    verb = "add" if old is None else "remove or update"
    return [forbidden(f"metadata.annotations[{_MIRROR}]", f"may not {verb} mirror pod annotation")]


def _container_changes(containers: list[Wire], old: list[Wire], path: str) -> tuple[list[FieldError], bool]:
    if len(containers) != len(old):
        return [forbidden(path, "pod updates may not add or remove containers")], True
    errors = []
    for index, container in enumerate(containers):
        if not container.get("image"):
            errors.append(required(f"{path}[{index}].image"))
        errors += validate_padding(container, f"{path}[{index}]")
    return errors, False


def _deadline(new: int | None, old: int | None) -> tuple[list[FieldError], bool]:
    """From none to some, or to something shorter."""
    if new is None:
        if old is None:
            return [], False
        return [invalid_value(_DEADLINE, None, "must not update from a positive integer to nil value")], False
    if problems := names.in_range(new, 0, _LARGEST_SECONDS):
        return invalid_values(_DEADLINE, new, problems), True
    if old is not None and old < new:
        return [invalid_value(_DEADLINE, new, "must be less than or equal to previous value")], True
    return [], False


def _toleration_changes(new: list[Wire], old: list[Wire]) -> list[FieldError]:
    def unhurried(toleration: Wire) -> Wire:
        return {key: value for key, value in toleration.items() if key != "tolerationSeconds" and value != ""}

    kept = [unhurried(toleration) for toleration in new]
    if any(unhurried(toleration) not in kept for toleration in old):
        problem = "existing toleration can not be modified except its tolerationSeconds"
        return [forbidden("spec.tolerations", problem)]
    return validate_tolerations(new, "spec.tolerations")


def _gate_changes(new: list[Wire], old: list[Wire]) -> list[FieldError]:
    known = {gate.get("name", "") for gate in old}
    return [
        forbidden(
            f"spec.schedulingGates[{index}].name",
            f"only deletion is allowed, but found new scheduling gate '{gate.get('name', '')}'",
        )
        for index, gate in enumerate(new)
        if gate.get("name", "") not in known
    ]


def _other_changes(spec: Wire, old: Wire) -> list[FieldError]:
    """Everything else must be as it was; what has been judged above is set back before comparing."""
    if spec == old:
        return []
    errors: list[FieldError] = []
    munged = dict(spec)
    for kind in ("containers", "initContainers"):
        pairs = zip(spec.get(kind, []), old.get(kind, []), strict=True)
        munged[kind] = [{**container, "image": before.get("image", "")} for container, before in pairs]
    back = ["activeDeadlineSeconds", "schedulingGates", "tolerations"]
    if old.get("terminationGracePeriodSeconds", 0) < 0 and spec.get("terminationGracePeriodSeconds") == 1:
        back.append("terminationGracePeriodSeconds")
    if old.get("schedulingGates"):
        errors += _gated_changes(spec, old)
        back.append("nodeSelector")
        munged["affinity"] = _affinity_set_back(spec.get("affinity"), old.get("affinity"))
        if munged["affinity"] is None:
            del munged["affinity"]
    for field in back:
        munged.pop(field, None)
        if field in old:
            munged[field] = old[field]
    before, after = internal_pod_spec(old), internal_pod_spec(munged)
    if not munged["initContainers"] and after["InitContainers"] is not None and before["InitContainers"] is None:
        after["InitContainers"] = None
    if _semantic(before) == _semantic(after):
        return errors
    import difflib  # only for the words of a refusal

    old_lines, new_lines = (
        go_json.dumps(form, 1, sort_keys=False).splitlines(keepends=True) for form in (before, after)
    )
    difference = "".join(list(difflib.unified_diff(old_lines, new_lines))[2:])
    problem = f"pod updates may not change fields other than {_CHANGEABLE}\n{difference}"
    return [*errors, forbidden("spec", problem)]


def _gated_changes(spec: Wire, old: Wire) -> list[FieldError]:
    """While a gate holds a Pod back, its node selector and node affinity may still become narrower."""
    errors = []
    selector, old_selector = spec.get("nodeSelector", {}), old.get("nodeSelector", {})
    if any(selector.get(key) != value for key, value in old_selector.items()):
        problem = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        errors.append(invalid_value("spec.nodeSelector", dict(sorted(selector.items())), problem))
    terms, old_terms = _node_terms(spec), _node_terms(old)
    path = f"spec.affinity.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
    if not old_terms:
        return errors
    if len(terms) != len(old_terms):
        shown = [internal_form(term, "NodeSelectorTerm") for term in terms] or None
        problem = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        return [*errors, invalid_value(path, shown, problem)]
    for index, (term, old_term) in enumerate(zip(terms, old_terms, strict=True)):
        if not _only_additions(term, old_term):
            shown_term = internal_form(term, "NodeSelectorTerm")
            problem = "only additions are allowed (no mutations or deletions)"
            errors.append(invalid_value(f"{path}[{index}]", shown_term, problem))
    return errors


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _node_terms(spec: Wire) -> list[Wire]:
    required_terms = spec.get("affinity", {}).get("nodeAffinity", {}).get(_REQUIRED, {})
    terms: list[Wire] = required_terms.get("nodeSelectorTerms") or []
    return terms


def _only_additions(term: Wire, old: Wire) -> bool:
    kept = {field: (term.get(field, []), old.get(field, [])) for field in ("matchExpressions", "matchFields")}
    if not any(before for _, before in kept.values()):
        return not any(now for now, _ in kept.values())
    return all(now[: len(before)] == before for now, before in kept.values())


def _affinity_set_back(affinity: Wire | None, old: Wire | None) -> Wire | None:
    """The new affinity with the old node affinity, to compare what is left."""
    node = (old or {}).get("nodeAffinity")
    others = {field: value for field, value in (affinity or {}).items() if field != "nodeAffinity"}
    if node is not None:
        return {**others, "nodeAffinity": node}
    if affinity is None or (old is None and not others):
        return None
    return others


def _semantic(value: Any) -> Any:
    """Go's semantic equality: no list, an empty list and null are the same."""
    if isinstance(value, dict):
        return {key: _semantic(item) for key, item in value.items() if item not in (None, [], {})}
    return [_semantic(item) for item in value] if isinstance(value, list) else value


def validate_pod_status(wire: Wire, before: Wire) -> list[FieldError]:
    """The problems of a status that a kubelet reports."""
    errors = validate_metadata_update(wire.get("metadata", {}), before.get("metadata", {}))
    errors += _mirror(wire, before)
    if wire.get("spec", {}).get("nodeName", "") != before.get("spec", {}).get("nodeName", ""):
        errors.append(forbidden("status.nodeName", "may not be changed directly"))
    status, old_status = wire.get("status", {}), before.get("status", {})
    errors += validate_immutable(status.get("qosClass", ""), old_status.get("qosClass", ""), "status.qosClass")
    return errors + _addresses(status.get("podIPs", []), old_status.get("podIPs", []))


def _addresses(pod_ips: list[Wire], old: list[Wire]) -> list[FieldError]:
    path = "status.podIPs"
    unchanged = [entry.get("ip", "") for entry in old]
    addresses = [entry.get("ip", "") for entry in pod_ips]
    errors = []
    for index, address in enumerate(addresses):
        errors += invalid_values(f"{path}[{index}]", address, legacy_ip_address(address, unchanged))
    parsed = [parse_sloppily(address) for address in addresses]
    versions = sorted(address.version for address in parsed if address is not None)
    if len(addresses) > 1 and versions != [4, 6]:
        printed = [internal_form(entry, "PodIP") for entry in pod_ips]
        errors.append(invalid_value(path, printed, "may specify no more than one IP for each IP family"))
    return errors
