"""``kubectl create``: from manifests, or one of the objects that kubectl can build from flags, literals and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubesim.api.objects import Wire
from kubesim.kubectl import generators
from kubesim.kubectl.call import Call
from kubesim.kubectl.data_sources import entries
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer, dry_run
from kubesim.kubectl.requests import check_validate, create_built, create_from_manifest, one_name
from kubesim.kubectl.resource_arguments import select


def create(call: Call) -> int:
    """Create every object of the manifests."""
    flags = call.flags
    call.refuse_arguments()
    if not flags.texts("filename") and not flags.text("kustomize"):
        raise KubectlError("must specify one of -f and -k")
    if flags.on("edit") or flags.text("raw"):
        raise KubectlError("there is no editor and no raw access here: use -f")
    mode = dry_run(call)
    validate = check_validate(call)
    printer = Printer(call, mode)

    def act(info: Info) -> None:
        create_from_manifest(call, info, mode)
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
    random = call.simulation.random("kubectl/names")
    wire = generators.deployment(
        name, images, random, replicas=call.flags.number("replicas"), port=call.flags.number("port"), command=command
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
    source = call.flags.text("from")
    if bool(image) == bool(source):
        raise KubectlError("either --image or --from must be specified")
    if source:
        if command:
            raise KubectlError("cannot specify --from and command")
        return create_built(call, _job_of(call, name, source), "failed to create job")
    own = generators.what_is_set({"command": list(command)})
    container = {"name": name, "image": image, "resources": {}, **own}
    template = {"metadata": {}, "spec": {"containers": [container], "restartPolicy": "Never"}}
    wire = {"kind": "Job", "apiVersion": "batch/v1", "metadata": {"name": name}}
    wire |= {"spec": {"template": template}, "status": {}}
    return create_built(call, wire, "failed to create job")


def _job_of(call: Call, name: str, source: str) -> Wire:
    """A Job as a CronJob would make it, at once."""
    found = select(call, (source,), files=False).infos()
    if len(found) != 1:
        raise KubectlError("from must be an existing cronjob")
    wire: Wire = found[0].object or {}
    if wire.get("kind") != "CronJob":
        raise KubectlError(f"unknown object type *{found[0].type.version}.{wire.get('kind')}")
    return generators.job_of_cron_job(name, wire)


def cron_job(call: Call) -> int:
    """``kubectl create cronjob``."""
    name, command = _name_and_command(call)
    flags = call.flags
    wire = generators.cron_job(name, flags.text("image"), flags.text("schedule"), flags.text("restart"), command)
    return create_built(call, wire, "failed to create cronjob")


def disruption_budget(call: Call) -> int:
    """``kubectl create poddisruptionbudget``."""
    name, flags = one_name(call), call.flags
    wire = generators.disruption_budget(
        name, flags.text("selector"), flags.text("min-available"), flags.text("max-unavailable")
    )
    return create_built(call, wire, "failed to create poddisruptionbudgets")


def service(kind: str) -> Callable[[Call], int]:
    """``kubectl create service``, of a type."""

    def run(call: Call) -> int:
        name = one_name(call)
        flags = call.flags
        wire = generators.checked_service(
            name,
            kind,
            flags.texts("tcp"),
            node_port=flags.number("node-port") if flags.has("node-port") else 0,
            cluster_ip=flags.text("clusterip") if flags.has("clusterip") else "",
            external_name=flags.text("external-name") if flags.has("external-name") else "",
        )
        return create_built(call, wire, f"failed to create {kind} service")

    return run


def config_map(call: Call) -> int:
    """``kubectl create configmap``."""
    wire: Wire = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": one_name(call)}}
    wire |= generators.what_is_set({"data": entries(call, "ConfigMap")})
    if call.flags.on("append-hash"):
        wire = generators.with_hash(wire)
    return create_built(call, wire, "failed to create configmap")
