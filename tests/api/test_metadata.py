"""What the server writes into metadata, and what it lets nobody else write."""

from __future__ import annotations

import uuid
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubesim.api.metadata import clear_system_fields, generate_name, keep_system_fields, new_uid, random_suffix, uid_of
from kubesim.api.objects import Wire


@given(st.integers(0, 2**128 - 1))
@example(0)
@example(2**128 - 1)
def test_any_bits_make_a_uuid_of_version_4(bits: int) -> None:
    assert uid_of(bits) == str(uuid.UUID(int=bits, version=4))


def test_uids_and_suffixes_follow_from_chance_alone() -> None:
    assert new_uid(Random(1)) == new_uid(Random(1)) != new_uid(Random(2))
    assert random_suffix(Random(1)) == random_suffix(Random(1)) != random_suffix(Random(2))
    drawn = "".join(random_suffix(Random(seed)) for seed in range(200))
    assert len(drawn) == 1000
    assert set(drawn) == set("bcdfghjklmnpqrstvwxz2456789")  # upstream: apimachinery/pkg/util/rand


@pytest.mark.parametrize(("base", "kept"), [("", 0), ("web-", 4), ("a" * 58, 58), ("a" * 59, 58), ("a" * 200, 58)])
def test_a_generated_name_fits_into_a_dns_label(base: str, kept: int) -> None:
    name = generate_name(base, Random(1))
    assert name == base[:kept] + random_suffix(Random(1))
    assert len(name) <= 63


SET_BY_THE_SERVER: Wire = {
    "uid": "u", "creationTimestamp": "c", "deletionTimestamp": "d", "deletionGracePeriodSeconds": 30, "selfLink": "/x",
    "resourceVersion": "7", "generation": 3, "managedFields": [{}],
}  # fmt: skip


@pytest.mark.parametrize("name", SET_BY_THE_SERVER)
def test_nobody_brings_what_the_server_sets(name: str) -> None:
    metadata = {"name": "web", "labels": {"a": "b"}, name: SET_BY_THE_SERVER[name]}
    clear_system_fields(metadata)
    assert metadata == {"name": "web", "labels": {"a": "b"}}


@pytest.mark.parametrize(
    ("given_now", "before", "kept"),
    [
        # what the server set stays, whether the client repeats it, leaves it out or says otherwise
        ({}, {"creationTimestamp": "c", "generation": 3}, {"creationTimestamp": "c", "generation": 3}),
        ({"creationTimestamp": "x"}, {"creationTimestamp": "c"}, {"creationTimestamp": "c"}),
        ({"generation": 9}, {"generation": 3}, {"generation": 3}),
        ({"deletionTimestamp": "x"}, {"deletionTimestamp": "d"}, {"deletionTimestamp": "d"}),
        ({"deletionGracePeriodSeconds": 1}, {"deletionGracePeriodSeconds": 30}, {"deletionGracePeriodSeconds": 30}),
        # nobody marks an object as being deleted, or gives it an age, by an update
        ({"creationTimestamp": "x"}, {}, {}),
        ({"deletionTimestamp": "x", "deletionGracePeriodSeconds": 0}, {}, {}),
        ({"generation": 9}, {}, {}),
        ({"generateName": "web-"}, {}, {}),
        # another uid is for validation to refuse, and so is another generateName; left out, they are as they were
        ({"uid": "x"}, {"uid": "u"}, {"uid": "x"}),
        ({}, {"uid": "u", "generateName": "web-"}, {"uid": "u", "generateName": "web-"}),
        ({"generateName": "x-"}, {"generateName": "web-"}, {"generateName": "x-"}),
        # long gone from upstream's objects, though clients may still send them
        ({"selfLink": "/x", "managedFields": [{}]}, {"selfLink": "/x"}, {}),
        ({"labels": {"a": "b"}}, {"labels": {"a": "c"}}, {"labels": {"a": "b"}}),
    ],
)
def test_an_update_keeps_what_the_server_set(given_now: Wire, before: Wire, kept: Wire) -> None:
    metadata = {"name": "web", **given_now}
    keep_system_fields(metadata, {"name": "web", **before})
    assert metadata == {"name": "web", **kept}
