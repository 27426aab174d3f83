"""``kubectl autoscale``: a HorizontalPodAutoscaler for a workload. Upstream: ``k8s.io/kubectl/pkg/cmd/autoscale``."""

from __future__ import annotations

import re

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.quantities import canonical
from kubesim.api.resources import BY_KIND
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.generators import what_is_set
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import submit
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.verbs.scale import SCALABLE

_UNITS = {"cpu": "m", "memory": "Mi"}
"""The unit of a number that has none."""
_PERCENT = re.compile("([+-]?[0-9]+)%")
_DEPRECATED = (
    "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for "
    "utilization or '500m' for milliCPU)."
)


def autoscale(call: Call) -> int:
    """Create an autoscaler for each object."""
    flags = call.flags
    if flags.changed("cpu-percent"):
        call.complain(_DEPRECATED)
    mode = dry_run(call)
    printer = Printer(call, mode, typed=True)
    metrics = _checked(call)
    count = 0

    def act(info: Info) -> None:
        nonlocal count
        if info.type.kind not in SCALABLE:
            resource = f"{info.type.group}/{info.type.version}, Resource={info.type.plural}"
            raise KubectlError(
                f"cannot autoscale a {info.type.kind}: could not find scale subresource for {resource} in discovery "
                "information"
            )
        wire = _autoscaler(call, info, metrics)
        try:
            made = submit(call, wire, mode, namespace=info.namespace)
        except ApiError as error:
            # A server that refuses this is asked in an older version, where this can often not be said.
            if flags.text("cpu") == "":
                why = "empty input"
            elif flags.text("memory") or metrics[0]["resource"]["target"]["type"] != "Utilization":
                why = "%!w(<nil>)"
            else:
                raise
            raise KubectlError(
                f"failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: {why}"
            ) from error
        count += 1
        found = _info(info, made)
        printer.done(found, "autoscaled" if mode != "client" else "created")

    select(call, call.arguments).visit(act)
    if not count:
        raise KubectlError("no objects passed to autoscale")
    return 0


def _info(info: Info, wire: Wire) -> Info:
    return Info(BY_KIND["HorizontalPodAutoscaler"], info.namespace, wire["metadata"]["name"], wire)


def _checked(call: Call) -> list[Wire]:
    """The metrics that the flags ask for.

    :raises KubectlError: where the flags make no sense.
    """
    flags = call.flags
    most, least = flags.number("max"), flags.number("min")
    if most < 1:
        raise KubectlError(f"--max=MAXPODS is required and must be at least 1, max: {most}")
    if most < least:
        raise KubectlError(f"--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}")
    percent = flags.number("cpu-percent")
    if percent > 0 and flags.text("cpu"):
        raise KubectlError("--cpu-percent and --cpu are mutually exclusive")
    targets = [("cpu", {"averageUtilization": percent, "type": "Utilization"})] if percent > 0 else []
    targets += [(name, _target(flags.text(name), name)) for name in ("cpu", "memory") if flags.text(name)]
    return [{"type": "Resource", "resource": {"name": name, "target": target}} for name, target in targets]


def _target(text: str, resource: str) -> Wire:
    """A share of what is requested, or a quantity.

    :raises KubectlError: where the text is neither.
    """
    given = text.strip()
    share = _PERCENT.fullmatch(given)
    if share is not None:
        if int(share[1]) < 0:
            raise KubectlError(f"utilization percentage must be >= 0: {share[1]}")
        return {"averageUtilization": int(share[1]), "type": "Utilization"}
    try:
        number = f"{float(given):g}{_UNITS[resource]}"
    except ValueError:
        number = given
    try:
        return {"averageValue": canonical(number), "type": "AverageValue"}
    except ValueError:
        raise KubectlError(f"invalid resource {resource} value: {given}") from None


def _autoscaler(call: Call, info: Info, metrics: list[Wire]) -> Wire:
    flags = call.flags
    spec = {
        "scaleTargetRef": {"kind": info.type.kind, "name": info.name, "apiVersion": info.type.api_version},
        "maxReplicas": flags.number("max"),
        **what_is_set({"minReplicas": max(0, flags.number("min")), "metrics": metrics}),
    }
    metadata = {"name": flags.text("name") or info.name}
    if call.namespace_given:
        metadata["namespace"] = call.namespace
    return {
        "kind": "HorizontalPodAutoscaler",
        "apiVersion": "autoscaling/v2",
        "metadata": metadata,
        "spec": spec,
        "status": {"currentMetrics": None, "desiredReplicas": 0},
    }
