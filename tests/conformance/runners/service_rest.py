"""``service_rest``: Services through the storage layer: created, updated and deleted, with what each step leaves.

Upstream ran these below defaults and admission, so the steps go to the registry. Addresses and ports that the system
chose are compared by shape: an address is any of the same family, and equal ones stay equal.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire, copy_of
from kubesim.api.registry import Response
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.api.server import ApiServer, ApiSettings
from kubesim.api.store import Store
from kubesim.simulation import Simulation
from tests.conformance.result import Result, judged

SERVICE = next(resource for resource in RESOURCE_TYPES if resource.kind == "Service")
VOLATILE = ("creationTimestamp", "deletionTimestamp", "resourceVersion", "uid")


def run(path: Path, document: list[dict[str, Any]]) -> Iterator[Result]:
    """Run the steps of each case on a server of its own."""
    return judged(document, lambda case: [_run_case(case)])


def _run_case(case: dict[str, Any]) -> Result:
    ranges = [case["cluster_ip_ranges"][family] for family in case["cluster_ip_families"]]
    low, _, high = case["node_port_range"].partition("-")
    settings = ApiSettings(service_cidr=",".join(ranges), node_port_range=(int(low), int(high)))
    api = ApiServer(Simulation(), Store(), settings)
    translation = Translation()
    for number, step in enumerate(case["steps"]):
        stored = api.store.get("Service", _name_of(step), "default")
        recorded = step.get("before")
        if recorded is not None and stored is not None and recorded.get("status") != stored.get("status"):
            # a step that was not recorded: the status was written between these two
            api.store.commit({**stored, "status": recorded["status"]})
        expected = {"error": step["error"]} if step["error"] else {"output": _stable(step["output"])}
        try:
            got: Wire = {"output": _stable(_perform(api, step, translation).object)}
        except ApiError as error:
            got = {"error": _error_of(error)}
        translation.lasting = not step["options"].get("dryRun")
        if not translation.matches(expected, got):
            return Result(case["id"], False, {"step": number, **expected}, got)
    return Result(case["id"], True)


def _name_of(step: Wire) -> str:
    return step["input"] if step["op"] == "delete" else step["input"]["metadata"]["name"]


def _perform(api: ApiServer, step: Wire, translation: Translation) -> Response:
    dry_run = bool(step["options"].get("dryRun"))
    if step["op"] == "delete":
        return api.registry.delete(SERVICE, api.get(SERVICE, step["input"]), dry_run=dry_run)
    new = translation.ours(copy_of(step["input"]))
    name = new["metadata"]["name"]
    old = api.store.get("Service", name, "default")
    if old is None:
        return api.registry.create(SERVICE, new, dry_run)
    for field in ("resourceVersion", "uid"):
        if field in new["metadata"]:
            new["metadata"][field] = old["metadata"][field]
    return api.registry.update(SERVICE, new, old, dry_run)


def _error_of(error: ApiError) -> Wire:
    return {"code": error.code, "details": error.details, "message": error.message, "reason": error.reason}


def _stable(wire: Wire) -> Wire:
    metadata = {name: value for name, value in wire["metadata"].items() if name not in VOLATILE}
    present = sorted(name for name in ("creationTimestamp", "deletionTimestamp", "uid") if name in wire["metadata"])
    return {**wire, "metadata": {**metadata, "present": present}}


class Translation:
    """Which of our addresses and ports stand for the recorded ones."""

    def __init__(self) -> None:
        self._recorded: dict[str | int, str | int] = {}
        self.lasting = True  # what a dry run chose stands for nothing later

    def ours(self, value: Any) -> Any:
        """An input with the recorded values that the system chose replaced by ours."""
        if isinstance(value, dict):
            return {key: self.ours(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.ours(item) for item in value]
        return self._recorded.get(value, value) if isinstance(value, (str, int)) else value

    def matches(self, expected: Any, got: Any, field: str = "") -> bool:
        """Whether two values are equal but for what the system chose."""
        if isinstance(expected, dict) and isinstance(got, dict):
            return expected.keys() == got.keys() and all(self.matches(expected[key], got[key], key) for key in expected)
        if isinstance(expected, list) and isinstance(got, list):
            pairs = zip(expected, got, strict=False)
            return len(expected) == len(got) and all(self.matches(a, b, field) for a, b in pairs)
        if expected == got and type(expected) is type(got):
            return True
        if field in ("clusterIP", "clusterIPs"):
            return _family(expected) == _family(got) != 0 and self._pair(expected, got)
        if field in ("nodePort", "healthCheckNodePort"):
            return isinstance(expected, int) and isinstance(got, int) and self._pair(expected, got)
        return False

    def _pair(self, recorded: str | int, ours: str | int) -> bool:
        return not self.lasting or self._recorded.setdefault(recorded, ours) == ours


def _family(address: Any) -> int:
    try:
        return ipaddress.ip_address(address).version
    except ValueError:
        return 0
