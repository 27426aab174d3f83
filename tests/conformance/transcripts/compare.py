"""The comparable form of one output."""

from __future__ import annotations

from tests.conformance.transcripts.normalise import normalise


def comparable(text: str) -> str:
    """An output with what cannot be equal taken out."""
    return normalise(text)
