"""``kubectl drain``: cordon a node and evict its Pods, as their disruption budgets allow.

Upstream: ``k8s.io/kubectl/pkg/drain``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from kubesim.api.durations import go_duration
from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.printing import SUFFIX, DryRun
from kubesim.kubectl.requests import Changes
from kubesim.kubectl.verbs.nodes import named_nodes, schedulability
from kubesim.kubectl.watching import wait_until

RETRY_SECONDS = 5.0
"""From an eviction that was refused for now to the next try (``EvictErrorRetryDelay``)."""


class _Verdict(NamedTuple):
    """What becomes of one Pod.

    :param goes: whether it is evicted.
    :param kind: whether ``words`` warn, or say why the node cannot be drained.
    """

    goes: bool
    kind: Literal["", "warning", "error"] = ""
    words: str = ""


def drain(call: Call) -> int:
    """Cordon the nodes and evict their Pods."""
    changes = Changes(call, typed=True)
    failed: list[tuple[str, list[str]]] = []
    infos = named_nodes(call)
    for info in infos:
        changes.one(info, schedulability(False))
    for info in infos:
        problems = _drain_node(call, info, changes.mode)
        if problems:
            whole = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            call.complain(f'error: unable to drain node "{info.name}" due to error: {whole}, continuing command...')
            failed.append((info.name, problems))
        else:
            call.say(f"{info.label} drained{SUFFIX[changes.mode]}")
    if failed:
        call.complain("There are pending nodes to be drained:")
        for name, _ in failed:
            call.complain(f" {name}")
        call.complain("\n".join(problem for _, problems in failed for problem in problems))
        return 1
    return 0


def _drain_node(call: Call, info: Info, mode: DryRun) -> list[str]:
    """Evict the Pods of a node; returns why it could not be drained."""
    pods = _pods(call, info)
    verdicts = [(pod, _verdict(call, pod)) for pod in pods]
    problems = _grouped(verdicts, "error")
    if problems:
        return [f"cannot delete {words}: {listed}" for words, listed in problems.items()]
    warnings = "; ".join(f"{words}: {listed}" for words, listed in _grouped(verdicts, "warning").items())
    if warnings:
        call.complain(f"Warning: {warnings}")
    going = [pod for pod, verdict in verdicts if verdict.goes]
    if mode == "client":
        for pod in going:
            call.say(f"evicting pod {_place(pod)} (dry run)")
        return []
    errors = _Evictions(call, going, mode).run()
    if errors:
        pending = [pod for pod in _pods(call, info) if _verdict(call, pod).goes]
        if pending:
            whole = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
            call.complain(f'There are pending pods in node "{info.name}" when an error occurred: {whole}')
            for pod in pending:
                call.complain(f"pod/{pod['metadata']['name']}")
    return errors


def _pods(call: Call, info: Info) -> list[Wire]:
    labels, fields = call.flags.text("pod-selector"), f"spec.nodeName={info.name}"
    return list(call.api.list(resource_type("pods"), None, label_selector=labels, field_selector=fields))


def _place(pod: Wire) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _grouped(verdicts: Sequence[tuple[Wire, _Verdict]], kind: str) -> dict[str, str]:
    """What is said, each with the Pods that it is said of."""
    found: dict[str, list[str]] = {}
    for pod, verdict in verdicts:
        if verdict.kind == kind:
            found.setdefault(verdict.words, []).append(_place(pod))
    return {words: ", ".join(places) for words, places in found.items()}


def _verdict(call: Call, pod: Wire) -> _Verdict:
    """The filters that a Pod passes, one after another; the last word counts."""
    flags = call.flags
    owners = pod["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    skip = flags.number("skip-wait-for-delete-timeout")
    if pod["metadata"].get("deletionTimestamp") and skip > 0:
        return _Verdict(False)
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return _Verdict(True)
    if owner is not None and owner["kind"] == "DaemonSet":
        there = call.api.find(resource_type("daemonsets"), owner["name"], pod["metadata"]["namespace"])
        gone = f'daemonsets.apps "{owner["name"]}" not found'
        if there is None and not flags.on("force"):
            return _Verdict(False, "error", gone)
        if there is not None and not flags.on("ignore-daemonsets"):
            return _Verdict(False, "error", "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
        if there is not None:
            return _Verdict(False, "warning", "ignoring DaemonSet-managed Pods")
    if any("emptyDir" in volume for volume in pod["spec"].get("volumes") or ()) and not flags.on(
        "delete-emptydir-data"
    ):
        return _Verdict(False, "error", "Pods with local storage (use --delete-emptydir-data to override)")
    if owner is not None:
        return _Verdict(True)
    if flags.on("force"):
        return _Verdict(True, "warning", "deleting Pods that declare no controller")
    return _Verdict(False, "error", "Pods that declare no controller (use --force to override)")


class _Evictions:
    """Pods that are evicted side by side: each is asked for until it may go, then waited for."""

    def __init__(self, call: Call, pods: Sequence[Wire], mode: DryRun) -> None:
        self._call = call
        self._mode = mode
        self._pods = list(pods)
        self._due = {id(pod): call.simulation.now for pod in pods}
        """When a Pod is asked for next; those that are going are not in it."""
        self._errors: list[str] = []

    def run(self) -> list[str]:
        """Evict them all; returns what went wrong."""
        limit = self._call.flags.limit("timeout")
        if self._pods and not wait_until(self._call, self._advance, limit):
            words = f"global timeout reached: {go_duration(limit or 0)}"
            for pod in self._pods:
                name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
                if id(pod) in self._due:
                    self._errors.append(f'error when evicting pods/"{name}" -n "{namespace}": {words}')
                else:
                    waited = f'error when waiting for pod "{name}" in namespace "{namespace}" to terminate'
                    self._errors.append(f"{waited}: {words}")
        return self._errors

    def _advance(self) -> bool:
        """Ask for those whose time has come, and note who has gone; returns whether none is left."""
        now = self._call.simulation.now
        for pod in list(self._pods):
            if self._due.get(id(pod), now + 1) <= now:
                self._ask(pod)
        for pod in list(self._pods):
            if id(pod) not in self._due and self._is_gone(pod):
                self._pods.remove(pod)
                if self._mode == "none":
                    done = "deleted" if self._call.flags.on("disable-eviction") else "evicted"
                    self._call.say(f"pod/{pod['metadata']['name']} {done}")
        return not self._pods

    def _is_gone(self, pod: Wire) -> bool:
        if self._mode != "none":
            return True
        metadata = pod["metadata"]
        found = self._call.api.find(resource_type("pods"), metadata["name"], metadata["namespace"])
        return found is None or found["metadata"]["uid"] != metadata["uid"]

    def _ask(self, pod: Wire) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        flags, pods = self._call.flags, resource_type("pods")
        grace = flags.number("grace-period")
        seconds, dry = None if grace < 0 else grace, self._mode == "server"
        try:
            if flags.on("disable-eviction"):
                self._call.api.delete(pods, name, namespace, seconds, dry_run=dry)
            else:
                self._call.say(f"evicting pod {namespace}/{name}{SUFFIX[self._mode]}")
                self._call.api.evict(pod, seconds, dry_run=dry)
        except ApiError as error:
            if error.code == 429:
                wait = go_duration(RETRY_SECONDS)
                subject = f'error when evicting pods/"{name}" -n "{namespace}"'
                self._call.complain(f"{subject} (will retry after {wait}): {error.message}")
                self._due[id(pod)] = self._call.simulation.now + RETRY_SECONDS
                self._call.simulation.after(RETRY_SECONDS, lambda: None)  # a moment at which to look again
                return
            if error.reason == "NotFound":
                self._pods.remove(pod)
            else:
                self._errors.append(f'error when evicting pods/"{name}" -n "{namespace}": {error.message}')
                self._pods.remove(pod)
        del self._due[id(pod)]
