"""From a click in the ServiceExplorer to its new picture: under 300 ms, whatever is toggled."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from kubesim.notebook.explorer import Choice, Explorer

TOGGLES = {
    "type": [
        Choice(type="NodePort"),
        Choice(type="ClusterIP"),
        Choice(type="LoadBalancer"),
        Choice(type="ExternalName"),
    ],
    "source": [Choice(source="laptop"), Choice(source="client Pod")],
    "replicas": [Choice(replicas=3), Choice(replicas=1)],
    "readiness": [Choice(ready=False), Choice(ready=True)],
    "selector": [Choice(selector_right=False), Choice(selector_right=True)],
}


@pytest.mark.parametrize("control", TOGGLES)
def test_a_toggle_to_its_picture(benchmark: Any, control: str) -> None:
    explorer = Explorer()
    choices = cycle(TOGGLES[control])

    def toggle() -> object:
        shown = explorer.show(next(choices))
        return shown.journey.diagram()._repr_mimebundle_()

    assert toggle()
    benchmark.pedantic(toggle, rounds=16)
