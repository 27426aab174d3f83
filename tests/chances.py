"""Chance for tests that make their own inputs: one seed an example."""

from random import Random

from hypothesis import strategies as st

CHANCES = st.builds(Random, st.integers(0, 2**32 - 1))
"""Generators of their own. ``st.randoms()`` would let hypothesis choose each of their numbers, and shrink them: for an
object of a few hundred choices that takes thirty times as long as what is tested."""
