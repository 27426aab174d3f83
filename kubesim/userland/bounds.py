"""How much one typed line may produce: a slip such as ``yes`` must not exhaust the learner's own machine.

Whatever gathers text (a pipe, a file, an expanded word, a string of awk) stops at :data:`LIMIT` characters. A result is
never cut silently: the line is interrupted, as Ctrl-C would.
"""

from __future__ import annotations

from kubesim.turn import Interrupted

LIMIT = 8 * 1024 * 1024
"""Characters that a pipe, a file or one expansion may hold."""
LINES = 1_000_000
"""Lines that a pipe, a file or one expansion may hold: whoever sorts or numbers them holds each by itself."""
WORDS = 200_000
"""Words that one expansion may become."""
LONGEST_RUN = 900.0
"""Simulated seconds after which a person presses Ctrl-C: no program works out what it would do later."""
SCREENFUL = 4096
"""Characters shown of what ran over a screen before it was interrupted."""


def bounded(text: str) -> str:
    """The same text.

    :raises Interrupted: where it is longer than the limit.
    """
    if len(text) > LIMIT or text.count("\n") > LINES:
        raise Interrupted
    return text


def require(size: int) -> None:
    """Make sure that so many characters may be produced, before they are.

    :raises Interrupted: where they are more than the limit.
    """
    if size > LIMIT:
        raise Interrupted
