"""The table was checked, line by line, against moby's own patternmatcher 0.6.0 with its MatchesOrParentMatches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasctl.errors import ConfigError
from paasctl.oci.building.ignore import ignoring, parse_ignore

# what the file says, paths that are left out, paths that stay (`·` is a blank in a path)
TABLE: dict[str, tuple[list[str], str, str]] = {
    "nothing": ([], "", "a a/b .git"),
    "a name, at the top only": (["node_modules"], "node_modules node_modules/a/b", "src/node_modules anode_modules"),
    "a path": (["a/b"], "a/b a/b/c", "a ab a/bc b"),
    "a leading slash means the same": (["/a/b"], "a/b a/b/c", "b"),
    "a trailing slash too": (["a/"], "a a/b", "ab"),
    "dots are cleaned away": (["./a/./x/../b"], "a/b", "a a/x"),
    "outside of the context is nothing": (["../a"], "", "a x/a"),
    "the context itself is nothing": (["."], "", "a a/b"),
    "blanks around are no part": (["  a  ", "\tb"], "a b", "c"),
    "blanks inside are": (["a b"], "a·b", "a b a_b"),
    "a comment": (["#a", "b"], "b", "a"),
    "a comment starts in the first column": ([" #a"], "#a", "a"),
    "an empty line": (["", "   ", "a"], "a", "b"),
    "a star stops at a slash": (["*.pyc"], "a.pyc .pyc", "x/a.pyc a.pyco"),
    "a star in a folder": (["*/temp*"], "x/temp x/temporary x/temp/y", "temp x/y/temp"),
    "two stars in folders": (["*/*/temp*"], "x/y/temporary", "x/temp"),
    "a question mark is one character": (["temp?"], "tempa temp1", "temp tempab"),
    "every depth": (["**/*.go"], "a.go x/a.go x/y/a.go", "a.gone"),
    "every depth, a plain name": (["**/foo"], "foo x/foo x/foo/y", "xfoo foox"),
    "a suffix": (["**foo"], "foo xfoo x/yfoo", "foox"),
    "all below": (["a/**"], "a/b a/b/c", "a ab"),
    "a prefix": (["a**"], "a ab a/b ab/c", "ba"),
    "all of it": (["**"], "a a/b .x", ""),
    "any folders between": (["a/**/b"], "a/b a/x/b a/x/y/b", "ab a/xb"),
    "stars without a slash": (["a**b"], "ab ax/b", "axb"),
    "every depth, then below": (["**/a/**"], "a/x y/a/x", "a"),
    "a class": (["[ab].txt"], "a.txt b.txt", "c.txt ab.txt"),
    "a range": (["[a-c]"], "a b c", "d"),
    "not of a class": (["[^a]"], "b c", "a"),
    "a backslash makes plain": ([r"\*.txt"], "*.txt", "a.txt"),
    "not an expression": (["a.b", "c+d", "(e)", "f|g", "{h}", "$i"], "a.b c+d (e) f|g {h} $i", "axb ccd f"),
    "taken back": (["*.md", "!README.md"], "a.md", "README.md"),
    "the last match wins": (["*.md", "!README*.md", "README-secret.md"], "README-secret.md a.md", "README.md"),
    "taken back, and out again": (["!a", "a"], "a", "b"),
    "taken back below what is left out": (["a", "!a/b"], "a a/c", "a/b a/b/d"),
    "taken back at any depth": (["*", "!**/*.go"], "a x x/b", "a.go x/a.go"),
    "all but some": (["*", "!src", "!go.mod"], "a .git .git/x srcs", "src src/x/y go.mod"),
    "blanks after the mark": (["*", "! a"], "b", "a"),
    "a slash after the mark": (["*", "!/a"], "b", "a a/b"),
}


@pytest.mark.parametrize(("lines", "out", "stays"), TABLE.values(), ids=TABLE)
def test_what_is_left_out(lines: list[str], out: str, stays: str) -> None:
    ignore = ignoring(lines)
    assert [it for it in out.split() if not ignore.excludes(it.replace("·", " "))] == []
    assert [it for it in stays.split() if ignore.excludes(it.replace("·", " "))] == []


def test_a_byte_order_mark_and_foreign_line_ends() -> None:
    ignore = parse_ignore(b"\xef\xbb\xbfa\r\nb\r\n")
    assert ignore.excludes("a")
    assert ignore.excludes("b")


@pytest.mark.parametrize("line", ["!", "! ", "!/", "[a", "a[b"])
def test_a_line_that_means_nothing(line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_ignore(f"ok\n{line}\n".encode(), "web.dockerignore")
    assert caught.value.where == "web.dockerignore:2:1"


@pytest.mark.parametrize(
    ("lines", "pruned", "looked_into"),
    [
        (["a"], "a", ""),
        (["a", "!b"], "a", ""),
        (["a", "!a/b"], "a/c", "a"),
        (["a", "!a/b"], "", "a a/b"),
        (["a", "!**/b"], "", "a a/x/y"),
        (["a", "!a/b/*.go"], "a/c", "a a/b"),
        (["a", "!a*/c"], "", "a"),
    ],
)
def test_a_folder_is_passed_over_only_where_nothing_in_it_is_taken_back(
    lines: list[str], pruned: str, looked_into: str
) -> None:
    ignore = ignoring(lines)
    assert [it for it in pruned.split() if not ignore.prunes(it)] == []
    assert [it for it in looked_into.split() if ignore.prunes(it)] == []


words = st.text(alphabet="ab*?/.!", min_size=1, max_size=6)
names = st.lists(st.sampled_from(["a", "b", "ab", "a.b"]), min_size=2, max_size=4)


@given(lines=st.lists(words, max_size=4), parts=names)
def test_passing_over_a_folder_changes_nothing(lines: list[str], parts: list[str]) -> None:
    try:
        ignore = ignoring(lines)
    except ConfigError:
        return
    path = "/".join(parts)
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end])
        if ignore.excludes(folder) and ignore.prunes(folder):
            assert ignore.excludes(path)
