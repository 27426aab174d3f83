"""``kubectl create`` of Ingresses, roles, bindings, quotas and classes. Expected: kubectl 1.36 (its sources and words)."""

# ruff: noqa: E501 (a row of a table is one case)

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.conformance.transcripts.command import Command

RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("create ingress i --rule=a.com=web", "rule a.com=web is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"),
        ("create ingress i --default-backend=web", "default-backend should be in format servicename:serviceport"),
        ("create ingress i --rule=/=web:80 --annotation=a", "annotation a is invalid and should be in format key=[value]"),
        ("create role r --resource=pods", "at least one verb must be specified"),
        ("create role r --verb=get", "at least one resource must be specified"),
        ("create role r --verb=get --resource=nothings", 'the server doesn\'t have a resource type "nothings"'),
        ("create role r --verb=use --resource=pods", "can not perform 'use' on 'pods' in group ''"),
        ("create clusterrole r --verb=get", "one of resource or nonResourceURL must be specified"),
        ("create clusterrole r --verb=list --non-resource-url=/logs", "invalid verb: 'list' for nonResourceURL"),
        ("create clusterrole r --verb=get --non-resource-url=logs", "nonResourceURL should start with /"),
        ("create rolebinding b --role=r --clusterrole=c", "exactly one of clusterrole or role must be specified"),
        ("create rolebinding b --role=r --serviceaccount=a", "serviceaccount must be <namespace>:<name>"),
        ("create quota q --hard=pods", "Invalid argument syntax pods, expected <resource>=<value>"),
    ],
)  # fmt: skip
def test_what_is_refused(line: str, problem: str) -> None:
    done = Command().run(line.split())
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.endswith(f"error: {problem}\n")


def path(text: str, kind: str, service: str, **port: Any) -> dict[str, Any]:
    return {"path": text, "pathType": kind, "backend": {"service": {"name": service, "port": port}}}


@pytest.mark.parametrize(
    ("line", "part", "expected"),
    [
        (
            "create ingress i --rule=a.com/x*=web:80,tls=s --rule=a.com/=other:http --rule=b.com/=web:80,tls=s",
            "spec",
            {
                "rules": [
                    {"host": "a.com", "http": {"paths": [path("/x", "Prefix", "web", number=80), path("/", "Exact", "other", name="http")]}},
                    {"host": "b.com", "http": {"paths": [path("/", "Exact", "web", number=80)]}},
                ],
                "tls": [{"hosts": ["a.com", "b.com"], "secretName": "s"}],
            },
        ),
        (
            "create role r --verb=get,list,get --resource=po,deploy.apps,pods/log --resource-name=x",
            "rules",
            [
                {"apiGroups": [""], "resourceNames": ["x"], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
                {"apiGroups": ["apps"], "resourceNames": ["x"], "resources": ["deployments"], "verbs": ["get", "list"]},
            ],
        ),
        (
            "create clusterrole r --aggregation-rule=a=b",
            "aggregationRule",
            {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
        ),
        (
            "create rolebinding b --clusterrole=view --user=eve --serviceaccount=a:b",
            "subjects",
            [{"apiGroup": RBAC, "kind": "User", "name": "eve"}, {"kind": "ServiceAccount", "name": "b", "namespace": "a"}],
        ),
        ("create quota q --hard=cpu=1000m,pods=3", "spec", {"hard": {"cpu": "1", "pods": "3"}}),
        ("create priorityclass p --value=5", "preemptionPolicy", "PreemptLowerPriority"),
    ],
)  # fmt: skip
def test_what_is_made(line: str, part: str, expected: Any) -> None:
    done = Command().run([*line.split(), "--dry-run=client", "-o", "yaml"])
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)[part] == expected
