"""Image references: ``nginx`` means ``docker.io/library/nginx:latest``.

The rules are those of the distribution reference grammar that containerd uses: the first component is a registry when
it has a dot, a colon or is ``localhost``; a name without one is Docker Hub's, and without a slash it is in
``library``; without a tag or digest the tag is ``latest``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_REGISTRY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?\Z")


class InvalidReferenceError(ValueError):
    """An image reference that cannot be read; ``str()`` is the parser's reason."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A full image reference."""

    registry: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """``docker.io/library/nginx``."""
        return f"{self.registry}/{self.path}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


@lru_cache(maxsize=256)
def parse_reference(text: str) -> Reference:
    """Read a reference as a person writes it.

    :raises InvalidReferenceError: with the parser's words, where it is none.
    """
    rest, _, digest = text.partition("@")
    if "@" in text and not _DIGEST.match(digest):
        raise InvalidReferenceError("invalid reference format")
    first, slash, remainder = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, path = first, remainder
        if not _REGISTRY.match(registry):
            raise InvalidReferenceError("invalid reference format")
    else:
        registry, path = "docker.io", rest
    path, colon, tag = path.partition(":")
    if path.lower() != path:
        raise InvalidReferenceError("repository name must be lowercase")
    if not _PATH.match(path) or (colon and not _TAG.match(tag)):
        raise InvalidReferenceError("invalid reference format")
    if registry == "docker.io" and "/" not in path:
        path = f"library/{path}"
    if not tag and not digest:
        tag = "latest"
    return Reference(registry, path, tag, digest)
