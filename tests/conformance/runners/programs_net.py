"""What programs printed in a Pod, on a node or on the laptop: text and exit status, volatile parts aside."""

from __future__ import annotations

from tests.conformance.program_cases import run

__all__ = ["run"]
