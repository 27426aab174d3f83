"""Every verb of kubectl: what ``commands.toml`` says of it, and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace as replace_in
from types import MappingProxyType

from kubesim.api.apply import MANAGER
from kubesim.kubectl.call import OTHER_COMMANDS, Call, Verb
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import COMMANDS, GROUPS, Flag, flags_of
from kubesim.kubectl.help_texts import options
from kubesim.kubectl.verbs import (
    apply,
    attach,
    autoscale,
    config,
    create,
    create_ingress,
    create_rights,
    create_secret,
    debug,
    delete,
    describe,
    diff,
    discovery,
    drain,
    edit,
    events,
    exec_,
    explain,
    expose,
    get,
    kustomize,
    label,
    logs,
    nodes,
    patch,
    port_forward,
    replace,
    rollout,
    run,
    scale,
    set_,
    taint,
    wait,
)

RUNS: Mapping[str, Callable[[Call], int]] = MappingProxyType(
    {
        "annotate": label.annotate,
        "api-resources": discovery.api_resources,
        "api-versions": discovery.api_versions,
        "apply": apply.apply,
        "apply set-last-applied": apply.set_last_applied,
        "apply view-last-applied": apply.view_last_applied,
        "attach": attach.attach,
        "auth can-i": config.can_i,
        "auth whoami": config.whoami,
        "autoscale": autoscale.autoscale,
        "cluster-info": discovery.cluster_info,
        "config current-context": config.current_context,
        "config get-contexts": config.get_contexts,
        "config set-context": config.set_context,
        "config use-context": config.use_context,
        "config view": config.config_view,
        "cordon": nodes.schedulable(False),
        "create": create.create,
        "create clusterrole": create_rights.cluster_role,
        "create clusterrolebinding": create_rights.cluster_role_binding,
        "create configmap": create.config_map,
        "create cronjob": create.cron_job,
        "create deployment": create.deployment,
        "create ingress": create_ingress.ingress,
        "create job": create.job,
        "create namespace": create.namespace,
        "create poddisruptionbudget": create.disruption_budget,
        "create priorityclass": create_rights.priority_class,
        "create quota": create_rights.quota,
        "create role": create_rights.role,
        "create rolebinding": create_rights.role_binding,
        "create secret docker-registry": create_secret.docker_registry,
        "create secret generic": create_secret.generic,
        "create secret tls": create_secret.tls,
        "create service clusterip": create.service("ClusterIP"),
        "create service externalname": create.service("ExternalName"),
        "create service loadbalancer": create.service("LoadBalancer"),
        "create service nodeport": create.service("NodePort"),
        "create serviceaccount": create.service_account,
        "create token": create_secret.token,
        "debug": debug.debug,
        "delete": delete.delete,
        "describe": describe.run,
        "diff": diff.diff,
        "drain": drain.drain,
        "edit": edit.edit,
        "events": events.events,
        "exec": exec_.exec_,
        "explain": explain.explain,
        "expose": expose.expose,
        "get": get.get,
        "kustomize": kustomize.kustomize,
        "label": label.label,
        "logs": logs.logs,
        "options": options,
        "patch": patch.patch,
        "port-forward": port_forward.port_forward,
        "replace": replace.replace,
        "rollout history": rollout.history,
        "rollout pause": rollout.pausing(True),
        "rollout restart": rollout.restart,
        "rollout resume": rollout.pausing(False),
        "rollout status": rollout.status,
        "rollout undo": rollout.undo,
        "run": run.run,
        "scale": scale.scale,
        "set env": set_.env,
        "set image": set_.image,
        "set resources": set_.resources,
        "set selector": set_.selector,
        "set serviceaccount": set_.service_account,
        "taint": taint.taint,
        "uncordon": nodes.schedulable(True),
        "version": discovery.version,
        "wait": wait.wait,
    }
)
"""The functions, by what is typed; a verb without one only has sub-commands, or a refusal."""


def _verb(words: str) -> Verb:
    entry = COMMANDS[words]
    shared = [flag for name in entry.get("shared", ()) for flag in GROUPS[name]]
    return Verb(
        name=words.rpartition(" ")[2],
        run=_refusing(entry["refusal"]) if "refusal" in entry else RUNS.get(words),
        use=entry.get("use", ""),
        short=entry.get("short", ""),
        flags=tuple(_with_manager(flag, words) for flag in (*shared, *flags_of(entry.get("flags", {})))),
        subcommands=_below(words),
        aliases=tuple(entry.get("aliases", ())),
        group=entry.get("group", OTHER_COMMANDS),
        long=entry.get("long", ""),
        any_flags=entry.get("any_flags", False),
        examples=entry.get("examples", ""),
        help_to_stdout=entry.get("help_to_stdout", False),
        reaches_out=not words.startswith("config") and "refusal" not in entry,
    )


def _with_manager(flag: Flag, words: str) -> Flag:
    """``--field-manager`` has the verb's own name for its default."""
    if flag.name != "field-manager":
        return flag
    verb = words.partition(" ")[0]
    return replace_in(flag, default=MANAGER if verb in ("apply", "diff") else f"kubectl-{verb}")


def _below(words: str) -> tuple[Verb, ...]:
    return tuple(_verb(each) for each in COMMANDS if each != "flags" and each.rpartition(" ")[0] == words)


def _refusing(why: str) -> Callable[[Call], int]:
    """A verb's function that cannot do anything here; ``why`` says what to do instead."""

    def run(call: Call) -> int:
        raise KubectlError(why)

    return run


VERBS: tuple[Verb, ...] = _below("")
"""All verbs, in upstream's order of registration (which is the order of "Did you mean this?")."""
