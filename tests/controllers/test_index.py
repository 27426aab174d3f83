from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubesim.controllers.index import SelectorIndex

LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@given(st.lists(LABELS, max_size=8), LABELS)
def test_the_index_finds_what_a_comparison_of_all_finds(
    selectors: list[dict[str, str]], labels: dict[str, str]
) -> None:
    index: SelectorIndex[int] = SelectorIndex()
    for number, selector in enumerate(selectors):
        index.put(number, "default", selector)
    expected = {n for n, s in enumerate(selectors) if s and s.items() <= labels.items()}
    found = index.matching("default", labels)
    assert set(found) == expected
    assert len(found) == len(expected)
    assert index.matching("other", labels) == []


def test_a_dropped_selector_matches_no_more() -> None:
    index: SelectorIndex[str] = SelectorIndex()
    index.put("web", "default", {"app": "web"})
    index.put("web", "default", {"app": "shop"})
    assert index.matching("default", {"app": "web"}) == []
    index.drop("web")
    index.drop("web")
    assert index.matching("default", {"app": "shop"}) == []
