from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.views.clean import clean, clean_lines, spelled


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[2K\x1b[1Gmoved", "moved"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cGFzdGU=\x07clipboard", "clipboard"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("10%\r50%\r100%", "100%"),
        ("100%\r", "100%"),
        ("done\r\n", "done"),
        ("a\tb", "a    b"),
        ("two\nlines", "two lines"),
        ("bell\x07", "bell�"),
        ("right\u202eleft", "right�left"),
        ("lone \udcff", "lone �"),
        ("größer 日本 👩‍🚀", "größer 日本 👩‍🚀"),
    ],
)
def test_foreign_text_becomes_one_safe_line(foreign: str, ours: str) -> None:
    assert clean(foreign) == ours


def test_lines_stay_lines() -> None:
    assert clean_lines("a\n\x1b[1mb\r\n") == ["a", "b", ""]


@given(st.text(st.characters(codec=None)))
@settings(max_examples=200, deadline=None)
def test_nothing_that_moves_a_cursor_gets_through(text: str) -> None:
    assert not [it for it in clean(text) if unicodedata.category(it) in ("Cc", "Cs")]


@given(
    st.text(st.characters(codec=None)),
    st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8", "utf-16", "no-such-one"]),
)
@settings(max_examples=200, deadline=None)
def test_every_stream_can_write_what_is_spelled_for_it(text: str, encoding: str) -> None:
    said = spelled(text, encoding)
    if encoding == "no-such-one":
        assert said.isascii()
    else:
        said.encode(encoding)


def test_what_can_be_written_is_left_alone() -> None:
    assert spelled("größer → ✓", "utf-8") == "größer → ✓"
    assert spelled("größer → ✓", "latin-1") == "größer -> +"
    assert spelled("größer", "ascii") == "gr\\xf6\\xdfer"
    assert spelled("→", None) == "→"
