"""Quantities against a table, and against arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.planning.fields.quantity import amount

_SAME = [
    ("1", "1000m"),
    ("1Gi", "1024Mi"),
    ("0.5", "500m"),
    ("1k", "1000"),
    ("1e3", "1k"),
    ("12E2", "1.2k"),
    ("100M", "0.1G"),
    (".5Ki", "512"),
    ("+1", "1.0"),
    ("1000n", "1u"),
]


@pytest.mark.parametrize(("one", "other"), _SAME)
def test_two_spellings_of_one_amount(one: str, other: str) -> None:
    assert amount(one) == amount(other) is not None


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1gb", "a", "1e", "--1", "0x10", True, None, []])
def test_what_is_no_quantity(text: object) -> None:
    assert amount(text) is None


@given(st.integers(-(10**9), 10**9), st.sampled_from(["m", "", "k", "Mi"]))
@settings(max_examples=50)
def test_an_amount_is_what_arithmetic_says(number: int, suffix: str) -> None:
    factors: dict[str, Fraction | int] = {"m": Fraction(1, 1000), "": 1, "k": 1000, "Mi": 1 << 20}
    assert amount(f"{number}{suffix}") == number * factors[suffix]
