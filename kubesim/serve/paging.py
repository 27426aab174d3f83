"""Lists in pieces: where a piece ends, and how a client asks for the next."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple

from kubesim.api.errors import ApiError, bad_request
from kubesim.api.objects import Wire
from kubesim.api.store import key_of

_ENCODING = "meta.k8s.io/v1"
_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class Piece(NamedTuple):
    """A piece of a list, and the list's metadata."""

    objects: list[Wire]
    metadata: Wire


def piece_of(found: list[Wire], version: str, limit: int, token: str, oldest: int) -> Piece:
    """The piece of a list that a request wants.

    :param found: the whole list, in order.
    :param limit: at most so many objects; 0 for all.
    :param oldest: the version before which a token is too old.
    :raises ApiError: 400 for a token that is none, 410 for one that is too old.
    """
    start: tuple[str, str] | None = None
    if token:
        began, start = _read(token)
        if 0 <= began < oldest:
            raise ExpiredTokenError(_EXPIRED, _token(-1, start))
        if began > 0:
            version = str(began)
    rest = found if start is None else [wire for wire in found if key_of(wire) > start]
    if not limit or len(rest) <= limit:
        return Piece(rest, {"resourceVersion": version})
    here = rest[:limit]
    more: Wire = {"continue": _token(int(version), key_of(here[-1])), "remainingItemCount": len(rest) - limit}
    return Piece(here, {"resourceVersion": version} | more)


class ExpiredTokenError(ApiError):
    """A token that is too old; its Status holds another with which one may go on."""

    def __init__(self, message: str, token: str) -> None:
        super().__init__(410, "Expired", message)
        self.token = token

    @property
    def status(self) -> Wire:
        """The Status object, in wire form."""
        return {**super().status, "metadata": {"continue": self.token}}


def _token(version: int, key: tuple[str, str]) -> str:
    start = "/".join(filter(None, key)) + "\0"
    text = json.dumps({"v": _ENCODING, "rv": version, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, tuple[str, str]]:
    wrong = re.search(r"[^\w-]", token, re.ASCII)
    at = wrong.start() if wrong else len(token) - 1 if len(token) % 4 == 1 else None
    if at is not None:
        raise _refused(f"illegal base64 data at input byte {at}")
    try:
        read: Any = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, start = read["rv"], read["start"]
        if read["v"] != _ENCODING:
            raise _refused("server does not recognize this encoded version")
        if not isinstance(version, int) or not isinstance(start, str):
            raise ValueError(token)
    except (ValueError, KeyError, TypeError):
        raise _refused("the token must be one that this server gave") from None
    namespace, _, name = start.rstrip("\0").rpartition("/")
    return version, (namespace, name)


def _refused(why: str) -> ApiError:
    return bad_request(f"invalid continue token: continue key is not valid: {why}")
