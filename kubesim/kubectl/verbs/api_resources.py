"""``kubectl api-resources``: every type the server knows, with its short names, group and kind."""

from __future__ import annotations

from collections.abc import Sequence

from kubesim.api.discovery import DISCOVERED, verbs
from kubesim.api.resources import ResourceType
from kubesim.kubectl.call import Call, Verb
from kubesim.kubectl.errors import KubectlError, UsageError
from kubesim.kubectl.flags import Flag
from kubesim.kubectl.output.tabwriter import TabStops

HEADERS = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND")
WIDE_HEADERS = ("VERBS", "CATEGORIES")


def api_resources(call: Call) -> int:
    """Print the types."""
    flags = call.flags
    if call.arguments:
        raise UsageError(call.command, f"unexpected arguments: [{' '.join(call.arguments)}]")
    output, order = flags.text("output"), flags.text("sort-by")
    if output not in ("", "wide", "name"):
        raise KubectlError(f"--output {output} is not available")
    if order not in ("", "name", "kind"):
        raise KubectlError("--sort-by accepts only name or kind")
    found = _chosen(call)
    if order:
        found = sorted(found, key=lambda resource: resource.plural if order == "name" else resource.kind)
    if output == "name":
        call.stdout += [f"{resource.qualified}\n" for resource in found]
        return 0
    wide = output == "wide"
    lines: list[Sequence[str]] = [_row(resource, wide) for resource in found]
    if not flags.on("no-headers"):
        lines.insert(0, HEADERS + (WIDE_HEADERS if wide else ()))
    call.stdout += [f"{line}\n" for line in TabStops().lines(lines)]
    return 0


def _chosen(call: Call) -> list[ResourceType]:
    flags = call.flags
    found = list(DISCOVERED)
    if flags.changed("api-group"):
        found = [resource for resource in found if resource.group == flags.text("api-group")]
    if flags.changed("namespaced"):
        found = [resource for resource in found if resource.namespaced is flags.on("namespaced")]
    wanted = set(flags.texts("verbs"))
    found = [resource for resource in found if wanted <= set(verbs(resource))]
    categories = set(flags.texts("categories"))
    return [resource for resource in found if categories <= set(resource.categories)]


def _row(resource: ResourceType, wide: bool) -> tuple[str, ...]:
    row = (
        resource.plural,
        ",".join(resource.short_names),
        resource.api_version,
        "true" if resource.namespaced else "false",
        resource.kind,
    )
    return (*row, ",".join(verbs(resource)), ",".join(resource.categories)) if wide else row


VERB = Verb(
    "api-resources",
    api_resources,
    use="api-resources [flags]",
    short="Print the supported API resources on the server",
    flags=(
        Flag("api-group", help="Only this group; an empty one is the core."),
        Flag("cached", "bool", help="Use what is cached (there is no cache here)."),
        Flag("categories", "strings", help="Only types in these categories."),
        Flag("namespaced", "bool", default="true", help="Only types with namespaces, or only those without."),
        Flag("no-headers", "bool", help="Leave the headers out."),
        Flag("output", short="o", help="wide or name."),
        Flag("show-managed-fields", "bool", help="Keep managedFields (there are none)."),
        Flag("sort-by", help="name or kind."),
        Flag("verbs", "strings", help="Only types that can be used so."),
    ),
    group="Other Commands",
)
