"""Connections that somebody outside of the simulation keeps open: a real client behind a port-forward or a proxy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kubesim.network.sockets import Connection
from kubesim.programs.http import request_in
from kubesim.views.journey import Journey


class Call:
    """One TCP connection, or the attempt at one.

    :ivar journey: its first packet's way, with the last answer.
    """

    def __init__(self, journey: Journey, connection: Connection | None) -> None:
        self.journey = journey
        self._connection = connection

    def say(self, text: str) -> Any:
        """Send a text, which may be an HTTP request; what the server answers, None for nothing."""
        if self._connection is None:
            return None
        answer = self._connection.request(request_in(text) or text)
        self.journey = replace(self.journey, response=answer)
        return answer

    def hang_up(self) -> None:
        """Close it."""
        if self._connection is not None:
            self._connection.close()
