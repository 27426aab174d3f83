"""``kubectl create``: from manifests, or one of the objects that kubectl can build from flags."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.errors import KubectlError, UsageError, with_source
from kubesim.kubectl.flags import CREATE_FLAGS, FILE_FLAGS, SELECTOR_FLAG, VALIDATE_FLAG, Flag
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import check_validate, create_built, one_name, submit
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.verbs.create_data import CONFIG_MAP, SECRET

SAVE_CONFIG_FLAG = Flag("save-config", "bool", help="Keep the configuration in an annotation, for apply.")


def create(call: Call) -> int:
    """Create every object of the manifests."""
    flags = call.flags
    if not flags.texts("filename") and not flags.text("kustomize"):
        if call.arguments:
            raise UsageError(call.command, f"Unexpected args: [{' '.join(call.arguments)}]")
        raise KubectlError("must specify one of -f and -k")
    if call.arguments:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(call.arguments)}]")
    if flags.on("edit") or flags.text("raw"):
        raise KubectlError("there is no editor and no raw access here: use -f")
    mode = dry_run(call)
    validate = check_validate(call)
    printer = Printer(call, mode)

    def act(info: Info) -> None:
        try:
            info.object = submit(call, info.object or {}, mode, namespace=info.namespace)
        except ApiError as error:
            raise with_source(error, "creating", info.source) from None
        info.name = ((info.object or {}).get("metadata") or {}).get("name") or info.name
        printer.done(info, "created")

    count = select(call, (), latest=False, validate=validate).visit(act)
    if not count:
        raise KubectlError("no objects passed to create")
    return 0


def _name_and_command(call: Call) -> tuple[str, Sequence[str]]:
    """The name, and the words after ``--``."""
    return one_name(call), call.arguments[call.dash :] if call.dash >= 0 else ()


def deployment(call: Call) -> int:
    """``kubectl create deployment``."""
    name, command = _name_and_command(call)
    images = call.flags.texts("image")
    if len(images) > 1 and command:
        raise KubectlError("cannot specify multiple --image options and command")
    wire = generators.deployment(
        name,
        images,
        replicas=call.flags.number("replicas"),
        port=call.flags.number("port"),
        command=command,
    )
    return create_built(call, wire, "failed to create deployment")


def namespace(call: Call) -> int:
    """``kubectl create namespace``."""
    wire = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": one_name(call)}, "spec": {}, "status": {}}
    return create_built(call, wire)


def service_account(call: Call) -> int:
    """``kubectl create serviceaccount``."""
    wire = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": one_name(call)}}
    return create_built(call, wire, "failed to create serviceaccount")


def job(call: Call) -> int:
    """``kubectl create job``."""
    name, command = _name_and_command(call)
    image = call.flags.text("image")
    if not image and not call.flags.text("from"):
        raise KubectlError("either --image or --from must be specified")
    container: Wire = {"name": name, "image": image, "resources": {}}
    if command:
        container["command"] = list(command)
    template = {"metadata": {}, "spec": {"containers": [container], "restartPolicy": "Never"}}
    wire = {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "metadata": {"name": name},
        "spec": {"template": template},
        "status": {},
    }
    return create_built(call, wire, "failed to create job")


def _service(kind: str) -> Callable[[Call], int]:
    def run(call: Call) -> int:
        name = one_name(call)
        flags = call.flags
        cluster_ip = flags.text("clusterip") if flags.has("clusterip") else ""
        node_port = flags.number("node-port") if flags.has("node-port") else 0
        external = flags.text("external-name") if flags.has("external-name") else ""
        wire = generators.checked_service(
            name, kind, flags.texts("tcp"), node_port=node_port, cluster_ip=cluster_ip, external_name=external
        )
        return create_built(call, wire, f"failed to create {kind} service")

    return run


_COMMON = (*CREATE_FLAGS, SAVE_CONFIG_FLAG, VALIDATE_FLAG)
_TCP = Flag("tcp", "strings", help="A port pair: PORT or PORT:TARGETPORT.")

SERVICE = Verb(
    "service",
    None,
    "[flags] [options]",
    "Create a service using a specified subcommand",
    aliases=("svc",),
    long="Create a service using a specified subcommand.",
    subcommands=(
        Verb(
            "clusterip",
            _service("ClusterIP"),
            "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]",
            "Create a ClusterIP service",
            flags=(*_COMMON, _TCP, Flag("clusterip", help="Its address; None for a headless Service.")),
        ),
        Verb(
            "externalname",
            _service("ExternalName"),
            "NAME --external-name external.name [--dry-run=server|client|none] [options]",
            "Create an ExternalName service",
            flags=(*_COMMON, _TCP, Flag("external-name", help="The name it stands for.", required=True)),
        ),
        Verb(
            "loadbalancer",
            _service("LoadBalancer"),
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]",
            "Create a LoadBalancer service",
            flags=(*_COMMON, _TCP),
        ),
        Verb(
            "nodeport",
            _service("NodePort"),
            "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]",
            "Create a NodePort service",
            flags=(*_COMMON, _TCP, Flag("node-port", "int", default="0", help="The port on every node.")),
        ),
    ),
)

VERB = Verb(
    "create",
    create,
    "-f FILENAME [options]",
    "Create a resource from a file or from stdin",
    long="Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.",
    group="Basic Commands (Beginner)",
    flags=(
        *_COMMON,
        *FILE_FLAGS,
        SELECTOR_FLAG,
        Flag("edit", "bool", help="Edit before creating."),
        Flag("raw", help="A raw URI to post to."),
        Flag("windows-line-endings", "bool", help="Only with --edit."),
    ),
    subcommands=(
        CONFIG_MAP,
        Verb(
            "deployment",
            deployment,
            "NAME --image=image -- [COMMAND] [args...] [options]",
            "Create a deployment with the specified name",
            aliases=("deploy",),
            flags=(
                *_COMMON,
                Flag("image", "strings", help="An image to run.", required=True),
                Flag("port", "int", default="-1", help="The port the container exposes."),
                Flag("replicas", "int", "r", default="1", help="How many Pods."),
            ),
        ),
        Verb(
            "job",
            job,
            "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]",
            "Create a job with the specified name",
            flags=(*_COMMON, Flag("image", help="The image to run."), Flag("from", help="A CronJob to copy.")),
        ),
        Verb(
            "namespace",
            namespace,
            "NAME [--dry-run=server|client|none] [options]",
            "Create a namespace with the specified name",
            aliases=("ns",),
            flags=_COMMON,
        ),
        SECRET,
        SERVICE,
        Verb(
            "serviceaccount",
            service_account,
            "NAME [--dry-run=server|client|none] [options]",
            "Create a service account with the specified name",
            aliases=("sa",),
            flags=_COMMON,
        ),
    ),
)
