"""``kubectl run``: create a Pod, and with ``--expose`` a Service in front of it; stay at its process where asked to."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, SilentExit, UsageError
from kubesim.kubectl.go_values import integer
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.pods import status_of
from kubesim.kubectl.printing import DryRun, Printer, dry_run, info_of
from kubesim.kubectl.requests import overridden, submit
from kubesim.kubectl.verbs.attach import be_at
from kubesim.kubectl.verbs.expose import Exposure
from kubesim.kubectl.verbs.expose import service as exposed_service
from kubesim.kubectl.watching import wait_until

RESTART_POLICIES = ("Always", "OnFailure", "Never")
PULL_POLICIES = ("", "Always", "IfNotPresent", "Never")


def run(call: Call) -> int:
    """Create what was asked for, and print it."""
    flags = call.flags
    arguments, command = call.arguments, flags.on("command")
    if not arguments or call.dash == 0:
        raise UsageError(call.command, "NAME is required for run")
    image = flags.text("image")
    if not image:
        raise KubectlError("--image is required")
    problem = generators.image_problem(image)
    if problem:
        raise KubectlError(problem)
    mode = dry_run(call)
    attached = _is_attached(call, mode)
    if flags.on("expose") and not flags.text("port"):
        raise UsageError(call.command, "--port must be set when exposing a service")
    policy = flags.text("restart") or "Always"
    if policy not in RESTART_POLICIES:
        raise UsageError(call.command, f"invalid restart policy: {policy}")
    if flags.text("image-pull-policy") not in PULL_POLICIES:
        raise UsageError(call.command, f"invalid image pull policy: {flags.text('image-pull-policy')}")
    name = arguments[0]
    labels = generators.labels_of(flags.text("labels")) if flags.text("labels") else {"run": name}
    call.api.discover(1)
    wire = generators.pod(
        name,
        image,
        labels=labels,
        annotations=_annotations(flags.texts("annotations")),
        env=generators.environment(flags.texts("env")),
        port=integer(flags.text("port")) if flags.text("port") else 0,
        arguments=arguments[1:] if call.dash >= 0 or command or len(arguments) > 1 else (),
        command=command,
        restart_policy=policy,
        image_pull_policy=flags.text("image-pull-policy"),
        stdin=flags.on("stdin"),
        leave_stdin_open=flags.on("leave-stdin-open"),
        tty=flags.on("tty"),
        privileged=flags.on("privileged"),
    )
    if call.namespace_given:
        wire["metadata"]["namespace"] = call.namespace
    printer = Printer(call, mode, typed=True)
    wire = overridden(wire, flags.text("overrides"), flags.text("override-type"))
    pod = info_of(call, wire)
    pod.object = submit(call, wire, mode)
    created = [pod]
    failure: Exception | None = None
    if flags.on("expose"):
        try:
            namespace = call.namespace if call.namespace_given else ""
            exposure = Exposure(
                name, labels, flags.text("port"), "TCP", labels=flags.text("labels"), namespace=namespace
            )
            service = info_of(call, exposed_service(exposure))
            service.object = submit(call, service.object or {}, mode)
            created.append(service)
            if not attached:
                printer.done(service, "created")
                if printer.format == "yaml":
                    call.say("---")
        except ApiError as error:
            failure = error
    if attached:
        return _attached(call, pod, created, policy)
    printer.done(pod, "created")
    if failure is not None:
        raise failure
    return 0


def _is_attached(call: Call, mode: DryRun) -> bool:
    """Whether kubectl stays at the Pod's process.

    :raises UsageError: where the flags do not go together.
    """
    flags = call.flags
    attached = flags.on("attach") if flags.changed("attach") else flags.on("stdin")
    if attached and mode != "none":
        raise UsageError(
            call.command,
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        )
    if flags.on("rm") and not attached:
        raise UsageError(call.command, "--rm should only be used for attached containers")
    if flags.on("tty") and not flags.on("stdin"):
        raise UsageError(call.command, "-i/--stdin is required for containers with -t/--tty=true")
    return attached


def _attached(call: Call, pod: Info, created: Sequence[Info], policy: str) -> int:
    """Be at the new Pod's process until it ends; with ``--rm`` what was created is deleted then.

    :returns: the status with which the process failed, where it is not started again; else 0.
    """
    flags = call.flags
    wire = pod.object or {}
    name, namespace = wire["metadata"]["name"], wire["metadata"]["namespace"]
    container = wire["spec"]["containers"][0]["name"]

    def now() -> Wire:
        return call.api.get(pod.type, name, namespace)

    def remove() -> None:
        if flags.on("rm"):
            for each in created:
                _delete(call, each)

    try:
        if not wait_until(call, lambda: _can_be_attached(now()), flags.limit("pod-running-timeout")):
            raise KubectlError("timed out waiting for the condition")
        held = now()
        if _phase(held) in _ENDED:
            call.stdout.extend(line.text for line in call.api.log(held, container))
        elif not be_at(call, held, container, ended=remove):
            return 0
        awaits_status = policy != "Always" and not flags.on("leave-stdin-open")
        if awaits_status:
            wanted = ("Succeeded",) if policy == "OnFailure" else _ENDED
            wait_until(call, lambda: _phase(now()) in wanted, None)
            held = now()
    except (ApiError, KubectlError) as error:
        if not isinstance(error, SilentExit):  # Ctrl-C ends kubectl before it deletes
            remove()
        raise
    remove()
    if not awaits_status:
        return 0
    if _phase(held) == "Succeeded":
        return 0
    ended = (status_of(held, container).get("state") or {}).get("terminated") or {}
    code = int(ended.get("exitCode", 0))
    if not code:
        raise KubectlError(f"pod {namespace}/{name} failed with unknown exit code")
    call.complain(f"pod {namespace}/{name} terminated ({ended.get('reason', '')})")
    if ended.get("message"):
        call.complain(ended["message"])
    return code


_ENDED = ("Succeeded", "Failed")


def _phase(pod: Wire) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def _can_be_attached(pod: Wire) -> bool:
    """Whether a Pod is ready, or has ended already (upstream: ``podRunningAndReady``)."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)
    return _phase(pod) in _ENDED or (_phase(pod) == "Running" and ready)


def _delete(call: Call, info: Info) -> None:
    """Delete what was created, as ``kubectl delete --wait=false`` does; what is gone already is passed over."""
    namespace = (info.object or {})["metadata"].get("namespace", info.namespace)
    if call.api.find(info.type, info.name, namespace) is not None:
        call.api.delete(info.type, info.name, namespace)
        if not call.flags.on("quiet"):
            call.say(f'{info.type.kind.lower()} "{info.name}" deleted from {namespace} namespace')


def _annotations(words: tuple[str, ...]) -> dict[str, str]:
    annotations: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise KubectlError(f"unexpected annotation spec: {word}")
        annotations[key] = value
    return annotations
