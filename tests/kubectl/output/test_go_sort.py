from __future__ import annotations

from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.output.go_sort import go_sort

# Service names by type, as the real kubectl sorted twenty-five of them by {.spec.type}: quicksort, not stable.
NAMES = """
aff bareslice dns2 ext ext-ports extip five headless headless-noports kubernetes lb lb-class lb-ip lb-local lb-pending
none noselector np np-multi odd odd-publish prefer-zone sctp single web
""".split()  # noqa: SIM905 - forty lines otherwise
TYPES = {
    **dict.fromkeys(("ext", "ext-ports"), "ExternalName"),
    **dict.fromkeys(("lb", "lb-class", "lb-ip", "lb-local", "lb-pending"), "LoadBalancer"),
    **dict.fromkeys(("np", "np-multi"), "NodePort"),
}
RECORDED = """
aff web dns2 odd-publish noselector extip five headless bareslice headless-noports kubernetes single odd sctp
prefer-zone none ext-ports ext lb-ip lb-pending lb-local lb-class lb np-multi np
""".split()  # noqa: SIM905 - forty lines otherwise


def test_ties_come_as_go_leaves_them() -> None:
    pairs = [(TYPES.get(name, "ClusterIP"), name) for name in NAMES]
    assert [name for _, name in go_sort(pairs, lambda a, b: a[0] < b[0])] == RECORDED


@given(st.lists(st.integers(), max_size=300))
def test_it_sorts(values: list[int]) -> None:
    assert go_sort(values, lambda a, b: a < b) == sorted(values)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers()), max_size=12))
def test_short_lists_keep_the_order_of_equals(values: list[tuple[int, int]]) -> None:
    assert go_sort(values, lambda a, b: a[0] < b[0]) == sorted(values, key=itemgetter(0))


@given(st.lists(st.integers(0, 3), max_size=200))
def test_an_inconsistent_order_ends_all_the_same(values: list[int]) -> None:
    assert sorted(go_sort(values, lambda a, b: a == 0 or (b != 0 and a < b))) == sorted(values)
