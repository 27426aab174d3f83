"""Bad manifests that a real API server was given, and the problems it named.

The manifests and messages come from a recorded session (``transcripts/errors.yaml``); each manifest goes through the
simulated server as a dry run. What allocators say is not validation's affair and is left out.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubesim.api import go_yaml
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer
from kubesim.api.store import Store
from kubesim.simulation import Simulation

RECORDED = Path(__file__).parents[2] / "conformance" / "data" / "transcripts" / "errors.yaml"
ALLOCATORS = ("allocate", "provided port", "not configured on this cluster")
FIRST = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}},
]


@functools.cache
def session() -> Any:
    return yaml.load(RECORDED.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.fixture(scope="module")
def server() -> ApiServer:
    api = ApiServer(Simulation(seed=0), Store())
    for wire in [*FIRST, *go_yaml.load_all(session()["files"]["setup.yaml"])]:
        api.create(wire)
    return api


def messages(stderr: str) -> list[str]:
    """What kubectl printed, problem by problem."""
    found = re.match(r'The \w+ ".*?" is invalid: (.*)', stderr, re.DOTALL)
    body = found[1].strip() if found else ""
    return [problem.strip() for problem in re.split(r"(?:^|\n)\* ", body) if problem.strip()]


def refused_manifests() -> Iterator[Any]:
    seen = set()
    for step in session()["steps"]:
        command = re.fullmatch(r"kubectl (?:apply|create) -f (\d+\.\w+)", step["cmd"].strip())
        wanted = messages(step["stderr"] or "")
        if command is None or not wanted or command[1] in seen:
            continue
        text = session()["files"][command[1]]
        about_allocation = any(word in message for message in wanted for word in ALLOCATORS)
        about_changes = any("pod updates" in message for message in wanted)
        if about_allocation or about_changes or text.count("\n---") > 0:
            continue
        seen.add(command[1])
        yield pytest.param(text, wanted, id=command[1])


def problems(error: ApiError) -> list[str]:
    causes = error.details.get("causes", [])
    return list(dict.fromkeys(f"{cause['field']}: {cause['message']}".strip() for cause in causes))


@pytest.mark.parametrize(("text", "wanted"), list(refused_manifests()))
def test_manifest(server: ApiServer, text: str, wanted: list[str]) -> None:
    [wire] = go_yaml.load_all(text)
    with pytest.raises(ApiError) as refused:
        server.create(wire, dry_run=True)
    assert problems(refused.value) == wanted


PATCHES: list[tuple[str, str, Any]] = [
    ("Service", "plain", {"metadata": {"uid": "x"}}),
    ("Service", "plain", {"metadata": {"labels": {"a": "b c"}}}),
    ("Service", "plain", {"spec": {"type": "Foo"}}),
    ("Service", "plain", {"spec": {"type": "ExternalName"}}),
    ("Service", "extn", {"spec": {"type": "ClusterIP"}}),
    ("Pod", "pod", [{"op": "add", "path": "/spec/containers/0/ports/-", "value": {"containerPort": 81}}]),
    ("Pod", "pod", {"spec": {"containers": [{"name": "d", "image": "x"}]}}),
    ("Pod", "pod", {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "b"}]}]}}),
    ("Pod", "pod", {"spec": {"restartPolicy": "Never"}}),
    ("Deployment", "dep", {"spec": {"template": {"metadata": {"labels": {"app": "z"}}}}}),
    ("Deployment", "dep", {"spec": {"replicas": -1}}),
]


@pytest.mark.parametrize(("kind", "name", "patch"), PATCHES)
def test_patch(server: ApiServer, kind: str, name: str, patch: Any) -> None:
    wanted = recorded_for(patch)
    how = "json" if isinstance(patch, list) else "merge" if kind == "Service" else "strategic"
    with pytest.raises(ApiError) as refused:
        server.patch(server.resource_type(kind), name, "default", patch, how, dry_run=True)  # type: ignore[arg-type]
    got = problems(refused.value)
    # how far down the spec a line stands depends on the token's volume, whose name is random but whose size is not
    assert got == wanted


def recorded_for(patch: Wire | list[Wire]) -> list[str]:
    as_typed = f"-p '{json.dumps(patch, separators=(',', ':'))}'"
    [stderr] = [step["stderr"] for step in session()["steps"] if as_typed in step["cmd"]]
    return messages(stderr)
