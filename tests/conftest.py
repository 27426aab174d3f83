from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from kubesim.api.server import ApiServer
from kubesim.cluster import wiring


@pytest.fixture(scope="session", autouse=True)
def _strict_mode() -> Iterator[None]:
    """Every cluster of the suite proves of each controller's write that the people's door would have made the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "ApiServer", partial(ApiServer, strict=True))
        yield
