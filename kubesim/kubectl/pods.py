"""The Pod that ``exec``, ``logs`` and ``port-forward`` mean: a Pod itself, or one behind ``svc/x``, ``deploy/x``."""

from __future__ import annotations

from kubesim.api.errors import ApiError
from kubesim.api.objects import LabelSelector, Wire, view
from kubesim.api.selectors import selector_from_labels, selector_of
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.unreachable import PER_TYPE

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def pod_of(call: Call, word: str) -> Wire:
    """The Pod that a word names.

    :raises ApiError: where there is no such object.
    :raises KubectlError: where it has no Pods.
    """
    call.api.discover(PER_TYPE)
    kind, slash, name = word.partition("/")
    found = resource_type(kind) if slash else resource_type("pods")
    wire = call.api.retrieve(found, name if slash else word, call.namespace)
    if found.kind == "Pod":
        return wire
    pods = sorted(pods_behind(call, wire), key=_rank)
    if not pods:
        raise KubectlError("timed out waiting for the condition")
    return pods[0]


def pods_behind(call: Call, wire: Wire) -> list[Wire]:
    """The Pods that a Service or a workload selects.

    :raises KubectlError: for a kind that selects none.
    """
    selector = (wire.get("spec") or {}).get("selector")
    if wire["kind"] == "Service":
        if not selector:
            raise KubectlError(f"invalid service '{wire['metadata']['name']}': Service is defined without a selector")
        chosen = str(selector_from_labels(selector))
    elif wire["kind"] == "ReplicationController" and selector:
        chosen = str(selector_from_labels(selector))
    elif wire["kind"] in ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet") and selector:
        chosen = str(selector_of(view(selector, LabelSelector)))
    else:
        raise KubectlError(f"cannot attach to *v1.{wire['kind']}: not implemented")
    return call.api.list(resource_type("pods"), wire["metadata"].get("namespace"), label_selector=chosen)


def _rank(pod: Wire) -> tuple[bool, bool, str]:
    status = pod.get("status") or {}
    ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
    return status.get("phase") != "Running", not ready, pod["metadata"]["name"]


def container_of(call: Call, pod: Wire, wanted: str, *, quiet: bool = False) -> str:
    """The container of a Pod that a command means: the one named, the Pod's default, or its first.

    :raises KubectlError: where the Pod has no container of that name.
    """
    spec, name = pod.get("spec") or {}, pod["metadata"]["name"]
    containers = [c["name"] for c in spec.get("containers") or ()]
    if wanted:
        if container_spec(pod, wanted) is not None:
            return wanted
        raise KubectlError(f"container {wanted} not found in pod {name}_{pod['metadata'].get('namespace', '')}")
    marked = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    if marked in containers:
        return str(marked)
    everyone = [*containers, *(f"{c['name']} (ephem)" for c in spec.get("ephemeralContainers") or ())]
    everyone += [f"{c['name']} (init)" for c in spec.get("initContainers") or ()]
    if len(everyone) > 1 and not quiet:
        call.complain(f'Defaulted container "{containers[0]}" out of: {", ".join(everyone)}')
    return str(containers[0]) if containers else ""


def container_spec(pod: Wire, name: str) -> Wire | None:
    """A container of a Pod, of whatever kind; None where it has none of that name."""
    spec = pod.get("spec") or {}
    kinds = ("containers", "initContainers", "ephemeralContainers")
    return next((each for kind in kinds for each in spec.get(kind) or () if each["name"] == name), None)


def status_of(pod: Wire, container: str) -> Wire:
    """The kubelet's status of a container; empty before there is one."""
    status = pod.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for entry in status.get(field) or ():
            if entry.get("name") == container:
                return dict(entry)
    return {}


def bad_request(message: str) -> ApiError:
    """A 400 as the API server proxies the kubelet's."""
    return ApiError(400, "BadRequest", message)
