"""``dig`` of BIND: its command line, its questions, its output."""

from kubesim.programs.dig.command import dig

__all__ = [
    "dig",
]
