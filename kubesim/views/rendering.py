"""From DOT to a picture in a notebook.

Graphviz runs inside the process (pygraphviz's wheel carries it), so no ``dot`` need be installed; without pygraphviz a
``dot`` on PATH is used. Without both, a picture that says where everything stands is drawn by
:mod:`kubesim.views.laid_out`, and of another the text is shown. A picture offers Jupyter two forms at once: text/plain
(the same in words, what tests compare), and HTML with the SVG as an image whose alternative text is these words.
JupyterLab shows an image also in a notebook that it does not trust yet, and would give an SVG of its own no alternative
text.
"""

from __future__ import annotations

import base64
import contextlib
import html
import os
import re
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubesim.views import laid_out

FONT = "Helvetica"
INK = "#1a1a1a"
PATH_COLOUR = "#0b5394"
IDLE_COLOUR = "#636363"
"""Of what plays no part: still legible, at a contrast of 5.5 to 1 on a node's ground."""
FAILURE_COLOUR = "#b3261e"
PNG_RESOLUTION = 144
PIXELS_PER_POINT = 1.4
"""How large a picture is shown where the page is wide enough: text of 11.2 points has 15.7 pixels."""


@dataclass(frozen=True)
class Diagram:
    """A picture that can say itself in words.

    :param dot: the Graphviz source.
    :param text: the same in words, for whoever does not see the picture.
    :param engine: Graphviz' layout: ``dot``, or ``nop2`` where the source says where everything stands.
    """

    dot: str
    text: str
    engine: str = "dot"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    @cached_property
    def svg(self) -> str:
        """The picture as SVG with its text alternative, never wider than the page; empty without Graphviz where that
        would have to lay it out."""
        drawn = _draw(self.dot, "svg", self.engine).decode()
        return _accessible(drawn, self.text) if drawn else ""

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG at twice the screen's resolution; empty without Graphviz."""
        return _draw(self.dot, "png", self.engine, f"-Gdpi={PNG_RESOLUTION}")

    @cached_property
    def html(self) -> str:
        """The picture as an image for a page, its words the alternative text; without Graphviz the words alone."""
        if not self.svg:
            return f"<pre>{html.escape(self.text)}</pre>"
        source = base64.b64encode(self.svg.encode()).decode()
        width = re.search(r'width="(\d+)"', self.svg)
        assert width is not None
        alternative = html.escape(self.text, quote=True)
        return (
            f'<img src="data:image/svg+xml;base64,{source}" alt="{alternative}" width="{width[1]}" '
            'style="max-width:100%;height:auto">'
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": self.text} | ({"text/html": self.html} if self.svg else {})


def label_width(text: str, *, per_character: float = 0.082, least: float = 0.8) -> float:
    """The width in inches of a label's longest line, counting East Asian characters double.

    Sizes are fixed from this, so that a picture has the same shape whatever fonts the host has.
    """
    longest = max((_columns(line) for line in text.split("\n")), default=0)
    return round(max(least, 0.14 + per_character * longest), 2)


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def _draw(dot: str, form: str, engine: str, *options: str) -> bytes:
    try:
        import pygraphviz
    except ImportError:
        drawn = _draw_with_program(dot, form, f"-K{engine}", *options)
        return drawn or (laid_out.svg(dot).encode() if (form, engine) == ("svg", "nop2") else b"")
    with _quiet_standard_error():
        drawn = pygraphviz.AGraph(string=dot).draw(format=form, prog=engine, args=" ".join(options))
    return bytes(drawn)


def _draw_with_program(dot: str, form: str, *options: str) -> bytes:
    try:
        done = subprocess.run(["dot", f"-T{form}", *options], input=dot.encode(), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return b""
    return done.stdout


@contextlib.contextmanager
def _quiet_standard_error() -> Iterator[None]:
    """Graphviz's font look-up may write a warning to descriptor 2, which Jupyter would show as the cell's output."""
    saved = os.dup(2)
    try:
        with tempfile.TemporaryFile() as sink:
            os.dup2(sink.fileno(), 2)
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _accessible(svg: str, text: str) -> str:
    body = svg[svg.index("<svg") :]
    alternative = html.escape(text, quote=True)
    body = re.sub(r"<title>(%3|G|path|cluster)</title>\n?", "", body, count=1)
    return re.sub(
        r'<svg width="(\d+)pt" height="(\d+)pt"',
        lambda size: f'<svg role="img" aria-label="{alternative}" {_size(int(size[1]), int(size[2]))}',
        body,
        count=1,
    )


def _size(width: float, height: float) -> str:
    """The attributes that say how large a picture is shown, from its size in points."""
    style = "max-width:100%;height:auto;background:white"
    return f'width="{round(width * PIXELS_PER_POINT)}" height="{round(height * PIXELS_PER_POINT)}" style="{style}"'
