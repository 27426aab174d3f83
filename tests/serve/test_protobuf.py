"""Protobuf, held against bodies that kubectl 1.36.4 sent, and what Kubernetes' own types make of them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kubesim.serve.protobuf import ProtobufError, decode

RECORDED: list[tuple[str, dict[str, Any]]] = [
    (
        "azhzAAoNCgJ2MRIHU2VydmljZRJpCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkIKGwoHODAtODA4MBIDVENQGFAi"
        "BwgAEJA/GgAoABIKCgNhcHASA3dlYhoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA==",
        {
            "kind": "Service",
            "apiVersion": "v1",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {
                "ports": [{"name": "80-8080", "protocol": "TCP", "port": 80, "targetPort": 8080}],
                "selector": {"app": "web"},
                "type": "ClusterIP",
            },
        },
    ),
    (
        "azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAXASAXgaABoAIgA=",
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"p": "eA=="}},
    ),
    (
        "azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKkAQoSCgJjahIAGgAiACoAMgA4AEIAEosBCgsqLzUgKiAqICogKhoAKnoKEgoCY2oS"
        "ABoAIgAqADIAOABCABJkMmIKEAoAEgAaACIAKgAyADgAQgASThInCgJjahIHYnVzeWJveBoEZGF0ZSoAQgBqAHIAgAEAiAEAkAEA"
        "ogEAGglPbkZhaWx1cmUyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBABoAGgAiAA==",
        {
            "kind": "CronJob",
            "apiVersion": "batch/v1",
            "metadata": {"name": "cj"},
            "spec": {
                "schedule": "*/5 * * * *",
                "jobTemplate": {
                    "metadata": {"name": "cj"},
                    "spec": {
                        "template": {
                            "spec": {
                                "containers": [{"name": "cj", "image": "busybox", "command": ["date"]}],
                                "restartPolicy": "OnFailure",
                            }
                        }
                    },
                },
            },
        },
    ),
    (
        "azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxJMChMKA2luZxIAGgAiACoAMgA4AEIAEjEaLwoNYS5leGFtcGxl"
        "LmNvbRIeChwKGgoBLxINIgsKA3dlYhIECgAQUBoGUHJlZml4GgIKABoAIgA=",
        {
            "kind": "Ingress",
            "apiVersion": "networking.k8s.io/v1",
            "metadata": {"name": "ing"},
            "spec": {
                "rules": [
                    {
                        "host": "a.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "pathType": "Prefix",
                                    "backend": {"service": {"name": "web", "port": {"number": 80}}},
                                }
                            ]
                        },
                    }
                ]
            },
        },
    ),
    (
        "azhzAAopCg5hdXRvc2NhbGluZy92MhIXSG9yaXpvbnRhbFBvZEF1dG9zY2FsZXISYQoTCgN3ZWISABoAIgAqADIAOABCABJEChoK"
        "CkRlcGxveW1lbnQSA3dlYhoHYXBwcy92MRABGAMiIgoIUmVzb3VyY2UiFgoDY3B1Eg8KC1V0aWxpemF0aW9uIFAaBBgAIAAaACIA",
        {
            "kind": "HorizontalPodAutoscaler",
            "apiVersion": "autoscaling/v2",
            "metadata": {"name": "web"},
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"},
                "minReplicas": 1,
                "maxReplicas": 3,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                    }
                ],
            },
            "status": {"desiredReplicas": 0},
        },
    ),
]


@pytest.mark.parametrize(("body", "wire"), RECORDED)
def test_a_body_is_the_object_that_was_sent(body: str, wire: dict[str, Any]) -> None:
    found = decode(base64.b64decode(body))
    assert found.known
    assert _without_empty(found.wire) == _without_empty(wire)


def _without_empty(value: Any) -> Any:
    """The value without what Go leaves out when it writes JSON."""
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, {}, [], "", 0, False)}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("body", "wire"), RECORDED)
def test_a_body_that_breaks_off_is_refused_or_read_as_far_as_it_goes(body: str, wire: dict[str, Any]) -> None:
    whole = base64.b64decode(body)
    for length in range(len(whole)):
        try:
            decode(whole[:length])
        except ProtobufError:
            continue


def test_a_kind_that_is_not_in_the_table_is_said_to_be_unknown() -> None:
    body = b"k8s\x00\x0a\x0d\x0a\x02v1\x12\x07Nonsuch\x12\x00"
    assert decode(body) == ({"apiVersion": "v1", "kind": "Nonsuch"}, False)


GROUPS = {"one after the other": b"\x20\x07\x20\xac\x02", "packed": b"\x22\x03\x07\xac\x02"}
"""``supplementalGroups: [7, 300]``, field 4 of a Pod's security context, in the two ways of writing such a list."""


@pytest.mark.parametrize("how", GROUPS)
def test_a_list_of_numbers_is_read_however_it_is_written(how: str) -> None:
    assert decode(_pod_with_context(GROUPS[how])).wire["spec"]["securityContext"] == {"supplementalGroups": [7, 300]}


@pytest.mark.parametrize("field", [b"\x21" + b"\0" * 8, b"\x25" + b"\0" * 4, b"\x12\x01a"], ids=["64", "32", "text"])
def test_a_number_that_is_written_as_something_else_is_refused(field: bytes) -> None:
    with pytest.raises(ProtobufError, match="wrong wireType"):
        decode(_pod_with_context(field))


def _pod_with_context(context: bytes) -> bytes:
    spec = b"\x72" + bytes([len(context)]) + context
    pod = b"\x12" + bytes([len(spec)]) + spec
    return b"k8s\x00\x0a\x09\x0a\x02v1\x12\x03Pod\x12" + bytes([len(pod)]) + pod
