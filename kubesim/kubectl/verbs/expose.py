"""``kubectl expose``: a Service in front of something that has Pods."""

from __future__ import annotations

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl import exposing
from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import DRY_RUN_FLAG, FIELD_MANAGER_FLAG, FILE_FLAGS, OUTPUT_FLAGS, SELECTOR_FLAG, Flag
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.overrides import overridden
from kubesim.kubectl.printing import DryRun, Printer, dry_run, info_of
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.submission import submit

LONGEST_NAME = 63
"""A Service's name is cut to this many characters when it is taken from the object's."""


def expose(call: Call) -> int:
    """Make a Service for each object."""
    mode = dry_run(call)
    printer = Printer(call, mode, typed=True)

    def act(info: Info) -> None:
        exposing.check_exposable(info.type.group, info.type.kind)
        _expose(call, info, mode, printer)

    # `--selector` is the Service's own here; it does not choose what is exposed.
    words = call.arguments
    if not select(call, words, by_selector=False).visit(act):
        raise KubectlError("no objects passed to expose")
    return 0


def _expose(call: Call, info: Info, mode: DryRun, printer: Printer) -> None:
    flags, wire = call.flags, info.object or {}
    wire = {**wire, "kind": info.type.kind, "apiVersion": info.type.api_version}
    selector = flags.text("selector") or _introspected_selector(wire)
    cluster_ip = flags.text("cluster-ip")
    port = flags.text("port")
    if not port:
        try:
            port = ",".join(exposing.ports_of(wire))
        except KubectlError as error:
            raise KubectlError(f"couldn't find port via --port flag or introspection: {error}") from None
        if not port and cluster_ip != "None":
            raise KubectlError("couldn't find port via --port flag or introspection")
    labels = flags.text("labels") or dict((wire.get("metadata") or {}).get("labels") or {})
    service = exposing.service(
        exposing.Exposure(
            name=flags.text("name") or info.name[:LONGEST_NAME],
            selector=selector,
            port=port,
            protocol=flags.text("protocol"),
            protocols=exposing.protocols_of(wire),
            target_port=flags.text("target-port"),
            labels=labels,
            type=flags.text("type"),
            external_ip=flags.text("external-ip"),
            load_balancer_ip=flags.text("load-balancer-ip"),
            session_affinity=flags.text("session-affinity"),
            cluster_ip=cluster_ip,
            namespace=call.namespace if call.namespace_given else "",
        )
    )
    service = overridden(service, flags.text("overrides"), flags.text("override-type"))
    made = info_of(call, service)
    made.object = submit(call, service, mode)
    printer.done(made, "exposed")


def _introspected_selector(wire: Wire) -> dict[str, str]:
    try:
        return exposing.selector_of(wire)
    except (KubectlError, ApiError) as error:
        raise KubectlError(f"couldn't retrieve selectors via --selector flag or introspection: {error}") from None


VERB = Verb(
    "expose",
    expose,
    "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] "
    "[--external-ip=external-ip-of-service] [--type=type] [options]",
    "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    group="Basic Commands (Beginner)",
    flags=(
        *OUTPUT_FLAGS,
        *FILE_FLAGS,
        SELECTOR_FLAG,
        DRY_RUN_FLAG,
        FIELD_MANAGER_FLAG,
        Flag("cluster-ip", help="The Service's address; None for a headless one."),
        Flag("external-ip", help="One more address it accepts traffic on."),
        Flag("labels", help="Its labels."),
        Flag("load-balancer-ip", help="The address of the load balancer."),
        Flag("name", help="Its name."),
        Flag("override-type", default="merge", help="json, merge or strategic."),
        Flag("overrides", help="JSON that overrides the generated object."),
        Flag("port", help="Its port; the object's own, where left out."),
        Flag("protocol", help="TCP, UDP or SCTP."),
        Flag("save-config", "bool", help="Keep the configuration in an annotation."),
        Flag("session-affinity", help="None or ClientIP."),
        Flag("target-port", help="The port of the Pods, a number or a name."),
        Flag("type", help="ClusterIP, NodePort, LoadBalancer or ExternalName."),
    ),
)
