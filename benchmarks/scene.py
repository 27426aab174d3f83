"""One measurement of one build of kubesim, in a process of its own; one line of JSON comes out.

::

    python -P benchmarks/scene.py ROOT up SERVICES        CPU seconds from one manifest to all endpoints ready
    python -P benchmarks/scene.py ROOT connect SERVICES   CPU milliseconds of one cluster.connect() among so many
    python -P benchmarks/scene.py ROOT change SERVICES    CPU milliseconds of the first answer after one Service changed
    python -P benchmarks/scene.py ROOT start              CPU seconds of importing kubesim and building a cluster
    python -P benchmarks/scene.py ROOT limits NODES SERVICES PODS_A_SERVICE   all of it at Kubernetes' own limits

ROOT is the checkout that is measured: only what every build has since the first edition is used, so that an old build
and a new one do the same work. Each Service has three Pods of one nginx container. CPU time, not wall time: machines
are shared. Peak memory is that of the whole process, in MiB.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

PODS_A_SERVICE = 3
CONNECTIONS = 100
CHANGES = 7
SETTLE_SECONDS = 3600.0

Wire = dict[str, Any]


def peak_mebibytes() -> int:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def roomy(document: Wire, nodes: int) -> Wire:
    """The default cluster's file with ``nodes`` nodes, each with room for any number of Pods, and nothing pinned."""
    prefix_length = 16 if nodes <= 2 else 24
    made = []
    for number in range(nodes):
        node = document["nodes"][min(number, 1)]
        if number > 1:
            address = f"172.31.{number // 200 + 1}.{number % 200 + 1}"
            node = {**node, "name": f"node-{number}", "address": address}
        start = (10 << 24 | 128 << 16) + (number << 32 - prefix_length)
        cidr = ".".join(str(start >> shift & 255) for shift in (24, 16, 8, 0))
        made.append({**node, "podCIDR": f"{cidr}/{prefix_length}"})
    return {
        **document,
        "hardware": {**document["hardware"], "cpu": "4000", "memory": "8131912Mi", "pods": "100000"},
        "networks": {**document["networks"], "pods": "10.128.0.0/9"},
        "nodes": made,
        "pins": {},
    }


def large_cluster(root: Path, nodes: int = 2) -> Any:
    """A cluster with room, built by the build under ``root`` from a cluster file of its own."""
    import yaml

    from kubesim import Cluster

    source = root / "data/clusters/k3s.yaml"
    document = roomy(yaml.safe_load(source.read_text(encoding="utf-8")), nodes)
    with tempfile.NamedTemporaryFile("w", dir=source.parent, prefix=".scene-", suffix=".yaml") as file:
        file.write(yaml.safe_dump(document))
        file.flush()
        return Cluster.from_file(file.name)


def manifest(services: int, pods_a_service: int = PODS_A_SERVICE) -> list[Wire]:
    """So many Services with their Pods."""
    objects: list[Wire] = []
    for number in range(services):
        name, labels = f"web-{number}", {"app": f"web-{number}", "tier": "web"}
        spec: Wire = {"selector": labels, "ports": [{"port": 80}]}
        objects.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
        for pod in range(pods_a_service):
            metadata = {"name": f"{name}-{pod}", "labels": labels}
            containers = {"containers": [{"name": "nginx", "image": "nginx"}]}
            objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": containers})
    return objects


def bring_up(cluster: Any, services: int, pods_a_service: int = PODS_A_SERVICE) -> float:
    """Apply the manifest and wait; every Pod must be ready.

    :returns: CPU seconds.
    """
    objects = manifest(services, pods_a_service)
    began = time.process_time()
    cluster.apply(objects)
    settled = cluster.settle(SETTLE_SECONDS)
    spent = time.process_time() - began
    pods = cluster.api.list(cluster.api.resource_type("pods"), "default")
    ready = sum(
        any(condition["type"] == "Ready" and condition["status"] == "True" for condition in pod["status"]["conditions"])
        for pod in pods
    )
    if not settled or ready != services * pods_a_service:
        raise SystemExit(f"all {services * pods_a_service} Pods must be ready, but {ready} are")
    return spent


def connect_milliseconds(cluster: Any, url: str) -> float:
    """CPU milliseconds of one request, once its rules are written: the mean of many."""
    if not cluster.connect("node/master", url).reached:
        raise SystemExit(f"{url} must answer, and did not")
    began = time.process_time()
    for _ in range(CONNECTIONS):
        cluster.connect("node/master", url)
    return (time.process_time() - began) * 1000 / CONNECTIONS


def change_milliseconds(cluster: Any, url: str) -> float:
    """CPU milliseconds of the first request after another Service was given a new selector: the median of several."""
    spent = []
    for number in range(CHANGES):
        spec = {"selector": {"app": f"web-{number}"}, "ports": [{"port": 80}]}
        cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web-1"}, "spec": spec})
        cluster.settle()
        began = time.process_time()
        cluster.connect("node/master", url)
        spent.append((time.process_time() - began) * 1000)
    return median(spent)


def measure(root: Path, work: str, numbers: list[int]) -> Wire:
    """Do one work and say what it took."""
    if work == "start":
        began = time.process_time()
        from kubesim import Cluster

        Cluster()
        return {"seconds": time.process_time() - began, "mebibytes": peak_mebibytes()}
    if work == "limits":
        nodes, services, pods = numbers
        began = time.process_time()
        cluster = large_cluster(root, nodes)
        boot = time.process_time() - began
        spent = bring_up(cluster, services, pods)
    else:
        boot = 0.0
        cluster = large_cluster(root)
        spent = bring_up(cluster, *numbers)
    result: Wire = {"seconds": spent, "boot_seconds": boot, "mebibytes": peak_mebibytes()}
    if work != "up":
        url = f"http://{cluster.get('Service', 'web-0').spec.clusterIP}"
        result["connect_milliseconds"] = connect_milliseconds(cluster, url)
        if work == "change":
            result["change_milliseconds"] = change_milliseconds(cluster, url)
    return result


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description="one measurement of one build, as one line of JSON")
    parser.add_argument("root", type=Path)
    parser.add_argument("work", choices=["up", "connect", "change", "start", "limits"])
    parser.add_argument("numbers", type=int, nargs="*")
    given = parser.parse_args()
    sys.path.insert(0, str(given.root.resolve()))
    print(json.dumps(measure(given.root.resolve(), given.work, given.numbers)))


if __name__ == "__main__":
    main()
