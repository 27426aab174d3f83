"""From DOT to a picture in a notebook.

Graphviz runs inside the process (pygraphviz's wheel carries it), so no ``dot`` need be installed; without pygraphviz a
``dot`` on PATH is used, and without that the text is shown. A picture offers Jupyter three forms at once: text/plain
(the same in words, what tests compare), SVG, and PNG, which JupyterLab shows in a notebook it does not trust yet.
"""

from __future__ import annotations

import base64
import contextlib
import html
import os
import re
import struct
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

FONT = "Helvetica"
INK = "#1a1a1a"
PATH_COLOUR = "#0b5394"
IDLE_COLOUR = "#999999"
FAILURE_COLOUR = "#b3261e"
PNG_RESOLUTION = 144
WIDEST = 880
"""Pixels: a notebook cuts off what is wider, so wider pictures are shown smaller."""
PIXELS_PER_POINT = 96 / 72


@dataclass(frozen=True)
class Diagram:
    """A picture that can say itself in words.

    :param dot: the Graphviz source.
    :param text: the same in words, for whoever does not see the picture.
    """

    dot: str
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, as wide as the page at most, with its text alternative; empty without Graphviz."""
        drawn = _draw(self.dot, "svg").decode()
        return _accessible(drawn, self.text) if drawn else ""

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG at twice the screen's resolution; empty without Graphviz."""
        return _draw(self.dot, "png", f"-Gdpi={PNG_RESOLUTION}")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {"text/plain": self.text}
        metadata: dict[str, Any] = {}
        if self.svg:
            data["image/svg+xml"] = self.svg
            data["image/png"] = base64.b64encode(self.png).decode()
            width, height = struct.unpack(">II", self.png[16:24])
            scale = min(96 / PNG_RESOLUTION, WIDEST / width)
            metadata["image/png"] = {"width": round(width * scale), "height": round(height * scale)}
        return data, metadata


def label_width(text: str, *, per_character: float = 0.082, least: float = 0.8) -> float:
    """The width in inches of a label's longest line, counting East Asian characters double.

    Sizes are fixed from this, so that a picture has the same shape whatever fonts the host has.
    """
    longest = max((_columns(line) for line in text.split("\n")), default=0)
    return round(max(least, 0.14 + per_character * longest), 2)


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def _draw(dot: str, form: str, *options: str) -> bytes:
    try:
        import pygraphviz
    except ImportError:
        return _draw_with_program(dot, form, *options)
    with _quiet_standard_error():
        drawn = pygraphviz.AGraph(string=dot).draw(format=form, prog="dot", args=" ".join(options))
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
    scale = min(PIXELS_PER_POINT, WIDEST / width)
    style = "max-width:100%;height:auto;background:white"
    return f'width="{round(width * scale)}" height="{round(height * scale)}" style="{style}"'
