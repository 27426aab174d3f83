"""Roles, whom they are bound to, and who asks for a certificate."""

from __future__ import annotations

from kubesim.api.objects import Wire
from kubesim.api.printers.columns import AGE, NAME, NONE, Printer, as_it_is, column, wide
from kubesim.api.printers.workloads import part

_DAY = 24 * 3600


def _created_at(wire: Wire) -> str:
    return wire["metadata"].get("creationTimestamp") or ""


NAME_AND_CREATION = Printer(as_it_is, (NAME, column("Created At", _created_at)))


def _subjects(wire: Wire, kind: str) -> str:
    found = [each for each in wire.get("subjects") or () if each.get("kind") == kind]
    if kind == "ServiceAccount":
        return ", ".join(f"{each.get('namespace', '')}/{each.get('name', '')}" for each in found)
    return ", ".join(each.get("name", "") for each in found)


BINDING = Printer(
    as_it_is,
    (
        NAME,
        column("Role", lambda wire: f"{part(wire, 'roleRef', 'kind')}/{part(wire, 'roleRef', 'name')}"),
        AGE,
        wide("Users", lambda wire: _subjects(wire, "User")),
        wide("Groups", lambda wire: _subjects(wire, "Group")),
        wide("ServiceAccounts", lambda wire: _subjects(wire, "ServiceAccount")),
    ),
)


def _condition(wire: Wire) -> str:
    """What became of a request: pending, approved, denied, failed; issued where there is a certificate."""
    given = {each.get("type") for each in part(wire, "status", "conditions") or ()}
    words = [kind for kind in ("Denied",) if kind in given] or [kind for kind in ("Approved",) if kind in given]
    words = words or ["Pending"]
    if "Failed" in given:
        words.append("Failed")
    if part(wire, "status", "certificate"):
        words.append("Issued")
    return ",".join(words)


def _duration(wire: Wire) -> str:
    seconds = part(wire, "spec", "expirationSeconds")
    if seconds is None:
        return NONE
    return f"{seconds // _DAY}d" if seconds >= 2 * _DAY else f"{seconds // 3600}h" if seconds >= 3600 else f"{seconds}s"


CERTIFICATE_REQUEST = Printer(
    as_it_is,
    (
        NAME,
        AGE,
        column("SignerName", lambda wire: part(wire, "spec", "signerName") or NONE),
        column("Requestor", lambda wire: part(wire, "spec", "username") or ""),
        column("RequestedDuration", _duration),
        column("Condition", _condition),
    ),
)
