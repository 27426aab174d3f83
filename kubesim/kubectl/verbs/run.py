"""``kubectl run``: create a Pod, and with ``--expose`` a Service in front of it."""

from __future__ import annotations

from kubesim.api.errors import ApiError
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.go_values import integer
from kubesim.kubectl.printing import DryRun, Printer, dry_run, info_of
from kubesim.kubectl.requests import overridden, submit
from kubesim.kubectl.verbs.expose import Exposure
from kubesim.kubectl.verbs.expose import service as exposed_service

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
    _check_attaching(call, mode)
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
    failure: Exception | None = None
    if flags.on("expose"):
        try:
            namespace = call.namespace if call.namespace_given else ""
            exposure = Exposure(
                name, labels, flags.text("port"), "TCP", labels=flags.text("labels"), namespace=namespace
            )
            service = info_of(call, exposed_service(exposure))
            service.object = submit(call, service.object or {}, mode)
            printer.done(service, "created")
            if printer.format == "yaml":
                call.say("---")
        except ApiError as error:
            failure = error
    printer.done(pod, "created")
    if failure is not None:
        raise failure
    return 0


def _check_attaching(call: Call, mode: DryRun) -> None:
    flags = call.flags
    attached = flags.on("attach") or flags.on("stdin") or flags.on("tty")
    if attached and mode != "none":
        raise UsageError(
            call.command,
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        )
    if flags.on("rm") and not attached:
        raise UsageError(call.command, "--rm should only be used for attached containers")
    if flags.on("tty") and not flags.on("stdin"):
        raise UsageError(call.command, "-i/--stdin is required for containers with -t/--tty=true")
    if attached:
        raise KubectlError(
            "a session with a container needs a terminal, which a notebook does not have: start the Pod without "
            "-i, -t and --attach, then use kubectl logs or kubectl exec POD -- COMMAND"
        )


def _annotations(words: tuple[str, ...]) -> dict[str, str]:
    annotations: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise KubectlError(f"unexpected annotation spec: {word}")
        annotations[key] = value
    return annotations
