"""``kubectl top``, which asks a metrics server that is not installed."""

from __future__ import annotations

from kubesim.kubectl.call import Verb
from kubesim.kubectl.flags import ALL_NAMESPACES_FLAG, Flag
from kubesim.kubectl.verbs.refusing import refused

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
