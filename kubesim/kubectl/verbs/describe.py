"""``kubectl describe``: everything about some objects, for a person to read.

A name that does not exist is taken as the beginning of names. Of several objects the events are left out, unless
they were asked for: each would cost the server another search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.connection import Connection
from kubesim.kubectl.describe import Surroundings, describe
from kubesim.kubectl.errors import KubectlError, raise_all
from kubesim.kubectl.mapper import resource_type
from kubesim.kubectl.resource_arguments import select, warn_of

NOTHING_NAMED = (
    'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported '
    "resources."
)


def run(call: Call) -> int:
    """Describe what was named."""
    if not call.arguments and not call.flags.texts("filename") and not call.flags.text("kustomize"):
        raise KubectlError(NOTHING_NAMED)
    selection = select(call, call.arguments, all_if_bare=True)
    found, errors = selection.parted()
    warn_of(call, found, call.arguments)
    missing = next((e for e in errors if isinstance(e, ApiError) and e.code == 404), None)
    if missing is not None and len(call.arguments) == 2 and "/" not in call.arguments[0]:
        return _matching(call, missing)
    around = _around(call, several=len(found) > 1)
    for index, info in enumerate(found):
        call.stdout.append(("\n\n" if index else "") + describe(info.object or {}, around))
    if not found and not errors:
        where = "" if call.all_namespaces else f" in {call.namespace} namespace."
        call.complain(f"No resources found{where}")
    raise_all(errors)
    return 0


def _matching(call: Call, missing: ApiError) -> int:
    """Describe the objects whose names begin with the word given.

    :raises ApiError: the original NotFound, where there are none.
    """
    type_word, prefix = call.arguments
    matches: list[Wire] = [
        info.object or {}
        for info in select(call, (type_word,), all_if_bare=True).infos()
        if info.name.startswith(prefix)
    ]
    if not matches:
        raise missing
    around = _around(call, several=True)
    for wire in matches:
        call.stdout.append(describe(wire, around) + "\n")
    return 0


@dataclass(frozen=True, slots=True)
class _Others:
    """The server's objects by the name of their kind."""

    api: Connection

    def list(self, kind: str, namespace: str | None = None) -> Sequence[Wire]:
        """The objects of a kind, in one namespace or in all."""
        return self.api.list(resource_type(kind), namespace)


def _around(call: Call, *, several: bool) -> Surroundings:
    show = call.flags.on("show-events") and (not several or call.flags.changed("show-events"))
    return Surroundings(_Others(call.api), call.simulation.datetime, show)
