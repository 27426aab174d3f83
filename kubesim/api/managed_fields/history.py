"""What is kept of each write, so that the owners of an object's fields can be told when somebody asks.

Working out a set of fields costs many times what a controller's write costs, and hardly anybody reads one. So a write
only notes *who* wrote, *when*, what was *given* and what was *stored*; objects are never changed once stored, so these
are references. Asking folds the notes of an object, oldest first, into its owners, which take the notes' place.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.managed_fields.managers import Managed, Manager, scaled, updated
from kubesim.api.managed_fields.typed import root
from kubesim.api.objects import Wire, copy_of

MOST_NOTES = 32
"""How many writes of an object are noted before they are folded whether somebody asks or not."""


class Author(msgspec.Struct, frozen=True, gc=False):
    """Who writes: a field manager, and the part of the object that it writes to."""

    manager: str
    subresource: str = ""


class Given(msgspec.Struct, eq=False, gc=False):
    """An object as a request had it, before the server completes it.

    :param kept: an object whose parts are never changed, or a packed one.
    """

    kept: Wire | bytes

    @classmethod
    def shared(cls, wire: Wire) -> Given:
        """An object of which only the outer dict and the metadata will be changed."""
        return cls({**wire, "metadata": {**wire["metadata"]}})

    @classmethod
    def packed(cls, wire: Wire) -> Given:
        """An object that will be completed in place."""
        try:
            return cls(msgspec.msgpack.encode(wire))
        except (UnicodeEncodeError, OverflowError):
            return cls(copy_of(wire))

    def wire(self) -> Wire:
        """A copy of the object."""
        if isinstance(self.kept, bytes):
            unpacked: Wire = msgspec.msgpack.decode(self.kept)
            return unpacked
        return copy_of(self.kept)


class Signature(msgspec.Struct, eq=False, gc=False):
    """What a write says of who makes it.

    :param author: None for the server's own doing, which gives nobody anything.
    :param given: the object as the request had it; None where that is what is stored.
    :param owned: the owners after it, where they are known.
    :param joined: whether it may stand for the write before, where that was of the same author: what a controller
        writes it alone changes, and an object that it writes a thousand times is not kept a thousand times.
    """

    author: Author | None = None
    given: Given | None = None
    owned: Managed | None = None
    joined: bool = False


UNSIGNED = Signature()
"""The signature of a write of the server itself."""


class Write(msgspec.Struct, eq=False, gc=False):
    """One write of an object.

    :param stored: the object after it.
    :param before: the write before; None for the first, and where ``owned`` says what it left.
    :param author: None for a write that gives nobody anything: the server's own.
    :param time: when, as JSON has it.
    :param given: the object as the request had it, before the server completed it; None where that was all of it.
    :param owned: the owners after it, where they are known.
    :param depth: how many writes before it are noted.
    """

    stored: Wire
    before: Write | None = None
    author: Author | None = None
    time: str = ""
    given: Given | None = None
    owned: Managed | None = None
    depth: int = 0


Complete = Callable[[Wire], object]
"""Fills in, in place, what a packed object lacked of defaults when it was noted."""

Ignored = Callable[[str, str], FieldSet]
"""Of a kind and a subresource, the fields that a write there cannot change."""


class History:
    """The writes of all objects.

    :param complete: fills in defaults.
    :param ignored: what a write to a subresource leaves as it is.
    """

    def __init__(self, complete: Complete, ignored: Ignored) -> None:
        self._last: dict[tuple[str, str | None, str], Write] = {}
        self._complete = complete
        self._ignored = ignored

    def note(self, stored: Wire, signature: Signature, time: str) -> None:
        """Take note of a write."""
        metadata = stored["metadata"]
        key = (stored["kind"], metadata.get("namespace"), metadata["name"])
        before = self._last.get(key)
        author = signature.author
        if before is None:
            self._last[key] = Write(stored, None, author, time, signature.given, signature.owned)
        elif signature.joined and before.author is author and before.before is not None:
            before.stored, before.time = stored, time
        elif author is None and before.given is not None and signature.owned is None:
            before.stored = stored  # what the server does of itself is as if it had done it with that request
        else:
            self._last[key] = self.draft(stored, before, signature, time)

    def draft(self, stored: Wire, before: Write | None, signature: Signature, time: str) -> Write:
        """A write after another, not noted."""
        if before is None or signature.owned is not None:
            return Write(stored, None, signature.author, time, signature.given, signature.owned)
        if before.depth > MOST_NOTES:
            self.owners(before)
        return Write(stored, before, signature.author, time, signature.given, None, before.depth + 1)

    def last(self, wire: Wire) -> Write | None:
        """The last write of an object."""
        return self._last.get(_key(wire))

    def forget(self, last: Wire) -> None:
        """An object is gone."""
        self._last.pop(_key(last), None)

    def of(self, wire: Wire) -> Managed:
        """The owners of an object's fields: of the version that is given, as far as it is remembered."""
        write = self.last(wire)
        earlier = write
        while earlier is not None and earlier.stored is not wire:
            earlier = earlier.before
        found = earlier or write
        return {} if found is None else self.owners(found)

    def owners(self, write: Write) -> Managed:
        """The owners after a write."""
        pending: list[Write] = []
        here: Write | None = write
        while here is not None and here.owned is None:
            pending.append(here)
            here = here.before
        managed, old = (here.owned or {}, here.stored) if here is not None else ({}, None)
        for each in reversed(pending):
            managed = self._step(managed, old, each)
            old = each.stored
        write.owned, write.before, write.given, write.depth = managed, None, None, 0
        return managed

    def _step(self, managed: Managed, old: Wire | None, write: Write) -> Managed:
        author, stored = write.author, write.stored
        if author is None:
            return managed
        new = stored
        if write.given is not None:
            new = write.given.wire()
            self._complete(new)
        kind, version = stored["kind"], stored["apiVersion"]
        if author.subresource == "scale" and old is not None:
            return scaled(managed, old, new, author.manager, version)
        manager = Manager(author.manager, "Update", version, author.subresource)
        ignored = self._ignored(kind, author.subresource)
        return updated(managed, root(kind, version), old, new, manager, write.time, ignored)


def _key(wire: Wire) -> tuple[str, str | None, str]:
    metadata = wire["metadata"]
    return wire["kind"], metadata.get("namespace"), metadata["name"]
