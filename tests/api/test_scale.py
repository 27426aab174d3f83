"""The subresource ``scale``. Expected: upstream's ``scaleFromDeployment`` and its likes."""

from __future__ import annotations

from typing import Any

import pytest

from kubesim.api.errors import ApiError
from kubesim.api.scale import scale_of

SELECTOR = {"matchLabels": {"a": "b"}}
ONE_OF = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["c", "b"]}]}
METADATA = {"name": "a", "namespace": "n", "uid": "1", "resourceVersion": "2", "creationTimestamp": "t"}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "wanted", "found"),
    [
        ("Deployment", {"replicas": 3, "selector": SELECTOR}, {"replicas": 2}, {"replicas": 3}, (2, "a=b")),
        ("ReplicaSet", {"replicas": 0, "selector": SELECTOR}, {}, {}, (0, "a=b")),
        ("StatefulSet", {"selector": SELECTOR}, {}, {"replicas": 1}, (0, "a=b")),
        ("ReplicationController", {"selector": {"b": "2", "a": "1"}}, {"replicas": 1}, {"replicas": 1}, (1, "a=1,b=2")),
        ("Deployment", {"selector": ONE_OF}, {}, {"replicas": 1}, (0, "a in (b,c)")),
    ],
)  # fmt: skip
def test_how_many_are_wanted_and_there(kind: str, spec: Any, status: Any, wanted: Any, found: tuple[int, str]) -> None:
    metadata = {**METADATA, "labels": {"x": "y"}, "generation": 5}
    assert scale_of({"kind": kind, "metadata": metadata, "spec": spec, "status": status}) == {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": METADATA,
        "spec": wanted,
        "status": {"replicas": found[0], "selector": found[1]},
    }


def test_what_has_no_replicas_has_none() -> None:
    with pytest.raises(ApiError, match="could not find the requested resource") as raised:
        scale_of({"kind": "DaemonSet", "metadata": METADATA})
    assert raised.value.code == 404
