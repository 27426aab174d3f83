"""``kubectl wait``: let time pass until objects are as wanted."""

from __future__ import annotations

from collections.abc import Callable

from kubesim.api.objects import Wire
from kubesim.kubectl.call import Call
from kubesim.kubectl.errors import KubectlError
from kubesim.kubectl.jsonpath import JsonPath, JsonPathError
from kubesim.kubectl.manifests import Info
from kubesim.kubectl.printing import Printer
from kubesim.kubectl.resource_arguments import select
from kubesim.kubectl.watching import wait_until

Met = Callable[[Wire | None], bool]
WEEK = 7 * 24 * 3600.0


def wait(call: Call) -> int:
    """Wait for each object in turn; the time limit is one for all."""
    flags = call.flags
    met, deleting = _condition(flags.text("for"))
    printer = Printer(call)
    timeout = flags.seconds("timeout")
    deadline = call.simulation.now + (WEEK if timeout < 0 else timeout)
    # What is to be created need not be there yet, and what is to be gone may be gone already.
    creating = flags.text("for").lower() == "create"
    fetch = not deleting and not creating
    selection = select(call, call.arguments, everything=flags.on("all"), fetch=fetch, latest=fetch)

    def act(info: Info) -> None:
        def reached() -> bool:
            return met(call.api.find(info.type, info.name, info.namespace))

        existed = call.api.find(info.type, info.name, info.namespace) is not None
        left = None if timeout < 0 else max(0.0, deadline - call.simulation.now)
        if not wait_until(call, reached, left):
            if creating:  # what has never been there is not named
                raise KubectlError("timed out waiting for the condition")
            raise KubectlError(f"timed out waiting for the condition on {info.type.plural}/{info.name}")
        info.object = call.api.find(info.type, info.name, info.namespace) or info.object
        if existed or not deleting:
            printer.done(info, "condition met")

    if not selection.visit(act) and not deleting:
        raise KubectlError("no matching resources found")
    return 0


def _condition(text: str) -> tuple[Met, bool]:
    """What to wait for, and whether it is that the object is gone.

    :raises KubectlError: where the text is no condition.
    """
    lowered = text.lower()
    if lowered == "delete":
        return (lambda wire: wire is None), True
    if lowered == "create":
        return (lambda wire: wire is not None), False
    if lowered.startswith("condition="):
        name, _, value = text[len("condition=") :].partition("=")
        wanted = value or "True"
        return (lambda wire: _has_condition(wire, name, wanted)), False
    if lowered.startswith("jsonpath="):
        return _json_path(text[len("jsonpath=") :]), False
    raise KubectlError(f'unrecognized condition: "{text}"')


def _has_condition(wire: Wire | None, name: str, wanted: str) -> bool:
    status = (wire or {}).get("status") or {}
    generation = ((wire or {}).get("metadata") or {}).get("generation", 0)
    for condition in status.get("conditions") or ():
        if condition.get("type", "").lower() != name.lower():
            continue
        observed = condition.get("observedGeneration") or status.get("observedGeneration")
        if observed is not None and observed < generation:
            return False
        return bool(condition.get("status", "").lower() == wanted.lower())
    return False


def _json_path(text: str) -> Met:
    path, equals, wanted = text.partition("}=")
    expression = f"{path}}}" if equals else text
    expression = expression.strip("'\"")
    if not expression.startswith("{"):
        expression = "{" + expression if expression.endswith("}") else "{" + expression + "}"
    try:
        compiled = JsonPath(expression, allow_missing_keys=True)
    except JsonPathError as error:
        raise KubectlError(f"error parsing jsonpath {expression}, {error}") from None

    def met(wire: Wire | None) -> bool:
        if wire is None:
            return False
        try:
            found = compiled.render(wire)
        except JsonPathError:
            return False
        return found == wanted.strip("'\"") if equals else bool(found)

    return met
