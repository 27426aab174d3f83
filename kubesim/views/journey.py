"""A request that shows itself.

A :class:`Journey` is what ``cluster.connect`` returns: the look-up of the name, the trace that this request's packet
took, every other trace it could have taken, and what the server answered. It shows itself in words, as a table and as
a picture; the three are views of the same record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubesim.views.request import Request
from kubesim.views.words import Way, journey_text

if TYPE_CHECKING:  # pandas and Graphviz are loaded when a table or a picture is first asked for
    import pandas

    from kubesim.views.rendering import Diagram


@dataclass(frozen=True, repr=False)
class Journey(Request):
    """One request and everything that happened to it, in words, as a table and as a picture."""

    def table(self, *, rules: bool = True) -> pandas.DataFrame:
        """Every step as a row: where, what, source, destination, rule and why.

        :param rules: whether to show the rules that only sent the packet on to another chain, or marked it.
        """
        from kubesim.views.tables import steps_frame

        return steps_frame(self, rules=rules)

    def endpoints(self) -> pandas.DataFrame:
        """Every endpoint the packet could reach, with its probability."""
        from kubesim.views.tables import endpoints_frame

        return endpoints_frame(self)

    def diagram(self, upto: int | None = None, way: Way | str = Way.THERE) -> Diagram:
        """The picture of the path.

        :param upto: the packet is on this arrow of the way; later ones are pale (a PathPlayer's frames).
        :param way: ``there``, or ``back``: the answer's way.
        :raises ValueError: if there is no such way.
        """
        from kubesim.views.path_diagram import path_diagram

        return path_diagram(self, upto, Way(way))

    def __str__(self) -> str:
        return journey_text(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.diagram()._repr_mimebundle_(include, exclude)
