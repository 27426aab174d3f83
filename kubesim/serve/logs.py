"""The subresource ``log``: what a container has written, and what it goes on to write."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubesim.api.errors import ApiError, bad_request
from kubesim.api.objects import Wire
from kubesim.cluster import Cluster
from kubesim.serve.messages import Request
from kubesim.userland.log import LogLine


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is sent.

    :param text: what there is of it.
    :param more: what has been written since the last call, and whether that was all; None where it is not followed.
    """

    text: str
    more: Callable[[], tuple[str, bool]] | None = None


def log_of(cluster: Cluster, request: Request, pod: Wire) -> Log:
    """The log that a request wants.

    :raises ApiError: 400 where there is none, or the request cannot be understood.
    """
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    container, previous = container_of(request, pod), request.on("previous")
    status = container_status(pod, container)
    waiting = (status.get("state") or {}).get("waiting")
    ran = "terminated" in (status.get("lastState") or {})
    if previous and not ran:
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    if not status and not (pod.get("spec") or {}).get("nodeName"):
        return Log("")
    if not status or (waiting is not None and not ran):
        why = _why(waiting)
        raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {why}')

    def lines() -> list[LogLine]:
        return cluster.log_lines(name, container, previous=previous, namespace=namespace)

    written = lines()
    stamped, sent = request.on("timestamps"), len(written)
    text = "".join(_line(each, stamped) for each in _wanted(written, request, cluster.simulation.datetime))
    limit = _number(request, "limitBytes")
    if limit is not None:
        text = text.encode()[:limit].decode(errors="ignore")
    if not request.on("follow"):
        return Log(text)

    def more() -> tuple[str, bool]:
        nonlocal sent
        held = cluster.store.get("Pod", name, namespace)
        over = held is None or "running" not in (container_status(held, container).get("state") or {})
        try:
            now = lines()
        except (ApiError, LookupError):
            return "", True
        new, sent = now[sent:], len(now)
        return "".join(_line(each, stamped) for each in new), over

    return Log(text, more)


def container_of(request: Request, pod: Wire) -> str:
    """The container that a request names, or the only one.

    :raises ApiError: 400 where there is none such, or a choice.
    """
    spec, name = pod.get("spec") or {}, pod["metadata"]["name"]
    names = [each["name"] for each in spec.get("containers") or ()]
    wanted = request.text("container")
    if not wanted and len(names) > 1:
        choice = " ".join(names)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choice}]")
    if wanted and wanted not in [each["name"] for each in everyone(pod)]:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    return wanted or names[0]


def everyone(pod: Wire) -> list[Wire]:
    """Every container of a Pod, as its spec has it; those of each kind in their order."""
    spec = pod.get("spec") or {}
    return [each for kind in ("containers", "initContainers", "ephemeralContainers") for each in spec.get(kind) or ()]


def container_status(pod: Wire, container: str) -> Wire:
    """What a Pod says of one of its containers; empty where it says nothing yet."""
    status = pod.get("status") or {}
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    known = [each for kind in kinds for each in status.get(kind) or ()]
    return next((each for each in known if each["name"] == container), {})


def _why(waiting: Wire | None) -> str:
    reason = (waiting or {}).get("reason", "ContainerCreating")
    if reason == "ErrImagePull":
        return "image can't be pulled"
    return "trying and failing to pull image" if reason == "ImagePullBackOff" else str(reason)


def _wanted(written: list[LogLine], request: Request, now: datetime) -> list[LogLine]:
    tail, seconds, since = _number(request, "tailLines"), _number(request, "sinceSeconds"), request.text("sinceTime")
    moment = now - timedelta(seconds=min(seconds, 10**9)) if seconds else None
    if since:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise bad_request(f'parsing time "{since}" as "2006-01-02T15:04:05Z07:00": cannot parse it')
    if tail is not None:
        written = written[len(written) - min(tail, len(written)) :]
    return [each for each in written if moment is None or each.moment >= moment]


def _number(request: Request, name: str) -> int | None:
    text = request.text(name)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def _line(line: LogLine, stamped: bool) -> str:
    return f"{line.moment:%Y-%m-%dT%H:%M:%S.%f}000Z {line.text}" if stamped else line.text
