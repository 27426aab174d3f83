"""Decoding, validating and storing a Service; the cost must not grow with the number of objects there are."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer, ApiSettings
from kubesim.api.store import Store
from kubesim.simulation import Simulation


def service(number: int) -> Wire:
    spec = {
        "type": "NodePort" if number % 10 == 0 else "ClusterIP",
        "ports": [{"port": 80}],
        "selector": {"app": f"a{number}"},
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"}, "spec": spec}


def server(services: int) -> ApiServer:
    api = ApiServer(Simulation(), Store(), ApiSettings())
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    for number in range(services):
        api.create(service(number))
    return api


@pytest.mark.parametrize("existing", [0, 500, 1000, 2000, 4000])
def test_create_a_service(benchmark: Any, existing: int) -> None:
    api = server(existing)
    numbers = count(existing)
    benchmark.pedantic(lambda: api.create(service(next(numbers))), rounds=200, warmup_rounds=10)


@pytest.mark.parametrize("existing", [500, 4000])
def test_patch_a_service(benchmark: Any, existing: int) -> None:
    api = server(existing)
    resource = api.resource_type("services")
    numbers = count()
    benchmark.pedantic(
        lambda: api.patch(resource, "s7", patch={"metadata": {"labels": {"n": str(next(numbers))}}}),
        rounds=200,
        warmup_rounds=10,
    )


def test_list_a_thousand_services(benchmark: Any) -> None:
    api = server(1000)
    resource = api.resource_type("services")
    assert len(benchmark(lambda: api.list(resource, "default"))) == 1000
