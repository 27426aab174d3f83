from __future__ import annotations

from decimal import Decimal

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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1n", "0.000000001"), ("1u", "0.000001"), ("1m", "0.001"), ("1", "1"), ("1k", "1000"), ("1M", "1000000"),
        ("1G", "1000000000"), ("1T", "1000000000000"), ("1P", "1000000000000000"), ("1E", "1000000000000000000"),
        ("1Ki", "1024"), ("1Mi", "1048576"), ("1Gi", "1073741824"), ("1Ti", "1099511627776"),
        ("1Pi", "1125899906842624"), ("1Ei", "1152921504606846976"), ("12e6", "12000000"), ("12E-1", "1.2"),
        ("-1.5", "-1.5"), ("+.5", "0.5"), ("5.", "5"),
    ],
)  # fmt: skip
def test_every_suffix_has_its_value(text: str, value: str) -> None:
    assert quantities.parse(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.1n", "1n"), ("1.1n", "2n"), ("-0.1n", "-1n"), ("-1.1n", "-2n"),  # rounded away from zero
        ("7Ei", "7Ei"), ("8Ei", "9223372036854775807"), ("-8Ei", "-9223372036854775807"),  # cut to 64 bits
        ("0.0000000001Ki", "103n"), ("1023.5", "1023500m"), ("-1", "-1"), ("0e3", "0"), ("-0.5Ki", "-512"), ("-0", "0"),
        ("0.5Ki", "512"), ("0.1Ki", "102400m"), ("1.1Ki", "1126400m"),  # no fraction, even at the price of the suffix
        ("1023Ki", "1023Ki"), ("-1024Mi", "-1Gi"), ("0Gi", "0"),
        ("1000k", "1M"), ("1500", "1500"), ("0.001", "1m"), ("1000000000000000000", "1E"), ("1000E", "1e21"),
        ("1e2", "100"), ("1E3", "1e3"), ("0.5e3", "500"), ("12E6", "12e6"), ("1e-3", "1e-3"),
    ],
)  # fmt: skip
def test_the_canonical_form_loses_nothing(text: str, canonical: str) -> None:
    assert quantities.canonical(text) == canonical
    assert quantities.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1e400", "10e399"), ("1e-400", "1e-9"), ("1024Ei", "9223372036854775807"), ("9" * 900, "9" * 900),
        ("-9999Ei", "-9223372036854775807"),
    ],
)  # fmt: skip
def test_what_no_machine_has_is_written_all_the_same(text: str, canonical: str) -> None:
    assert quantities.canonical(text) == canonical


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("9" * 5000, "numeric part"),
        ("1e99999999999999999999", "suffix"),
        ("1e-5000", "suffix"),
        ("1e" + "9" * 5000, "suffix"),
    ],
)
def test_a_number_that_nobody_can_write_out_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"unable to parse.* {problem}"):
        quantities.canonical(text)
