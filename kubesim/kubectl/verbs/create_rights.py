"""``kubectl create``: who may do what (roles and bindings), and how much (quotas, classes of priority).

Upstream: ``pkg/cmd/create/create_{role,clusterrole,rolebinding,clusterrolebinding,quota,priorityclass}.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api import quantities
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.generators import what_is_set
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.requests import create_built, one_name

_GROUP = "rbac.authorization.k8s.io"
_VERSION = f"{_GROUP}/v1"
_VERBS = (
    "*", "get", "delete", "list", "create", "update", "patch", "watch", "proxy", "deletecollection", "use", "bind",
    "escalate", "impersonate",
)  # fmt: skip
_URL_VERBS = ("*", "get", "post", "put", "delete", "patch", "head", "options")
_SPECIAL: dict[str, tuple[tuple[str, str], ...]] = {
    "use": (("policy", "podsecuritypolicies"), ("extensions", "podsecuritypolicies")),
    "bind": ((_GROUP, "roles"), (_GROUP, "clusterroles")),
    "escalate": ((_GROUP, "roles"), (_GROUP, "clusterroles")),
    "impersonate": (("", "users"), ("", "serviceaccounts"), ("", "groups"), ("authentication.k8s.io", "userextras")),
}
"""The verbs that only make sense of some resources, which need not be served."""


def role(call: Call) -> int:
    """``kubectl create role``."""
    name, verbs = one_name(call), _verbs(call)
    if not verbs:
        raise KubectlError("at least one verb must be specified")
    _warn_of_verbs(call, verbs)
    resources = _resources(call)
    if not resources:
        raise KubectlError("at least one resource must be specified")
    rules = _rules(verbs, _checked(resources, verbs), _once(call.flags.texts("resource-name")))
    return create_built(call, {"kind": "Role", "apiVersion": _VERSION, "metadata": {"name": name}, "rules": rules})


def cluster_role(call: Call) -> int:
    """``kubectl create clusterrole``."""
    name, verbs, resources = one_name(call), _verbs(call), _resources(call)
    urls, named = _once(call.flags.texts("non-resource-url")), _once(call.flags.texts("resource-name"))
    wire: Wire = {"kind": "ClusterRole", "apiVersion": _VERSION, "metadata": {"name": name}, "rules": None}
    aggregated = dict(pair.partition("=")[::2] for each in call.flags.texts("aggregation-rule") for pair in [each])
    if aggregated:
        if urls or verbs or resources or named:
            what = "nonResourceURLs, verbs, resources or resourceNames"
            raise KubectlError(f"aggregation rule must be specified without {what}")
        wire["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": aggregated}]}
        return create_built(call, wire)
    if not verbs:
        raise KubectlError("at least one verb must be specified")
    if not resources and not urls:
        raise KubectlError("one of resource or nonResourceURL must be specified")
    if resources:
        _warn_of_verbs(call, verbs)
    checked = _checked(resources, verbs)
    if urls:
        _check_urls(urls, verbs)
    wire["rules"] = _rules(verbs, checked, named)
    if urls:
        wire["rules"].append({"verbs": verbs, "nonResourceURLs": urls})
    return create_built(call, wire)


def _once(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _verbs(call: Call) -> list[str]:
    verbs = _once(call.flags.texts("verb"))
    return ["*"] if "*" in verbs else verbs


def _warn_of_verbs(call: Call, verbs: Sequence[str]) -> None:
    for verb in verbs:
        if verb not in _VERBS:
            call.complain(f"Warning: '{verb}' is not a standard resource verb")


def _resources(call: Call) -> list[tuple[str, str, str]]:
    """The resources as typed: name, group and subresource; a lone star stands for all of them."""
    found = []
    for text in call.flags.texts("resource"):
        whole, _, below = text.partition("/")
        name, _, group = whole.partition(".")
        if text == "*":
            return [("*", "", "")]
        found.append((name, group, below))
    return found


def _checked(resources: Sequence[tuple[str, str, str]], verbs: Sequence[str]) -> dict[str, list[str]]:
    """The resources by their group, under their full names.

    :raises KubectlError: for one that is not served, or of which a verb makes no sense.
    """
    found: dict[str, list[str]] = {}
    for name, group, below in resources:
        if not name:
            raise KubectlError("resource must be specified if apiGroup/subresource specified")
        if name != "*":
            name, group = _resolved(name, group, verbs)
        shown = f"{name}/{below}" if below else name
        if shown not in found.setdefault(group, []):
            found[group].append(shown)
    return found


def _resolved(name: str, group: str, verbs: Sequence[str]) -> tuple[str, str]:
    problem: KubectlError | None = None
    try:
        known = resource_type(f"{name}.{group}" if group else name)
        name, group = known.plural, known.group
    except KubectlError as error:
        problem = error
    for verb in verbs:
        if verb not in _SPECIAL:
            continue
        if (group, name) not in _SPECIAL[verb]:
            raise KubectlError(f"can not perform '{verb}' on '{name}' in group '{group}'")
        problem = None
    if problem is not None:
        raise problem
    return name, group


def _rules(verbs: list[str], resources: dict[str, list[str]], named: list[str]) -> list[Wire]:
    return [
        what_is_set({"verbs": verbs, "apiGroups": [group], "resources": resources[group], "resourceNames": named})
        for group in sorted(resources)
    ]


def _check_urls(urls: Sequence[str], verbs: Sequence[str]) -> None:
    for verb in verbs:
        if verb not in _URL_VERBS:
            raise KubectlError(f"invalid verb: '{verb}' for nonResourceURL")
    for url in urls:
        if url == "*":
            continue
        if not url.startswith("/"):
            raise KubectlError("nonResourceURL should start with /")
        if "*" in url[:-1]:
            raise KubectlError("nonResourceURL only supports wildcard matches when '*' is at the end")


def role_binding(call: Call) -> int:
    """``kubectl create rolebinding``."""
    name, flags = one_name(call), call.flags
    cluster, own = flags.text("clusterrole"), flags.text("role")
    if bool(cluster) == bool(own):
        raise KubectlError("exactly one of clusterrole or role must be specified")
    reference = ("Role", own) if own else ("ClusterRole", cluster)
    return create_built(call, _binding(call, "RoleBinding", name, *reference), "failed to create rolebinding")


def cluster_role_binding(call: Call) -> int:
    """``kubectl create clusterrolebinding``."""
    wire = _binding(call, "ClusterRoleBinding", one_name(call), "ClusterRole", call.flags.text("clusterrole"))
    return create_built(call, wire, "failed to create clusterrolebinding")


def _binding(call: Call, kind: str, name: str, role_kind: str, role_name: str) -> Wire:
    subjects: list[Wire] = [
        {"kind": subject, "apiGroup": _GROUP, "name": each}
        for subject, flag in (("User", "user"), ("Group", "group"))
        for each in call.flags.texts(flag)
    ]
    for text in call.flags.texts("serviceaccount"):
        namespace, _, account = text.partition(":")
        if not namespace or not account or ":" in account:
            raise KubectlError("serviceaccount must be <namespace>:<name>")
        subjects.append({"kind": "ServiceAccount", "namespace": namespace, "name": account})
    reference = {"apiGroup": _GROUP, "kind": role_kind, "name": role_name}
    wire = {"kind": kind, "apiVersion": _VERSION, "metadata": {"name": name}, "roleRef": reference}
    return wire | what_is_set({"subjects": subjects})


def quota(call: Call) -> int:
    """``kubectl create quota``."""
    name, hard = one_name(call), dict[str, str]()
    for statement in filter(None, call.flags.text("hard").split(",")):
        parts = statement.split("=")
        if len(parts) != 2:
            raise KubectlError(f"Invalid argument syntax {statement}, expected <resource>=<value>")
        try:
            hard[parts[0]] = quantities.canonical(parts[1])
        except ValueError as error:
            raise KubectlError(str(error)) from None
    text = call.flags.text("scopes")
    scopes = text.split(",") if text else []
    if "" in scopes:
        raise KubectlError('invalid resource quota scope ""')
    spec = what_is_set({"hard": hard, "scopes": scopes})
    wire = {"kind": "ResourceQuota", "apiVersion": "v1", "metadata": {"name": name}, "spec": spec, "status": {}}
    return create_built(call, wire, "failed to create quota")


def priority_class(call: Call) -> int:
    """``kubectl create priorityclass``."""
    name, flags = one_name(call), call.flags
    wire: Wire = {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name}}
    wire["value"] = flags.number("value")
    wire |= what_is_set({"globalDefault": flags.on("global-default"), "description": flags.text("description")})
    wire["preemptionPolicy"] = flags.text("preemption-policy")
    return create_built(call, wire, "failed to create priorityclass")
