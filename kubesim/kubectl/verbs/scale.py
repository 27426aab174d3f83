"""``kubectl scale``: how many Pods a Deployment, ReplicaSet or StatefulSet is to have."""

from __future__ import annotations

from kubesim.api.errors import unknown_resource
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.watching import wait_until

SCALABLE = frozenset(("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"))


def scale(call: Call) -> int:
    """Set ``spec.replicas`` of each object."""
    flags = call.flags
    mode = dry_run(call)
    printer = Printer(call, mode)
    replicas, expected = flags.number("replicas"), flags.number("current-replicas")
    if replicas < 0:
        raise KubectlError("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    selection = select(call, call.arguments, everything=flags.on("all"))
    infos = selection.infos()
    if not infos:
        raise KubectlError("no objects passed to scale")
    if len(infos) > 1 and flags.text("resource-version"):
        raise KubectlError("cannot use --resource-version with multiple resources")
    for info in infos:
        if info.type.kind not in SCALABLE:
            raise unknown_resource()
        current = ((info.object or {}).get("spec") or {}).get("replicas", 0)
        if expected >= 0 and current != expected:
            raise KubectlError(f"Expected replicas to be {expected}, was {current}")
        if mode == "client":
            wire = info.object or {}
            info.object = {**wire, "spec": {**(wire.get("spec") or {}), "replicas": replicas}}
        else:
            after = call.api.patch(
                info.type,
                info.name,
                info.namespace,
                {"spec": {"replicas": replicas}},
                kind="merge",
                subresource="scale",
                dry_run=mode == "server",
            )
            if mode == "none":
                info.object = after
                _wait(call, info, replicas)
        printer.done(info, "scaled")
    return 0


def _wait(call: Call, info: Info, replicas: int) -> None:
    timeout = call.flags.seconds("timeout")
    if timeout <= 0:
        return

    def reached() -> bool:
        wire = call.api.get(info.type, info.name, info.namespace)
        return bool((wire.get("status") or {}).get("replicas", 0) == replicas)

    if not wait_until(call, reached, timeout):
        raise KubectlError("timed out waiting for the condition")
