"""Verbs about the cluster and the client: ``version``, ``cluster-info``, ``config``, ``auth``, ``options``…"""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api import go_json, go_yaml
from kubesim.api.objects import Wire
from kubesim.api.resources import RESOURCE_TYPES
from kubesim.kubectl import help_texts
from kubesim.kubectl.call import Call
from kubesim.kubectl.connection import ADMINISTRATORS, CONTEXT
from kubesim.kubectl.errors import KubectlError, SilentExit, UsageError
from kubesim.kubectl.flags import GLOBAL_FLAGS
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.verbs import ALL_NAMESPACES_FLAG, FILE_FLAGS, Flag, Verb

RELEASE = "v1.36.2"
KUSTOMIZE = "v5.8.1"
SERVER = "https://127.0.0.1:6443"


def _build(release: str) -> Wire:
    """A version as Go's struct prints it, in its order."""
    major, minor = release.removeprefix("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": release,
        "gitCommit": "$Format:%H$",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.4",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _server_build() -> Wire:
    build = _build(RELEASE)
    minor = int(build["minor"])
    added = {
        "emulationMajor": build["major"],
        "emulationMinor": build["minor"],
        "minCompatibilityMajor": build["major"],
        "minCompatibilityMinor": str(minor - 1),
    }
    return {"major": build.pop("major"), "minor": build.pop("minor"), **added, **build}


def version(call: Call) -> int:
    """Print the versions of the client and the server."""
    shape = call.flags.text("output")
    if call.arguments:
        raise UsageError(call.command, f"extra arguments: [{' '.join(call.arguments)}]")
    if shape not in ("", "yaml", "json"):
        raise KubectlError("--output must be 'yaml' or 'json'")
    client_only = call.flags.on("client")
    if not shape:
        call.say(f"Client Version: {RELEASE}")
        call.say(f"Kustomize Version: {KUSTOMIZE}")
        if not client_only:
            call.say(f"Server Version: {RELEASE}")
        return 0
    both: Wire = {"clientVersion": _build(RELEASE), "kustomizeVersion": KUSTOMIZE}
    if not client_only:
        both["serverVersion"] = _server_build()
    call.stdout.append(go_yaml.dump(both) if shape == "yaml" else go_json.dumps(both, 2, sort_keys=False) + "\n")
    return 0


def cluster_info(call: Call) -> int:
    """Say where the control plane and the cluster's DNS are."""
    call.say(f"Kubernetes control plane is running at {SERVER}")
    services = call.api.list(
        resource_type("services"), "kube-system", label_selector="kubernetes.io/cluster-service=true"
    )
    for wire in services:
        metadata = wire["metadata"]
        port = (wire["spec"].get("ports") or [{}])[0]
        name = (metadata.get("labels") or {}).get("kubernetes.io/name") or metadata["name"]
        suffix = f":{port['name']}" if port.get("name") else ""
        call.say(
            f"{name} is running at {SERVER}/api/v1/namespaces/{metadata['namespace']}/services/"
            f"{metadata['name']}{suffix}/proxy"
        )
    call.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.")
    return 0


def _kubeconfig() -> Wire:
    hidden = "DATA+OMITTED"
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": {"certificate-authority-data": hidden, "server": SERVER}, "name": CONTEXT}],
        "contexts": [{"context": {"cluster": CONTEXT, "user": CONTEXT}, "name": CONTEXT}],
        "current-context": CONTEXT,
        "kind": "Config",
        "users": [
            {"name": CONTEXT, "user": {"client-certificate-data": hidden, "client-key-data": hidden}},
        ],
    }


def config_view(call: Call) -> int:
    """Print the kubeconfig; there is one context, so ``--minify`` changes nothing."""
    wire = _kubeconfig()
    call.stdout.append(go_json.dumps(wire) + "\n" if call.flags.text("output") == "json" else go_yaml.dump(wire))
    return 0


def current_context(call: Call) -> int:
    """Print the context's name."""
    call.say(CONTEXT)
    return 0


def get_contexts(call: Call) -> int:
    """List the contexts."""
    if call.flags.text("output") == "name":
        call.say(CONTEXT)
        return 0
    call.say("CURRENT   NAME      CLUSTER   AUTHINFO   NAMESPACE")
    call.say(f"*         {CONTEXT}   {CONTEXT}   {CONTEXT}    ")
    return 0


def use_context(call: Call) -> int:
    """Choose the context; there is one."""
    if len(call.arguments) != 1:
        raise UsageError(call.command, f"Unexpected args: [{' '.join(call.arguments)}]")
    if call.arguments[0] != CONTEXT:
        raise KubectlError(f'no context exists with the name: "{call.arguments[0]}"')
    call.say(f'Switched to context "{CONTEXT}".')
    return 0


def can_i(call: Call) -> int:
    """Say whether the user may do something: the administrator of a k3s node may do everything."""
    if len(call.arguments) not in (2, 3):
        raise KubectlError(
            "you must specify two arguments: verb resource or verb resource/resourceName.\n"
            "See 'kubectl auth can-i -h' for help and examples."
        )
    answer = call.flags.text("as") in ADMINISTRATORS
    call.say("yes" if answer else "no")
    if not answer:
        raise SilentExit
    return 0


def whoami(call: Call) -> int:
    """Say who the user is."""
    call.say("ATTRIBUTE   VALUE\nUsername    system:admin\nGroups      [system:masters system:authenticated]")
    return 0


def api_versions(call: Call) -> int:
    """List the group versions served."""
    for name in sorted({kind.api_version for kind in RESOURCE_TYPES}):
        call.say(name)
    return 0


def options(call: Call) -> int:
    """List the flags that every command takes."""
    call.say("The following options can be passed to any command:\n")
    for flag in GLOBAL_FLAGS:
        call.stdout.append(help_texts.flag_help(flag) + "\n\n")
    return 0


def _refused(why: str) -> Callable[[Call], int]:
    def run(call: Call) -> int:
        raise KubectlError(why)

    return run


_OUTPUT = Flag("output", short="o", help="yaml or json.")

VERSION = Verb(
    "version",
    version,
    "[--client] [--output=json|yaml] [options]",
    "Print the client and server version information",
    flags=(_OUTPUT, Flag("client", "bool", help="The client's only.")),
)
CLUSTER_INFO = Verb(
    "cluster-info",
    cluster_info,
    "[flags] [options]",
    "Display cluster information",
    group="Cluster Management Commands",
    subcommands=(
        Verb(
            "dump",
            _refused("a dump writes files of the real machine: use kubectl get -A -o json"),
            short="Dump information for debugging",
        ),
    ),
)
CONFIG = Verb(
    "config",
    None,
    "SUBCOMMAND [options]",
    "Modify kubeconfig files",
    long='Modify kubeconfig files using subcommands like "kubectl config set current-context my-context".',
    group="Settings Commands",
    subcommands=(
        Verb("current-context", current_context, short="Display the current-context"),
        Verb(
            "get-contexts",
            get_contexts,
            short="Describe one or many contexts",
            flags=(_OUTPUT, Flag("no-headers", "bool", help="No headers.")),
        ),
        Verb("use-context", use_context, short="Set the current-context in a kubeconfig file", aliases=("use",)),
        Verb(
            "view",
            config_view,
            short="Display merged kubeconfig settings or a specified kubeconfig file",
            flags=(
                _OUTPUT,
                Flag("flatten", "bool", help="Put files' contents in."),
                Flag("merge", "bool", default="true", help="Merge all kubeconfig files."),
                Flag("minify", "bool", help="Only what the current context uses."),
                Flag("raw", "bool", help="Show secrets."),
            ),
        ),
    ),
)
AUTH = Verb(
    "auth",
    None,
    "SUBCOMMAND [options]",
    "Inspect authorization",
    group="Cluster Management Commands",
    subcommands=(
        Verb(
            "can-i",
            can_i,
            "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
            "Check whether an action is allowed",
            flags=(
                ALL_NAMESPACES_FLAG,
                Flag("quiet", "bool", "q", help="Say nothing."),
                Flag("list", "bool", help="List everything."),
                Flag("subresource", help="A part of the object."),
            ),
        ),
        Verb("whoami", whoami, "[options]", "Experimental: Check self subject attributes", flags=(_OUTPUT,)),
    ),
)
API_VERSIONS = Verb(
    "api-versions",
    api_versions,
    "[options]",
    'Print the supported API versions on the server, in the form of "group/version"',
)
OPTIONS = Verb("options", options, "[flags]", "Print the list of flags inherited by all commands")
EDIT = Verb(
    "edit",
    _refused("there is no editor here: use kubectl apply -f, kubectl patch or kubectl set"),
    "(RESOURCE/NAME | -f FILENAME) [options]",
    "Edit a resource on the server",
    group="Basic Commands (Intermediate)",
    flags=(*FILE_FLAGS, _OUTPUT),
)
CP = Verb(
    "cp",
    _refused("files are not copied between machines here: use kubectl exec POD -- cat FILE > FILE"),
    "<file-spec-src> <file-spec-dest> [options]",
    "Copy files and directories to and from containers",
    flags=(
        Flag("container", short="c", help="The container."),
        Flag("no-preserve", "bool", help="Do not keep owners."),
        Flag("retries", "int", default="0", help="How often to try again."),
    ),
    group="Troubleshooting and Debugging Commands",
)
TOP = Verb(
    "top",
    None,
    "[options]",
    "Display resource (CPU/memory) usage",
    group="Cluster Management Commands",
    subcommands=(
        Verb(
            "node",
            _refused("Metrics API not available"),
            "[NAME | -l label] [options]",
            "Display resource (CPU/memory) usage of nodes",
            aliases=("nodes", "no"),
        ),
        Verb(
            "pod",
            _refused("Metrics API not available"),
            "[NAME | -l label] [options]",
            "Display resource (CPU/memory) usage of pods",
            aliases=("pods", "po"),
            flags=(ALL_NAMESPACES_FLAG, Flag("selector", short="l", help="Labels.")),
        ),
    ),
)


def kustomize(call: Call) -> int:
    """Refuse: kustomization directories are not built here; a missing one gets the real words."""
    import posixpath

    path = call.arguments[0] if call.arguments else "."
    absolute = posixpath.normpath(posixpath.join(call.directory, path))
    if not call.files.exists(absolute):
        raise KubectlError(
            f"must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat {absolute}: "
            "no such file or directory"
        )
    raise KubectlError("kustomization directories are not built here: apply the manifests with -f")


KUSTOMIZE_VERB = Verb(
    "kustomize",
    kustomize,
    "DIR [options]",
    "Build a kustomization target from a directory or URL",
    group="Advanced Commands",
)
