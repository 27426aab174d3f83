"""Requests over time: one row a request, a row an endpoint, a picture, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import pandas

from kubesim.views.load_chart import Sent, load_chart
from kubesim.views.rendering import Diagram

NOBODY = "(nobody)"
"""Who stands for the endpoint where the rules picked none that is there."""


class Requests(pandas.DataFrame):
    """The requests of a load, in the order in which they were sent: a frame that can show itself."""

    _metadata: ClassVar[list[str]] = ["title"]
    title: str = ""

    @property
    def _constructor(self) -> type[Requests]:
        return Requests

    @classmethod
    def of(cls, sent: Iterable[Sent], title: str) -> Requests:
        """The frame of some requests.

        :param title: what was asked, in words.
        """
        rows = sorted(sent, key=lambda each: each.time)
        found = cls(rows, columns=list(Sent._fields))
        found.title = title
        return found

    @property
    def failures(self) -> Requests:
        """Only those that got no answer, or a server's error."""
        return Requests.of([each for each in self._sent() if not each.answered], f"{self.title}, what failed")

    def endpoints(self) -> pandas.DataFrame:
        """One row an endpoint and outcome: how many requests, from when to when, and how long the longest took."""
        groups: dict[tuple[str, str], list[Sent]] = {}
        for each in self._sent():
            outcome = each.outcome if each.answered or not each.status else f"status {each.status}"
            groups.setdefault((each.endpoint or NOBODY, outcome), []).append(each)
        rows = [
            (*key, len(found), found[0].time, found[-1].time, max(each.latency for each in found))
            for key, found in groups.items()
        ]
        columns = ["endpoint", "outcome", "requests", "first", "last", "slowest"]
        return pandas.DataFrame(rows, columns=columns)

    def diagram(self) -> Diagram:
        """A lane for each endpoint, along which its requests stand; below them those that failed."""
        return load_chart(self._sent(), self.title)

    def _sent(self) -> Sequence[Sent]:
        columns: list[Any] = [self[name] for name in Sent._fields]
        return [Sent(*row) for row in zip(*columns, strict=True)]
