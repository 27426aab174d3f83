"""Dice: one number picks among ways as if all were known; every way is walked once, in order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.network.dice import Dice, First, Thrown, every

Tree = list["tuple[float, Tree]"]
"""The outcomes of a throw, each with its weight and the throw that follows it; none where the walk ends."""

TREES: st.SearchStrategy[Tree] = st.recursive(
    st.just([]), lambda below: st.lists(st.tuples(st.sampled_from([0.25, 0.5, 1.0]), below), min_size=1, max_size=4)
)


def walk(tree: Tree) -> Callable[[Dice], tuple[tuple[int, ...], float]]:
    """From throw to throw, to (what was picked, how likely that was)."""

    def follow(dice: Dice) -> tuple[tuple[int, ...], float]:
        picked, probability, here = [], 1.0, tree
        while here:
            whole = sum(weight for weight, _ in here)
            shares = [weight / whole for weight, _ in here]
            picked.append(dice.pick(shares))
            probability *= shares[picked[-1]]
            here = here[picked[-1]][1]
        return tuple(picked), probability

    return follow


def paths(tree: Tree) -> list[tuple[int, ...]]:
    """Every way to an end, written down branch by branch."""
    return [(n, *rest) for n, (_, below) in enumerate(tree) for rest in paths(below)] if tree else [()]


@given(TREES)
def test_every_way_has_its_turn_in_order(tree: Tree) -> None:
    ways = list(every(walk(tree)))
    assert [picked for picked, _ in ways] == paths(tree)
    assert sum(probability for _, probability in ways) == pytest.approx(1)


@given(TREES, st.floats(0, 1, exclude_max=True))
def test_a_number_picks_the_way_whose_part_of_the_interval_holds_it(tree: Tree, number: float) -> None:
    begin = 0.0
    taken, _ = walk(tree)(Thrown(lambda: number))
    for picked, probability in every(walk(tree)):
        if picked == taken:
            assert begin - 1e-9 <= number <= begin + probability + 1e-9
        begin += probability


@pytest.mark.parametrize(("number", "picked"), [(0.0, 0), (0.24, 0), (0.25, 1), (0.49, 1), (0.5, 2), (0.99, 2)])
def test_parts_begin_where_the_one_before_ends(number: float, picked: int) -> None:
    assert Thrown(lambda: number).pick([0.25, 0.25, 0.5]) == picked
    nested = Thrown(lambda: number)
    first = nested.pick([0.25, 0.75])
    assert (first and 1 + nested.pick([1 / 3, 2 / 3])) == picked


def test_what_rounding_leaves_over_is_the_last_one_s() -> None:
    assert Thrown(lambda: 0.999).pick([0.3, 0.3, 0.3]) == 2


def test_the_number_is_asked_once_and_only_where_something_is_thrown() -> None:
    numbers = iter([0.5])
    dice = Thrown(lambda: next(numbers))
    assert not dice.thrown
    assert [dice.pick([0.5, 0.5]), dice.pick([0.5, 0.5])] == [1, 0]
    assert dice.thrown


def test_the_first_is_always_the_first() -> None:
    assert [First().pick(shares) for shares in ([1.0], [0.0, 1.0])] == [0, 0]


def test_a_throw_has_outcomes() -> None:
    with pytest.raises(ValueError, match="must have an outcome, got none"):
        Thrown(lambda: 0.5).pick([])
