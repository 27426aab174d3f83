from __future__ import annotations

import pytest

from kubesim.api.server import ApiServer, ApiSettings
from kubesim.api.store import Store
from kubesim.simulation import Simulation


@pytest.fixture
def api() -> ApiServer:
    """A server with the Namespace ``default`` and a pinned Service."""
    server = ApiServer(Simulation(), Store(), ApiSettings(address_pins={"default/pinned": "10.43.113.175"}))
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return server
