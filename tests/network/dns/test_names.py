import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesim.network.dns import names


@pytest.mark.parametrize(
    ("name", "zone", "inside"),
    [
        ("web.default.svc.cluster.local.", "cluster.local.", True),
        ("CLUSTER.local", "cluster.local.", True),
        ("xcluster.local.", "cluster.local.", False),
        ("anything.", ".", True),
    ],
)
def test_is_within(name: str, zone: str, inside: bool) -> None:
    assert names.is_within(name, zone) is inside


def test_longest_zone_wins() -> None:
    assert names.longest_zone("a.b.c.", (".", "c.", "b.c.")) == "b.c."


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a" * 63, None),
        ("a" * 64, "label too long"),
        (".".join(["a" * 63] * 3 + ["a" * 61]), None),  # 255 bytes on the wire
        (".".join(["a" * 63] * 3 + ["a" * 62]), "name too long"),
        ("a..b", "empty label"),
        ("web.", None),
    ],
)
def test_problem(name: str, problem: str | None) -> None:
    assert names.problem(name) == problem


@given(st.ip_addresses(v=4))
def test_reverse_names_come_back(address: object) -> None:
    assert names.address_of_reverse(names.reverse_name(str(address))) == str(address)


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    names.problem(text)
    names.labels(text)
    names.address_of_reverse(text)
