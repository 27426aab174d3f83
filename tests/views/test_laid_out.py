"""The SVG of a source that says where everything stands, drawn without Graphviz."""

import pytest

from kubesim.views import laid_out

HEAD = "digraph x {{\n\tfontname=Helvetica fontsize=11.2\n\tnode [fontname=Helvetica fontsize=11.2 color=red]\n"
BOX = HEAD + '\ta [label="a\nb" pos="36.00,-36.00" width=1.0000 height=0.5000 shape=box {}]\n}}\n'
TWO = (
    HEAD
    + '\t"a/x" [label="" pos="0.00,-0.00" width=0.0014 height=0.0014 shape=point style=invis]\n'
    + '\t"b" [label="" pos="100.00,-0.00" width=0.0014 height=0.0014 shape=point style=invis]\n'
    + '\t"a/x" -> "b" [{}]\n}}\n'
)


@pytest.mark.parametrize(
    ("dot", "drawn"),
    [
        # 1 inch is 72 points; a box stands around its place; DOT counts upwards, SVG downwards
        (BOX.format(""), '<rect x="0.00" y="18.00" width="72.00" height="36.00" fill="none" stroke="red"/>'),
        (BOX.format("style=filled fillcolor=blue"), 'fill="blue" stroke="red"/>'),
        (BOX.format('style="rounded,dashed"'), 'rx="6.0" fill="none" stroke="red" stroke-dasharray="5,2"/>'),
        (BOX.format("peripheries=2"), '<rect x="-4.00" y="14.00" width="80.00" height="44.00"'),
        (BOX.format("penwidth=3"), 'stroke-width="3"'),
        (BOX.format(""), 'text-anchor="middle" x="36.00" y="33.14"'),  # the first of two lines, 13.5 apart
        (BOX.format(""), 'text-anchor="middle" x="36.00" y="46.64"'),
        (BOX.format("").replace("a\nb", 'a<&\\"'), ">a&lt;&amp;&quot;</text>"),
        (BOX.format("").replace("a\nb", "a\\lb\\l"), 'text-anchor="start" x="0.00"'),
        (BOX.format("").replace('"a\nb"', "<<b>1</b>>"), 'font-weight="bold" fill="black">1</text>'),
        (TWO.format("arrowhead=none"), 'd="M0.00,0.00L100.00,0.00"/>'),
        (TWO.format("color=green penwidth=2"), 'stroke="green" stroke-width="2" d="M0.00,0.00L90.00,0.00"/>'),
        (TWO.format("color=green"), '<polygon points="100.00,0.00 90.00,3.50 90.00,-3.50" fill="green"'),
        (TWO.format("arrowsize=0.5"), 'd="M0.00,0.00L95.00,0.00"/>'),
    ],
)
def test_a_shape(dot: str, drawn: str) -> None:
    assert drawn in laid_out.svg(dot)


def test_the_picture_is_as_large_as_what_stands_in_it() -> None:
    drawn = laid_out.svg(BOX.format(""))
    assert '<svg width="74pt" height="38pt" viewBox="0.00 0.00 74.00 38.00"' in drawn  # a point on each side
    assert "translate(1.00 -17.00)" in drawn


def test_what_is_unseen_is_not_drawn() -> None:
    drawn = laid_out.svg(TWO.format("style=invis"))
    assert '<g class="node">' not in drawn and '<g class="edge">' not in drawn
