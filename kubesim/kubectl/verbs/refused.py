"""The verbs that the course does not simulate: each says so, and what to use instead."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from kubesim.kubectl.call import OTHER_COMMANDS, Call, Verb
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.flags import ALL_NAMESPACES_FLAG, FILE_FLAGS, OUTPUT_FLAG, Flag


def refused(why: str) -> Callable[[Call], int]:
    """A verb's function that cannot do anything here; ``why`` says what to do instead."""

    def run(call: Call) -> int:
        raise KubectlError(why)

    return run


EDIT = Verb(
    "edit",
    refused("there is no editor here: use kubectl apply -f, kubectl patch or kubectl set"),
    "(RESOURCE/NAME | -f FILENAME) [options]",
    "Edit a resource on the server",
    group="Basic Commands (Intermediate)",
    flags=(*FILE_FLAGS, OUTPUT_FLAG),
)


CP = Verb(
    "cp",
    refused("files are not copied between machines here: use kubectl exec POD -- cat FILE > FILE"),
    "<file-spec-src> <file-spec-dest> [options]",
    "Copy files and directories to and from containers",
    flags=(
        Flag("container", short="c", help="The container."),
        Flag("no-preserve", "bool", help="Do not keep owners."),
        Flag("retries", "int", default="0", help="How often to try again."),
    ),
    group="Troubleshooting and Debugging Commands",
)


def kustomize(call: Call) -> int:
    """Refuse: kustomization directories are not built here; a missing one gets the real words."""
    path = call.arguments[0] if call.arguments else "."
    absolute = posixpath.normpath(posixpath.join(call.directory, path))
    if not call.files.exists(absolute):
        raise KubectlError(
            f"must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat {absolute}: "
            "no such file or directory"
        )
    raise KubectlError("kustomization directories are not built here: apply the manifests with -f")


KUSTOMIZE = Verb(
    "kustomize",
    kustomize,
    "DIR [options]",
    "Build a kustomization target from a directory or URL",
    group="Advanced Commands",
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
            refused("Metrics API not available"),
            "[NAME | -l label] [options]",
            "Display resource (CPU/memory) usage of nodes",
            aliases=("nodes", "no"),
        ),
        Verb(
            "pod",
            refused("Metrics API not available"),
            "[NAME | -l label] [options]",
            "Display resource (CPU/memory) usage of pods",
            aliases=("pods", "po"),
            flags=(ALL_NAMESPACES_FLAG, Flag("selector", short="l", help="Labels.")),
        ),
    ),
)


def _verb(name: str, use: str, short: str, group: str, instead: str) -> Verb:
    """A verb that takes whatever flags it is given and refuses."""
    return Verb(
        name, refused(f"kubectl {name} is not simulated here: {instead}"), use, short, group=group, any_flags=True
    )


AUTOSCALE = _verb(
    "autoscale",
    "(-f FILENAME | TYPE NAME) [--min=MINPODS] --max=MAXPODS [options]",
    "Auto-scale a deployment, replica set, stateful set, or replication controller",
    "Deploy Commands",
    "nothing measures load; use kubectl scale",
)
CERTIFICATE = _verb(
    "certificate",
    "SUBCOMMAND [options]",
    "Modify certificate resources",
    "Cluster Management Commands",
    "no certificates are signed",
)
ATTACH = _verb(
    "attach",
    "(POD | TYPE/NAME) -c CONTAINER [options]",
    "Attach to a running container",
    "Troubleshooting and Debugging Commands",
    "use kubectl logs -f or kubectl exec",
)
PROXY = _verb(
    "proxy",
    "[--port=PORT] [options]",
    "Run a proxy to the Kubernetes API server",
    "Troubleshooting and Debugging Commands",
    "use kubectl port-forward for Pods and Services",
)
DEBUG = _verb(
    "debug",
    "(POD | TYPE[[.VERSION].GROUP]/NAME) [options]",
    "Create debugging sessions for troubleshooting workloads and nodes",
    "Troubleshooting and Debugging Commands",
    "use kubectl exec, or kubectl run with an image that has the tools",
)
COMPLETION = _verb(
    "completion",
    "SHELL",
    "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    "Settings Commands",
    "the terminal takes whole lines",
)
KUBERC = _verb(
    "kuberc", "SUBCOMMAND [options]", "Manage kuberc configuration files", OTHER_COMMANDS, "no such file is read"
)
PLUGIN = _verb(
    "plugin",
    "SUBCOMMAND [options]",
    "Provides utilities for interacting with plugins",
    OTHER_COMMANDS,
    "there are no plugins",
)
