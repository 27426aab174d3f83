"""``kubectl api-versions``."""

from __future__ import annotations

from kubesim.api.resources import RESOURCE_TYPES
from kubesim.kubectl.call import Call, Verb


def api_versions(call: Call) -> int:
    """List the group versions served."""
    for name in sorted({kind.api_version for kind in RESOURCE_TYPES}):
        call.say(name)
    return 0


API_VERSIONS = Verb(
    "api-versions",
    api_versions,
    "[options]",
    'Print the supported API versions on the server, in the form of "group/version"',
)
