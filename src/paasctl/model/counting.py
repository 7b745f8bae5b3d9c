"""How many, in words."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`, `1,234 steps`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
