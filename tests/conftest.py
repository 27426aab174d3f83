"""What holds for the whole suite: strict mode, and property tests that draw the same examples on every run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import settings

from kubesim.api.server import ApiServer
from kubesim.cluster import wiring

settings.register_profile("kubesim", deadline=None, derandomize=True)  # no busy machine fails one
settings.load_profile("kubesim")


@pytest.fixture(scope="session", autouse=True)
def _strict_mode() -> Iterator[None]:
    """Every cluster of the suite proves of each controller's write that the people's door would have made the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "ApiServer", partial(ApiServer, strict=True))
        yield
