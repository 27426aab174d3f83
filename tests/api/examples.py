"""Resources and small manifests that tests of the API share."""

from __future__ import annotations

from typing import Any

from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType, resource_type


def resource(name: str) -> ResourceType:
    found = resource_type(name)
    assert found is not None
    return found


SERVICE, POD, NAMESPACE, DEPLOYMENT = map(resource, ("svc", "po", "ns", "deploy"))


def service(name: str = "web", **spec: Any) -> Wire:
    spec = {"ports": [{"port": 80}], "selector": {"app": "web"}} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def pod(name: str = "p", **spec: Any) -> Wire:
    spec = {"containers": [{"name": "c", "image": "nginx"}]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
