"""Meeting the rows of the table: what a terminal prints for a row's commands, and what is wrong with it."""

from __future__ import annotations

import re

from kubesim.cluster import Cluster
from kubesim.terminal import Terminal
from tests.surprises.table import Chapter, Surprise

SECONDS_AFTER_A_LOSS = 120.0


def open_terminal(chapter: Chapter) -> Terminal:
    """A terminal on a cluster of the chapter's kind."""
    return Terminal(Cluster(proxy_mode=chapter.proxy_mode))


def meet(terminal: Terminal, row: Surprise) -> str:
    """What the commands of a row print, blanks folded."""
    if row.before:
        terminal.run(row.before)
    if row.lost:
        terminal.cluster.fail_node(row.lost)
        terminal.cluster.advance(SECONDS_AFTER_A_LOSS)
    ran = terminal.run(row.commands)
    return re.sub(r"[ \t]+", " ", f"{ran.stdout}\n{ran.stderr}" if not ran.stdout else f"\n{ran.stdout}{ran.stderr}")


def complaint(row: Surprise, printed: str) -> str:
    """Where a print does not show what the row says; empty where it does."""
    for text in row.shows:
        if re.sub(r"[ \t]+", " ", text) not in printed:
            return f"must show {text!r}, got {printed!r}"
    for text in row.lacks:
        if text in printed:
            return f"must not show {text!r}, got {printed!r}"
    return ""
