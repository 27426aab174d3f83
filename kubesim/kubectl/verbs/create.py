"""``kubectl create``: from manifests, or one of the objects that kubectl can build from flags."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError, UsageError, with_source
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import check_validate, create_built, one_name, submit
from kubesim.kubectl.resource_arguments import select


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


def service(kind: str) -> Callable[[Call], int]:
    """``kubectl create service``, of a type."""

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
