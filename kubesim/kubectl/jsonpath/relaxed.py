"""Expressions as ``--sort-by`` and custom columns accept them: braces and the leading dot may be left out."""

from __future__ import annotations

import re

from kubesim.kubectl.jsonpath.errors import JsonPathError

_RELAXED = re.compile(r"\{\.?([^{}]+)\}|\.?([^{}]+)")


def relaxed_expression(text: str) -> str:
    """``metadata.name``, ``.metadata.name`` and ``{metadata.name}`` all become ``{.metadata.name}``.

    :raises JsonPathError: for anything with other braces.
    """
    if not text:
        return text
    match = _RELAXED.fullmatch(text)
    if match is None:
        raise JsonPathError(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
    return f"{{.{match[1] or match[2]}}}"
