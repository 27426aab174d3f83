"""A process that hangs: the kernel still accepts connections for it, but nothing is ever answered."""

from __future__ import annotations

from typing import Any

from kubesim.network.service import Client


class HungServer:
    """Takes every request and answers none."""

    def handle(self, request: Any, client: Client) -> None:
        """No answer, ever."""
        return
