"""``kubectl logs``: what containers wrote."""

from __future__ import annotations

from datetime import datetime, timedelta

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.selectors import parse_label_selector
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.pods import bad_request, container_of, pod_of, status_of

FOLLOWED_SECONDS = 10.0
"""How long ``-f`` follows a container that goes on, in simulated seconds; a person would press Ctrl-C."""

SELECTED_TAIL = 10
"""How many lines of each Pod are shown where a selector chose them."""


def logs(call: Call) -> int:
    """Print the log of each container meant."""
    flags = call.flags
    if flags.text("selector"):
        if call.arguments:
            raise UsageError(call.command, "only a selector (-l) or a POD name is allowed")
        _check_selector(flags.text("selector"))
        pods = call.api.list(resource_type("pods"), call.namespace, label_selector=flags.text("selector"))
        if not pods:
            call.complain(f"No resources found in {call.namespace} namespace.")
    else:
        if not call.arguments or len(call.arguments) > 2:
            raise UsageError(
                call.command,
                "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
                "POD or TYPE/NAME is a required argument for the logs command",
            )
        if len(call.arguments) == 2 and flags.text("container"):
            raise UsageError(call.command, "only one of -c or an inline [CONTAINER] arg is allowed")
        pods = [_pod(call, call.arguments[0])]
    if flags.changed("tail") and flags.number("tail") < -1:
        raise KubectlError("--tail must be greater than or equal to -1")
    if flags.seconds("since") and flags.text("since-time"):
        raise KubectlError("at most one of `sinceTime` or `sinceSeconds` may be specified")
    for pod in pods:
        for container in _containers(call, pod):
            _print(call, pod, container)
    return 0


def _check_selector(text: str) -> None:
    try:
        parse_label_selector(text)
    except ValueError as error:
        raise KubectlError(str(error)) from None


def _pod(call: Call, word: str) -> Wire:
    try:
        return pod_of(call, word)
    except ApiError as error:
        if error.reason == "NotFound" and "/" not in word:
            raise KubectlError(
                f'error from server (NotFound): {error.message} in namespace "{call.namespace}"'
            ) from None
        raise


def _containers(call: Call, pod: Wire) -> list[str]:
    flags, spec = call.flags, pod.get("spec") or {}
    if flags.on("all-containers"):
        kinds = ("initContainers", "containers", "ephemeralContainers")
        return [container["name"] for kind in kinds for container in spec.get(kind) or ()]
    wanted = flags.text("container") or (call.arguments[1] if len(call.arguments) == 2 else "")
    try:
        return [container_of(call, pod, wanted)]
    except KubectlError:
        raise bad_request(f"container {wanted} is not valid for pod {pod['metadata']['name']}") from None


def _print(call: Call, pod: Wire, container: str) -> None:
    flags, name = call.flags, pod["metadata"]["name"]
    status, previous = status_of(pod, container), flags.on("previous")
    waiting = (status.get("state") or {}).get("waiting")
    ran = "terminated" in (status.get("lastState") or {})
    if previous and not ran:
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    if not status and not (pod.get("spec") or {}).get("nodeName"):
        return
    if not status or (waiting is not None and not ran):
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {_why(waiting)}')
    since = _since(call)
    if flags.on("follow"):
        _follow(call, pod)
    written = call.api.log(pod, container, previous=previous)
    tail = flags.number("tail") if flags.changed("tail") else SELECTED_TAIL if flags.text("selector") else -1
    if tail >= 0:
        written = written[len(written) - min(tail, len(written)) :]
    lines = [
        f"{line.moment:%Y-%m-%dT%H:%M:%S.%f}000Z {line.text}" if flags.on("timestamps") else line.text
        for line in written
        if since is None or line.moment >= since
    ]
    if flags.number("limit-bytes") > 0:
        lines = "".join(lines).encode()[: flags.number("limit-bytes")].decode(errors="ignore").splitlines(keepends=True)
    prefix = f"[pod/{name}/{container}] " if flags.on("prefix") else ""
    call.stdout.extend(prefix + line for line in lines)


def _why(waiting: Wire | None) -> str:
    reason = (waiting or {}).get("reason", "ContainerCreating")
    if reason == "ErrImagePull":
        return "image can't be pulled"
    return "trying and failing to pull image" if reason == "ImagePullBackOff" else str(reason)


def _since(call: Call) -> datetime | None:
    """The moment before which nothing is shown; ``--tail`` counts the lines before it too, as the kubelet does."""
    text = call.flags.text("since-time")
    if text:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise KubectlError(f"--since-time must be a moment such as 2026-07-01T09:00:00Z, got {text!r}")
        return moment
    seconds = round(call.flags.seconds("since"))
    return call.simulation.datetime - timedelta(seconds=seconds) if seconds else None


def _follow(call: Call, pod: Wire) -> None:
    """Let time pass until the Pod ends, or for a while."""
    simulation, metadata = call.simulation, pod["metadata"]
    deadline = simulation.now + FOLLOWED_SECONDS
    while simulation.now < deadline:
        held = call.api.find(resource_type("pods"), metadata["name"], metadata["namespace"])
        if held is None or (held.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return
        simulation.advance(1.0)
