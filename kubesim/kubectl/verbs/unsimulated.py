"""The verbs of kubectl that the course does not simulate: each says so, and what to use instead."""

from __future__ import annotations

from kubesim.kubectl.call import OTHER_COMMANDS, Verb
from kubesim.kubectl.verbs.refusing import refused


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
