from __future__ import annotations

from kubesim.api.discovery import DISCOVERED, verbs


def test_every_type_is_listed_once_in_order() -> None:
    keys = [(resource.group, resource.plural) for resource in DISCOVERED]
    assert keys == sorted(set(keys))


def test_reviews_are_only_created() -> None:
    reviews = [resource for resource in DISCOVERED if resource.kind.endswith("Review")]
    assert reviews
    assert {verbs(resource) for resource in reviews} == {("create",)}
