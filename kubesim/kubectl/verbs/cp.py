"""``kubectl cp``, which copies files between machines."""

from __future__ import annotations

from kubesim.kubectl.call import Verb
from kubesim.kubectl.flags import Flag
from kubesim.kubectl.verbs.refusing import refused

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
