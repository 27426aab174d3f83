"""``kubectl cluster-info``: where the control plane is."""

from __future__ import annotations

from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.kubeconfig import SERVER
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.verbs.refusing import refused


def cluster_info(call: Call) -> int:
    """Say where the control plane and the cluster's DNS are."""
    call.say(f"Kubernetes control plane is running at {SERVER}")
    services = call.api.list(
        resource_type("services"), "kube-system", label_selector="kubernetes.io/cluster-service=true"
    )
    for wire in services:
        metadata = wire["metadata"]
        port = (wire["spec"].get("ports") or [{}])[0]
        name = (metadata.get("labels") or {}).get("kubernetes.io/name") or metadata["name"]
        suffix = f":{port['name']}" if port.get("name") else ""
        call.say(
            f"{name} is running at {SERVER}/api/v1/namespaces/{metadata['namespace']}/services/"
            f"{metadata['name']}{suffix}/proxy"
        )
    call.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.")
    return 0


CLUSTER_INFO = Verb(
    "cluster-info",
    cluster_info,
    "[flags] [options]",
    "Display cluster information",
    group="Cluster Management Commands",
    subcommands=(
        Verb(
            "dump",
            refused("a dump writes files of the real machine: use kubectl get -A -o json"),
            short="Dump information for debugging",
        ),
    ),
)
