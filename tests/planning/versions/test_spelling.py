from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasctl.planning.versions.spelling import dns_label, image_tag, label_value, prerelease_word

LONG = "feature/" + "x" * 200


@pytest.mark.parametrize(
    ("text", "tag", "label", "dns"),
    [
        ("1.2.3", "1.2.3", "1.2.3", "1-2-3"),
        ("1.2.3+build.5", "1.2.3-build.5", "1.2.3-build.5", "1-2-3-build-5"),
        ("feature/Login_Form", "feature-Login_Form", "feature-Login_Form", "feature-login-form"),
        (".hidden.", "hidden.", "hidden", "hidden"),
        ("--a--", "a--", "a", "a"),
        ("_x_", "_x_", "x", "x"),
    ],
)
def test_v8_each_place_has_its_own_spelling(text: str, tag: str, label: str, dns: str) -> None:
    assert (image_tag(text), label_value(text), dns_label(text)) == (tag, label, dns)


@pytest.mark.parametrize("spell", [image_tag, label_value, dns_label, prerelease_word])
def test_v8_what_is_cut_keeps_a_hash_of_the_whole(spell: Callable[[str], str]) -> None:
    one, other = spell(LONG + "1"), spell(LONG + "2")
    assert one != other
    assert spell(LONG + "1") == one


@given(st.text(max_size=200))
def test_v8_every_text_has_an_allowed_spelling(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", image_tag(text))
    assert re.fullmatch(r"(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", label_value(text))
    assert re.fullmatch(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?", dns_label(text))
    assert re.fullmatch(r"(?=.{1,42}$)[0-9A-Za-z-]*[A-Za-z-][0-9A-Za-z-]*", prerelease_word(text))


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_what_is_allowed_already_stays(text: str) -> None:
    assert dns_label(text) == label_value(text) == image_tag(text) == text
