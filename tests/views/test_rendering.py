"""Pictures as images: contrast, and what is there without Graphviz."""

import pytest

from kubesim.views import rendering
from kubesim.views.rendering import FAILURE_COLOUR, IDLE_COLOUR, INK, PATH_COLOUR, Diagram

GROUNDS = ("#ffffff", "#f5f5f5")
DOT = 'digraph { a [pos="10,-10"] }'


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", [*GROUNDS, "#e3ecf5", "#fff8e1"])
@pytest.mark.parametrize("ink", [INK, IDLE_COLOUR, PATH_COLOUR, FAILURE_COLOUR])
def test_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    darker, lighter = sorted((luminance(ink), luminance(ground)))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_without_graphviz_a_picture_is_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_draw", lambda *_: b"")
    picture = Diagram(DOT, "a → <b>")
    assert picture._repr_mimebundle_() == {"text/plain": "a → <b>"}
    assert picture.html == "<pre>a → &lt;b&gt;</pre>"
