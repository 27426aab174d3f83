"""What the server is and serves: ``api-resources``, ``api-versions``, ``cluster-info`` and ``version``."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api import go_json, go_yaml
from kubesim.api.discovery import DISCOVERED, FURTHER_VERSIONS, verbs
from kubesim.api.objects import Wire
from kubesim.api.resources import ResourceType
from kubesim.cluster.configuration import ClusterConfiguration
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.kubeconfig import SERVER
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.output.tabwriter import TabStops
from kubesim.kubectl.unreachable import PER_CATEGORY, PER_TYPE

HEADERS = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND")
WIDE_HEADERS = ("VERBS", "CATEGORIES")


def api_resources(call: Call) -> int:
    """Print the types."""
    flags = call.flags
    call.refuse_arguments("unexpected arguments")
    output, order = flags.text("output"), flags.text("sort-by")
    if output not in ("", "wide", "name"):
        raise KubectlError(f"--output {output} is not available")
    if order not in ("", "name", "kind"):
        raise KubectlError("--sort-by accepts only name or kind")
    call.api.discover(1)
    found = _chosen(call)
    if order:
        found = sorted(found, key=lambda resource: resource.plural if order == "name" else resource.kind)
    if output == "name":
        call.stdout += [f"{resource.qualified}\n" for resource in found]
        return 0
    wide = output == "wide"
    lines: list[Sequence[str]] = [_row(resource, wide) for resource in found]
    if not flags.on("no-headers"):
        lines.insert(0, HEADERS + (WIDE_HEADERS if wide else ()))
    call.stdout += [f"{line}\n" for line in TabStops().lines(lines)]
    return 0


def _chosen(call: Call) -> list[ResourceType]:
    flags = call.flags
    found = list(DISCOVERED)
    if flags.changed("api-group"):
        found = [resource for resource in found if resource.group == flags.text("api-group")]
    if flags.changed("namespaced"):
        found = [resource for resource in found if resource.namespaced is flags.on("namespaced")]
    wanted = set(flags.texts("verbs"))
    found = [resource for resource in found if wanted <= set(verbs(resource))]
    categories = set(flags.texts("categories"))
    return [resource for resource in found if categories <= set(resource.categories)]


def _row(resource: ResourceType, wide: bool) -> tuple[str, ...]:
    row = (
        resource.plural,
        ",".join(resource.short_names),
        resource.api_version,
        "true" if resource.namespaced else "false",
        resource.kind,
    )
    return (*row, ",".join(verbs(resource)), ",".join(resource.categories)) if wide else row


def api_versions(call: Call) -> int:
    """List the group versions served."""
    call.refuse_arguments("unexpected arguments")
    if call.api.absence is not None:
        raise call.api.absence.unlisted(call.simulation)
    for name in sorted({kind.api_version for kind in DISCOVERED} | FURTHER_VERSIONS):
        call.say(name)
    return 0


FURTHER = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'."


def cluster_info(call: Call) -> int:
    """Say where the control plane and the cluster's DNS are."""
    if call.api.absence is not None:
        call.say(FURTHER)
    call.api.discover(PER_CATEGORY + PER_TYPE)
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
    call.say(FURTHER)
    return 0


KUSTOMIZE = "v5.8.1"


def _build(version: str, go: str) -> Wire:
    """A version as Go's struct prints it, in its order."""
    major, minor = version.removeprefix("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": version,
        "gitCommit": "$Format:%H$",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": go,
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def server_build(configuration: ClusterConfiguration) -> Wire:
    """What the server says of its version, in the order of Go's struct."""
    build = _build(configuration.server_version, configuration.release.go)
    minor = int(build["minor"])
    added = {
        "emulationMajor": build["major"],
        "emulationMinor": build["minor"],
        "minCompatibilityMajor": build["major"],
        "minCompatibilityMinor": str(minor - 1),
    }
    return {"major": build.pop("major"), "minor": build.pop("minor"), **added, **build}


def version(call: Call) -> int:
    """Print the versions of the client and the server."""
    shape = call.flags.text("output")
    call.refuse_arguments("extra arguments")
    if shape not in ("", "yaml", "json"):
        raise KubectlError("--output must be 'yaml' or 'json'")
    client_only = call.flags.on("client")
    configuration = call.api.configuration
    own = configuration.release
    if not shape:
        call.say(f"Client Version: {own.kubernetes}")
        call.say(f"Kustomize Version: {KUSTOMIZE}")
        if not client_only:
            call.api.discover(0)
            call.say(f"Server Version: {configuration.server_version}")
        return 0
    both: Wire = {"clientVersion": _build(own.kubernetes, own.go), "kustomizeVersion": KUSTOMIZE}
    if not client_only and call.api.absence is None:
        both["serverVersion"] = server_build(configuration)
    call.stdout.append(go_yaml.dump(both) if shape == "yaml" else go_json.dumps(both, 2, sort_keys=False) + "\n")
    if not client_only:
        call.api.discover(0)
    return 0
