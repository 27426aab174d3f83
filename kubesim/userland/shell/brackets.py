"""Where a bracket closes: the end of ``$(…)``, ``${…}`` and ``((…))`` in a text."""

from __future__ import annotations


def closing_bracket(text: str, start: int, opening: str, closing: str) -> int | None:
    """Where the bracket that is open at ``start`` closes, quotes and comments aside; None where it does not."""
    position = start
    depth = 1
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
            continue
        if character == "'" and closing != "}":
            end = text.find("'", position + 1)
            if end < 0:
                return None
            position = end
        elif character == '"':
            position += 1
            while position < len(text) and text[position] != '"':
                if text.startswith("$(", position):
                    inner = closing_bracket(text, position + 2, "(", ")")
                    if inner is None:
                        return None
                    position = inner
                position += 2 if text[position] == "\\" else 1
            if position >= len(text):
                return None
        elif character == "`":
            end = text.find("`", position + 1)
            if end < 0:
                return None
            position = end
        elif character == "#" and closing == ")" and text[position - 1] in " \t\n;":
            end = text.find("\n", position)
            if end < 0:
                return None
            position = end
        elif character == opening:
            depth += 1
        elif character == closing:
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None
