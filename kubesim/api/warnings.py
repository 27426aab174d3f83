"""Warnings the API server sends along with an answer: what is accepted, but surely not what was meant."""

from __future__ import annotations

from kubesim.api.objects import Wire


def warnings_for(kind: str, new: Wire, old: Wire | None = None) -> list[str]:
    """The warnings for an object that is created, or updated from ``old``."""
    return []
