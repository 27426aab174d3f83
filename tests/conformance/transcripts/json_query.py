"""``jq``, which the recorder's machine had: an ordinary program beside kubectl, by the library of that name."""

from __future__ import annotations

import json

from kubesim.programs.machine import Invocation
from kubesim.userland.process import Completed


def run_jq(invocation: Invocation) -> Completed:
    """Run a filter over standard input, with the options that the sessions use: ``-c`` and ``-r``, ``-s``, ``-n``."""
    import jq  # only where a session has it

    letters, words = "", []
    for word in invocation.argv[1:]:
        if word.startswith("-") and not word.startswith("--") and len(word) > 1:
            letters += word[1:]
        else:
            words.append(word)
    unknown = set(letters) - set("cersjnS")
    if unknown or len(words) != 1:
        return Completed("", f"jq: error: the harness knows no {' '.join(invocation.argv[1:])}\n", 2)
    text = "null" if "n" in letters else invocation.stdin
    try:
        program = jq.compile(words[0])
        found = program.input_text(text, slurp="s" in letters).all()
    except ValueError as error:
        return Completed("", f"jq: error (at <stdin>:{text.count(chr(10))}): {error}\n", 5)
    shown = [_shown(each, letters) for each in found]
    end = "" if "j" in letters else "\n"
    status = 1 if "e" in letters and (not found or found[-1] in (None, False)) else 0
    return Completed("".join(each + end for each in shown), "", status)


def _shown(value: object, letters: str) -> str:
    if isinstance(value, str) and ("r" in letters or "j" in letters):
        return value
    if "c" in letters:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys="S" in letters)
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys="S" in letters)
