"""``kubectl create ingress``: rules written ``host/path=service:port[,tls[=secret]]``.

Upstream: ``pkg/cmd/create/create_ingress.go``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.generators import what_is_set
from kubesim.kubectl.requests import create_built, one_name

_RULE = re.compile(r"[\w*\-.]*/.*=[\w\-]+:[\w\-]+(,tls=?([\w\-]+)?)?", re.ASCII)
"""What a rule must begin with."""
_NOTHING = (
    "not enough information provided: every ingress has to either specify a default-backend (which catches all "
    "traffic) or a list of rules (which catch specific paths)"
)


def ingress(call: Call) -> int:
    """Create an Ingress of what the flags say."""
    name, flags = one_name(call), call.flags
    rules, default = flags.texts("rule"), flags.text("default-backend")
    if not default and not rules:
        raise KubectlError(_NOTHING)
    for rule in rules:
        if _RULE.match(rule) is None:
            problem = "is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            raise KubectlError(f"rule {rule} {problem}")
    for annotation in flags.texts("annotation"):
        if "=" not in annotation:
            raise KubectlError(f"annotation {annotation} is invalid and should be in format key=[value]")
    if default and len(default.split(":")) != 2:
        raise KubectlError("default-backend should be in format servicename:serviceport")
    annotations = dict(each.split("=", 1) for each in flags.texts("annotation"))
    spec = {
        "ingressClassName": flags.text("class"),
        "defaultBackend": _backend(default) if default else None,
        "tls": _tls(rules),
        "rules": _rules(rules),
    }
    wire = {
        "kind": "Ingress",
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {"name": name, **what_is_set({"annotations": annotations})},
        "spec": what_is_set(spec),
        "status": {"loadBalancer": {}},
    }
    return create_built(call, wire, "failed to create ingress")


def _backend(text: str) -> Wire:
    name, port = text.split(":")[:2]
    number = re.fullmatch(r"[+-]?\d+", port)
    return {"service": {"name": name, "port": {"number": int(port)} if number else {"name": port}}}


def _rules(rules: Sequence[str]) -> list[Wire]:
    """The rules' paths by host, in the order in which the hosts come first."""
    paths: dict[str, list[Wire]] = {}
    for rule in rules:
        host, _, rest = rule.split(",")[0].partition("/")
        text, service = rest.split("=")[:2]
        path, kind = f"/{text}", "Exact"
        if path.endswith("*"):
            path, kind = path[:-1], "Prefix"
        entry = {"path": path, "pathType": kind, "backend": _backend(service)}
        paths.setdefault(host, []).append(entry)
    return [{**({"host": host} if host else {}), "http": {"paths": found}} for host, found in paths.items()]


def _tls(rules: Sequence[str]) -> list[Wire]:
    """The hosts whose rules ask for TLS, by secret; each host once."""
    found: dict[str, list[str]] = {}
    hosts: set[str] = set()
    for rule in rules:
        parts = rule.split(",")
        host = rule.partition("/")[0]
        if len(parts) != 2 or host in hosts:
            continue
        secret = parts[1].partition("=")[2].partition("=")[0]
        if host or secret:
            found.setdefault(secret, []).extend([host] if host or secret in found else [])
        hosts.add(host)
    return [what_is_set({"hosts": names, "secretName": secret}) for secret, names in found.items()]
