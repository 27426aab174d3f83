"""Upstream's cases of what kubectl computes by itself: generated objects, texts, durations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from kubesim.api.durations import human_duration, short_human_duration
from kubesim.kubectl import generators
from kubesim.kubectl.errors import Aggregate, KubectlError
from kubesim.kubectl.go_values import integer
from kubesim.kubectl.rollouts import STATUS_VIEWERS
from kubesim.kubectl.verbs import expose, label, port_forward
from kubesim.kubectl.verbs.expose import Exposure
from tests.conformance.result import Result, without_nulls
from tests.conformance.transcripts.command import Command

Case = dict[str, Any]


def run(path: Path, document: list[Case]) -> Iterator[Result]:
    """Every case by the function it calls upstream."""
    for case in document:
        handler = HANDLERS.get(case["func"])
        if handler is None:
            yield Result(case["id"], False, "a handler", f"none for {case['func']}", case)
            continue
        try:
            expected, got = handler(case)
        except (KubectlError, Aggregate) as error:
            expected, got = case.get("error") or case.get("err"), str(error)
        except Exception as error:
            expected, got = case.get("output", case.get("out")), f"{type(error).__name__}: {error}"
        yield Result(case["id"], expected == got, expected, got, case)


def _object(wire: Any) -> Any:
    """A typed object as the recorder wrote it: without kind and apiVersion."""
    if not isinstance(wire, dict):
        return wire
    return {key: value for key, value in wire.items() if key not in ("kind", "apiVersion")}


def _expose(case: Case) -> tuple[Any, Any]:
    given = case["args"]
    protocols: dict[str, list[str]] = {}
    for pair in filter(None, (given.get("protocols") or "").split(",")):
        port, _, protocol = pair.partition("/")
        protocols.setdefault(port, []).append(protocol)
    made = expose.service(
        Exposure(
            name=given.get("name", ""),
            selector=given.get("selector", ""),
            port=given.get("port", ""),
            protocol=given.get("protocol", ""),
            protocols=protocols,
            target_port=given.get("target_port", ""),
            labels=given.get("labels", ""),
            type=given.get("type", ""),
            external_ip=given.get("external_ip", ""),
            session_affinity=given.get("session_affinity", ""),
            cluster_ip=given.get("cluster_ip", ""),
        )
    )
    return case["output"], _object(made)


def _generator(case: Case) -> tuple[Any, Any]:
    given = case["params"]
    arguments = {
        "name": given.get("name", ""),
        "selector": given.get("selector", ""),
        "port": given.get("ports") or given.get("port", ""),
        "protocol": given.get("protocol", ""),
        "protocols": given.get("protocols", ""),
        "target_port": given.get("target-port") or given.get("container-port", ""),
        "labels": given.get("labels", ""),
        "type": given.get("type", ""),
        "external_ip": given.get("external-ip", ""),
        "session_affinity": given.get("session-affinity", ""),
        "cluster_ip": given.get("cluster-ip", ""),
    }
    return _expose({**case, "args": arguments})


def _run_pod(case: Case) -> tuple[Any, Any]:
    given = case["params"]
    arguments = given.get("args") or ()
    made = generators.pod(
        given["name"],
        given["image"],
        labels=generators.labels_of(given["labels"]) if given.get("labels") else {"run": given["name"]},
        annotations=dict(pair.split("=", 1) for pair in given.get("annotations") or ()),
        env=generators.environment(given.get("env") or ()),
        port=integer(given["port"]) if given.get("port") else 0,
        arguments=arguments,
        command=given.get("command") == "true",
        restart_policy=given.get("restart") or "Always",
        image_pull_policy=given.get("image-pull-policy", ""),
        stdin=given.get("stdin") == "true",
        leave_stdin_open=given.get("leave-stdin-open") == "true",
        tty=given.get("tty") == "true",
        privileged=given.get("privileged") == "true",
        host_port=integer(given["hostport"]) if given.get("hostport") else 0,
    )
    return case["output"], _object(made)


def _run_service(case: Case) -> tuple[Any, Any]:
    given = case["params"] or {}
    if not given.get("name"):
        raise KubectlError("name is a required parameter")
    labels = generators.labels_of(given["labels"]) if given.get("labels") else {}
    selector = labels or {"run": given["name"]}
    port = case.get("port") or given.get("port", "")
    made = expose.service(Exposure(given["name"], selector, port, "TCP", labels=labels))
    return case["output"], _object(made)


def _create_service(case: Case) -> tuple[Any, Any]:
    given = case["args"]
    made = generators.checked_service(
        given["name"],
        given["type"],
        given.get("tcp") or (),
        node_port=given.get("node_port") or 0,
        cluster_ip=given.get("clusterip", ""),
        external_name=given.get("external_name", ""),
    )
    return case["output"], _object(made)


def _map_selector(case: Case) -> tuple[Any, Any]:
    found = expose.selector_of(case["obj"])
    return case["out"], ",".join(f"{key}={found[key]}" for key in sorted(found))


def _single_protocols(case: Case) -> tuple[Any, Any]:
    return case["out"], {port: protocols[-1] for port, protocols in expose.protocols_of(case["obj"]).items()}


def _can_be_exposed(case: Case) -> tuple[Any, Any]:
    expose.check_exposable(case["kind"]["Group"], case["kind"]["Kind"])
    return case["err"], None


def _label(case: Case) -> tuple[Any, Any]:
    made = label.changed(
        case["input"],
        "labels",
        case.get("labels") or {},
        case.get("remove") or (),
        overwrite=case["overwrite"],
        resource_version=case["resource_version"],
    )
    return case["output"], made


def _parse_labels_of_label(case: Case) -> tuple[Any, Any]:
    labels, remove = label.parse_labels(case["args"])
    return (case["output"], case["remove"] or []), (labels, remove)


def _rollout_status(case: Case) -> tuple[Any, Any]:
    text, done = STATUS_VIEWERS["Deployment"](without_nulls(case["object"]), 0)
    return (case["output"], case["done"]), (text, done)


def _restart_policy(case: Case) -> tuple[Any, Any]:
    """The policy of the Pod that the command makes; upstream's function also knows of attached containers."""
    given = case["args"]
    words = ["run", "p", "--image=x", "--dry-run=client", "-o=jsonpath={.spec.restartPolicy}"]
    if given.get("restart"):
        words.append(f"--restart={given['restart']}")
    done = Command().run(words)
    return case["output"] or case["error"], done.stdout or done.stderr


def _dash_rules(case: Case) -> tuple[Any, Any]:
    words, dash = list(case["args"]), case["args_len_at_dash"]
    if dash >= 0:
        words.insert(dash, "--")
    done = Command().run(["run", "--image=nginx", "--dry-run=client", *words])
    got = done.stderr.removeprefix("error: ").strip() or None
    return case["error"], got.replace("kubectl run -h", "run -h") if got else None


def _run_errors(case: Case) -> tuple[Any, Any]:
    flags = [f"--{name}={value}" for name, value in (case["flags"] or {}).items()]
    if not any(flag.startswith("--image") for flag in flags):
        flags.append("--image=")
    done = Command().run(["run", *flags, *(case["args"] or ())])
    return case["stderr"].strip(), done.stderr.strip().replace("kubectl run -h", "run -h")


def _create_deployment(case: Case) -> tuple[Any, Any]:
    flags = [f"--{name}={value.strip('[]')}" for name, value in case["flags"].items()]
    return case["output"], Command().run(["create", "deployment", *case["args"], *flags]).stdout


def _expose_cli(case: Case) -> tuple[Any, Any]:
    words, flags = case["args"], {name: value for name, value in case["flags"].items() if name != "generator"}
    kind = {"service": "Service", "pod": "Pod", "rc": "ReplicationController"}.get(
        words[0] if words else "service", "Service"
    )
    held = {"kind": kind, "apiVersion": "v1", **case["input"]}
    if len(words) == 2:  # upstream's fake server answers with it whatever name is asked for
        held["metadata"] = {**held["metadata"], "name": words[1]}
    command = Command(namespace=case["namespace"], objects=[held])
    if "filename" in flags:
        command.files["redis-master-service.yaml"] = held
        flags["filename"] = "redis-master-service.yaml"
    done = command.run(["expose", *words, "-n", case["namespace"], *[f"--{k}={v}" for k, v in flags.items()]])
    return case["output"], done.stdout or done.stderr


def _expose_override(case: Case) -> tuple[Any, Any]:
    service = {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": "baz", "namespace": "test"},
        "spec": {"selector": {"app": "go"}},
    }
    command = Command(namespace="test", objects=[service])
    words = ["expose", "service", "baz", "-n", "test", "--protocol=UDP", "--port=14", "--name=foo", "--labels=svc=test"]
    flags = [
        "--dry-run=client",
        "-o=yaml",
        f"--overrides={case['overrides']}",
        *_override_type(case),
    ]
    return case["output"], command.run([*words, *flags]).stdout


def _override_type(case: Case) -> list[str]:
    """The flag, where the case has one."""
    return [f"--override-type={case['override_type']}"] if case["override_type"] else []


def _run_override(case: Case) -> tuple[Any, Any]:
    words = ["run", "test", "--image=busybox", "--dry-run=client", "-o=yaml", "-n", "ns"]
    flags = [f"--overrides={case['overrides']}", *_override_type(case)]
    return case["output"], Command(namespace="ns").run([*words, *flags]).stdout


def _describe(case: Case) -> tuple[Any, Any]:
    command = Command(namespace=case["namespace"], objects=_flat(case["objects"]), now=_moment(case["now"]))
    events = [] if case["show_events"] else ["--show-events=false"]
    done = command.run(["describe", "service", case["name"], "-n", case["namespace"], *events])
    return (case["output"] or "").strip(), done.stdout.strip()


def _flat(objects: list[Case]) -> list[Case]:
    found: list[Case] = []
    for wire in objects:
        found.extend(
            {"apiVersion": "v1", "kind": "Event", **item} for item in wire["items"]
        ) if "items" in wire else found.append(wire)
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19] + "+00:00")


def _human(case: Case) -> tuple[Any, Any]:
    return case["out"], human_duration(case["d"])


def _short(case: Case) -> tuple[Any, Any]:
    return case["out"], short_human_duration(case["d"])


def _sweep(case: Case) -> tuple[Any, Any]:
    function = human_duration if case["name"] == "HumanDuration" else short_human_duration
    return case["outputs"], {seconds: function(float(seconds)) for seconds in case["outputs"]}


HANDLERS: dict[str, Callable[[Case], tuple[Any, Any]]] = {
    "HumanDuration": _human,
    "HumanDuration sweep": _sweep,
    "LookupContainerPortNumberByName": lambda c: (c["output"], port_forward.port_by_name(c["pod"], c["port_name"])),
    "LookupContainerPortNumberByServicePort": lambda c: (
        c["output"],
        port_forward.port_by_service_port(c["service"], c["pod"], c["port"]),
    ),
    "ParseLabels": lambda c: (c["out"], generators.labels_of(c["spec"])),
    "ShortHumanDuration": _short,
    "ShortHumanDuration sweep": _sweep,
    "canBeExposed": _can_be_exposed,
    "create deployment (cli)": _create_deployment,
    "create service": _create_service,
    "describe *describe.ServiceDescriber": _describe,
    "describe describe.ServiceDescriber": _describe,
    "expose (cli)": _expose_cli,
    "expose --overrides": _expose_override,
    "expose createService": _expose,
    "label labelFunc": _label,
    "label parseLabels": _parse_labels_of_label,
    "mapBasedSelectorForObject": _map_selector,
    "multiProtocolsForObject": lambda c: (c["out"], expose.protocols_of(c["obj"])),
    "port-forward service port translation": lambda c: (
        c["output"],
        port_forward.translate_ports(c["ports"], c["service"], c["pod"]),
    ),
    "portsForObject": lambda c: (c["out"], expose.ports_of(c["obj"])),
    "protocolsForObject": _single_protocols,
    "rollout status deployment": _rollout_status,
    "run (cli errors)": _run_errors,
    "run --expose generateService": _run_service,
    "run --overrides": _run_override,
    "run BasicPod.Generate": _run_pod,
    "run args": _dash_rules,
    "run getRestartPolicy": _restart_policy,
    "run parseEnvs": lambda c: (c["output"], generators.environment(c["env"])),
    "versioned.ServiceGeneratorV2.Generate": _generator,
}
