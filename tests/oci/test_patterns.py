from __future__ import annotations

import pytest

from paasctl.errors import ConfigError
from paasctl.oci.building.patterns import Excluded


@pytest.mark.parametrize(
    ("pattern", "hit", "missed"),
    [
        ("*.pyc", ["a.pyc", "d/e/a.pyc"], ["a.py", "a.pyc.txt"]),
        ("__pycache__", ["__pycache__", "d/__pycache__"], ["x__pycache__"]),
        ("/build", ["build"], ["d/build"]),
        ("docs/*.md", ["docs/a.md"], ["docs/d/a.md", "x/docs/a.md"]),
        ("docs/**", ["docs/a", "docs/d/a"], ["docs", "x/docs/a"]),
        ("**/t/x", ["t/x", "a/b/t/x"], ["at/x"]),
        ("a?c", ["abc", "d/abc"], ["a/c", "abbc"]),
        ("[ab].txt", ["a.txt"], ["c.txt"]),
        ("[!ab].txt", ["c.txt"], ["a.txt"]),
        ("a[!b]c", ["axc"], ["a/c"]),
        ("node_modules/", ["node_modules", "d/node_modules"], ["node_modules2"]),
        ("a+(b)", ["a+(b)"], ["aab"]),
        ("[", ["["], ["]"]),
        ("ü*", ["übung"], ["u"]),
    ],
)
def test_patterns(pattern: str, hit: list[str], missed: list[str]) -> None:
    excluded = Excluded([pattern])
    assert [it for it in hit if it.encode() not in excluded] == []
    assert [it for it in missed if it.encode() in excluded] == []


def test_names_that_are_no_text_match_too() -> None:
    assert b"caf\xe9.pyc" in Excluded(["*.pyc"])


def test_a_class_that_runs_backwards_is_an_error_of_its_author() -> None:
    with pytest.raises(ConfigError, match=r"excluding '\[z-a\]': it is no pattern"):
        Excluded(["*.pyc", "[z-a]"])
