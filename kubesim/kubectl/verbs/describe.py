"""``kubectl describe``: everything about some objects, for a person to read.

A name that does not exist is taken as the beginning of names. Events are shown of one object that was asked for alone,
unless they were asked for: each would cost the server another search.
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
from kubesim.kubectl.resource_arguments import select

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
    if len(call.arguments) == 2 and len(errors) == 1 and _is_not_found(errors[0]):
        return _matching(call, errors[0])
    around = _around(call, alone=len(found) == 1 and not errors)
    for index, info in enumerate(found):
        call.stdout.append(("\n\n" if index else "") + describe(info.object or {}, around))
    if not found and not errors:
        where = "" if call.all_namespaces else f" in {call.namespace} namespace."
        call.complain(f"No resources found{where}")
    raise_all(errors)
    return 0


def _is_not_found(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.reason == "NotFound"


def _matching(call: Call, missing: Exception) -> int:
    """Describe the objects whose names begin with the second word; the first is read as it stands, name and all.

    :raises Exception: the original NotFound, where there are none.
    """
    word, prefix = call.arguments
    infos = select(call, (word,), all_if_bare=True).infos()
    if len({info.type for info in infos}) > 1:
        raise KubectlError("you may only specify a single resource type")
    matches: list[Wire] = [info.object or {} for info in infos if info.name.startswith(prefix)]
    if not matches:
        raise missing
    around = _around(call, alone=False)
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


def _around(call: Call, *, alone: bool) -> Surroundings:
    show = call.flags.on("show-events") and (alone or call.flags.changed("show-events"))
    return Surroundings(_Others(call.api), call.simulation.datetime, show)
