"""What a kind does differently when it is created, changed and deleted.

The server's verbs are the same for every kind; where kinds differ they ask a :class:`Strategy`. Upstream calls it the
same: ``rest.RESTCreateUpdateStrategy`` and ``RESTDeleteStrategy``. Methods that prepare an object change the copy they
are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kubesim.api.errors import FieldError
from kubesim.api.managed_fields.field_set import FieldSet
from kubesim.api.objects import Wire


@dataclass(slots=True)
class Transaction:
    """Work outside the store that goes with a write: done for good when it succeeds, undone when it does not."""

    on_commit: list[Callable[[], object]] = field(default_factory=list)
    on_revert: list[Callable[[], object]] = field(default_factory=list)

    def commit(self) -> None:
        """The write succeeded."""
        for action in self.on_commit:
            action()

    def revert(self) -> None:
        """The write was refused, or was a dry run."""
        for action in reversed(self.on_revert):
            action()


NOTHING = Transaction()
"""The transaction of a write that allocates nothing."""


_SPEC, _STATUS = FieldSet.of(("f:spec",)), FieldSet.of(("f:status",))


class Strategy:
    """The behaviour of a kind without any of its own.

    ``create_on_update``: whether replacing an object that is not there creates it.
    ``unconditional_update``: whether an update need not say which version it changes.
    """

    create_on_update = False
    unconditional_update = True

    def prepare_create(self, new: Wire) -> None:
        """Clear what a client may not set on creation."""

    def prepare_update(self, new: Wire, old: Wire) -> None:
        """Clear what a client may not change, and keep the status."""
        keep_status(new, old)

    def validate_ephemeral_containers(self, new: Wire, old: Wire) -> list[FieldError]:
        """What is wrong with containers that were added for debugging."""
        return []

    def validate_status(self, new: Wire, old: Wire) -> list[FieldError]:
        """The problems of a new status beyond those of the whole object."""
        return []

    def validate_finalizers(self, new: Wire, old: Wire) -> list[FieldError]:
        """The problems of a change of what holds the object."""
        return []

    def canonicalize(self, new: Wire) -> None:
        """Bring a valid object into the form that is stored."""

    def prepare_status_update(self, new: Wire, old: Wire) -> None:
        """Keep everything but the status."""
        if "spec" in old:
            new["spec"] = old["spec"]

    def begin_create(self, new: Wire, dry_run: bool) -> Transaction:
        """Allocate what the new object needs; may raise ApiError."""
        return NOTHING

    def begin_update(self, new: Wire, old: Wire, dry_run: bool) -> Transaction:
        """Allocate and release what the change needs; may raise ApiError."""
        return NOTHING

    def left_alone(self, subresource: str) -> FieldSet:
        """The fields that a write to a subresource, or to the object itself, cannot change (``GetResetFields``)."""
        return _SPEC if subresource == "status" else _STATUS

    def after_delete(self, old: Wire) -> None:
        """Release what the object had; it is gone."""

    def grace_period(self, old: Wire, asked: int | None) -> int | None:
        """Seconds between the request to delete and the end; None for a kind that goes at once."""
        return None


def keep_status(new: Wire, old: Wire) -> None:
    """Give an object the status it had."""
    if "status" in old:
        new["status"] = old["status"]
    else:
        new.pop("status", None)
