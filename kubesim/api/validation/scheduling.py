"""Where a Pod may run: tolerations, affinities, spread; and the taints of a Node.

Upstream: ``ValidateTolerations``, ``validateAffinity``, ``validateTopologySpreadConstraints`` in
``pkg/apis/core/validation``.
"""

from __future__ import annotations

from kubesim.api import names
from kubesim.api.errors import FieldError
from kubesim.api.fields import DUPLICATE, duplicate, invalid_value, invalid_values, not_supported, required
from kubesim.api.objects import Wire
from kubesim.api.validation.internal_form import internal_form
from kubesim.api.validation.metadata import (
    validate_choice,
    validate_enumeration,
    validate_label_selector,
    validate_values,
)

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def validate_tolerations(tolerations: list[Wire], path: str) -> list[FieldError]:
    """The problems of a Pod's tolerations."""
    errors = []
    for index, toleration in enumerate(tolerations):
        here = f"{path}[{index}]"
        key, operator, value, effect = (toleration.get(name, "") for name in ("key", "operator", "value", "effect"))
        if key:
            errors += invalid_values(f"{here}.key", key, names.qualified_name(key))
        elif operator != "Exists":
            problem = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            errors.append(invalid_value(f"{here}.operator", operator, problem))
        if "tolerationSeconds" in toleration and effect != "NoExecute":
            problem = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            errors.append(invalid_value(f"{here}.effect", effect, problem))
        if operator in ("Equal", ""):
            if problems := names.label_value(value):
                errors.append(invalid_value(f"{here}.operator", value, ";".join(problems)))
        elif operator != "Exists":
            errors.append(not_supported(f"{here}.operator", operator, ("Equal", "Exists")))
        elif value:
            errors.append(invalid_value(f"{here}.operator", value, "value must be empty when `operator` is 'Exists'"))
        errors += validate_choice(effect or None, f"{here}.effect", _EFFECTS)
    return errors


def validate_taints(taints: list[Wire], path: str) -> list[FieldError]:
    """The problems of a Node's taints."""
    errors = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(taints):
        here = f"{path}[{index}]"
        key, value, effect = (taint.get(name, "") for name in ("key", "value", "effect"))
        errors += invalid_values(f"{here}.key", key, names.qualified_name(key))
        if problems := names.label_value(value):
            errors.append(invalid_value(f"{here}.value", value, ";".join(problems)))
        errors += validate_enumeration(effect, f"{here}.effect", _EFFECTS)
        if (key, effect) in seen:
            detail = "taints must be unique by key and effect pair"
            errors.append(FieldError(DUPLICATE, here, internal_form(taint, "Taint"), detail))
        seen.add((key, effect))
    return errors


def validate_affinity(affinity: Wire, path: str) -> list[FieldError]:
    """The problems of a Pod's affinity to nodes and to other Pods."""
    errors = []
    node = affinity.get("nodeAffinity", {})
    if _REQUIRED in node:
        terms = node[_REQUIRED].get("nodeSelectorTerms") or []
        here = f"{path}.nodeAffinity.{_REQUIRED}.nodeSelectorTerms"
        if not terms:
            errors.append(required(here, "must have at least one node selector term"))
        for index, term in enumerate(terms):
            errors += _node_term(term, True, f"{here}[{index}]")
    for index, term in enumerate(node.get(_PREFERRED, [])):
        here = f"{path}.nodeAffinity.{_PREFERRED}[{index}]"
        errors += _weight(term, here)
        errors += _node_term(term.get("preference", {}), False, f"{here}.preference")
    for kind in ("podAffinity", "podAntiAffinity"):
        pods = affinity.get(kind, {})
        for index, term in enumerate(pods.get(_REQUIRED, [])):
            errors += _pod_term(term, f"{path}.{kind}.{_REQUIRED}[{index}]")
        for index, term in enumerate(pods.get(_PREFERRED, [])):
            here = f"{path}.{kind}.{_PREFERRED}[{index}]"
            errors += _weight(term, here)
            errors += _pod_term(term.get("podAffinityTerm", {}), f"{here}.podAffinityTerm")
    return errors


def _weight(term: Wire, path: str) -> list[FieldError]:
    weight = term.get("weight", 0)
    return [] if 0 < weight <= 100 else [invalid_value(f"{path}.weight", weight, "must be in the range 1-100")]


def _node_term(term: Wire, strict: bool, path: str) -> list[FieldError]:
    errors = []
    for index, expression in enumerate(term.get("matchExpressions", [])):
        errors += _node_expression(expression, strict, f"{path}.matchExpressions[{index}]")
    for index, expression in enumerate(term.get("matchFields", [])):
        here = f"{path}.matchFields[{index}]"
        operator, key, values = expression.get("operator", ""), expression.get("key", ""), expression.get("values", [])
        if operator not in ("In", "NotIn"):
            errors.append(invalid_value(f"{here}.operator", operator, "not a valid selector operator"))
        elif len(values) != 1:
            problem = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
            errors.append(required(f"{here}.values", problem))
        if key != "metadata.name":
            errors.append(invalid_value(f"{here}.key", key, "not a valid field selector key"))
            continue
        for position, value in enumerate(values):
            errors += invalid_values(f"{here}.values[{position}]", value, names.dns1123_subdomain(value))
    return errors


def _node_expression(expression: Wire, strict: bool, path: str) -> list[FieldError]:
    operator, key, values = expression.get("operator", ""), expression.get("key", ""), expression.get("values", [])
    errors = []
    problems = validate_values(operator, values, f"{path}.values")
    if problems is not None:
        errors += problems
    elif operator in ("Gt", "Lt"):
        if len(values) != 1:
            problem = "must be specified single value when `operator` is 'Lt' or 'Gt'"
            errors.append(required(f"{path}.values", problem))
    else:
        errors.append(invalid_value(f"{path}.operator", operator, "not a valid selector operator"))
    errors += invalid_values(f"{path}.key", key, names.qualified_name(key))
    if strict:  # preferences were never strict about values
        for index, value in enumerate(values):
            errors += invalid_values(f"{path}.values[{index}]", value, names.label_value(value))
    return errors


def _pod_term(term: Wire, path: str) -> list[FieldError]:
    errors = validate_label_selector(term.get("labelSelector"), f"{path}.labelSelector")
    errors += validate_label_selector(term.get("namespaceSelector"), f"{path}.namespaceSelector")
    for namespace in term.get("namespaces", []):
        errors += invalid_values(f"{path}.namespace", namespace, names.dns1123_label(namespace))
    key = term.get("topologyKey", "")
    if not key:
        errors.append(required(f"{path}.topologyKey", "can not be empty"))
    return errors + invalid_values(f"{path}.topologyKey", key, names.qualified_name(key))


def validate_topology_spread(constraints: list[Wire], path: str) -> list[FieldError]:
    """The problems of the rules that spread Pods over zones or nodes."""
    errors = []
    for index, constraint in enumerate(constraints):
        here = f"{path}[{index}]"
        skew, key, action = (constraint.get(name) for name in ("maxSkew", "topologyKey", "whenUnsatisfiable"))
        if (skew or 0) <= 0:
            errors.append(invalid_value(f"{here}.maxSkew", skew or 0, "must be greater than zero"))
        if not key:
            errors.append(required(f"{here}.topologyKey", "can not be empty"))
        errors += validate_choice(action or "", f"{here}.whenUnsatisfiable", ("DoNotSchedule", "ScheduleAnyway"))
        later = [(other.get("topologyKey"), other.get("whenUnsatisfiable")) for other in constraints[index + 1 :]]
        if (key, action) in later:
            pair = f"{{{key or ''}, {action or ''}}}"
            errors.append(duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", pair))
        errors += _least_domains(constraint, action or "", f"{here}.minDomains")
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            errors += validate_choice(constraint.get(name), f"{here}.{name}", ("Honor", "Ignore"))
        errors += validate_label_selector(constraint.get("labelSelector"), f"{here}.labelSelector")
    return errors


def _least_domains(constraint: Wire, action: str, path: str) -> list[FieldError]:
    least = constraint.get("minDomains")
    if least is None:
        return []
    errors = [] if least > 0 else [invalid_value(path, least, "must be greater than zero")]
    if action != "DoNotSchedule":
        problem = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        errors.append(invalid_value(path, least, problem))
    return errors
