from __future__ import annotations

import pytest

from kubesim.api import quantities


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1000m", "1"),
        ("1000", "1k"),
        ("1.5Gi", "1536Mi"),
        ("0.5Mi", "512Ki"),
        ("100m", "100m"),
        ("1e3", "1e3"),
        ("0", "0"),
        ("-1", "-1"),
    ],
)
def test_a_quantity_is_written_in_canonical_form(text: str, canonical: str) -> None:
    assert quantities.canonical(text) == canonical


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1gi", "1.2.3", "Gi"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        quantities.parse(text)
