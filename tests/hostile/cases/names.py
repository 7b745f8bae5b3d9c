"""Names are bytes; several spellings are one path (images.md 2.1)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import Part, part

_LONG = "/".join(["directory-with-a-name"] * 9)

CASES = (
    case("two spellings of one path", "e/ e/y=old", "./e/y=new", sees="e/ e/y=new"),
    case(
        "spellings: dot, slash, double slash",
        "./e/ e/y=old e/z=old",
        "/e//y=new ././e/./z=new",
        sees="e/ e/y=new e/z=new",
    ),
    case("a directory with and without a slash", ["d/"], [Part(b"d", b"5", mode=0o755), "d/a=1"], sees="d/ d/a=1"),
    case("dot dot inside the root is text", "a/ b/ b/x=1", "a/../b/x=2", sees="a/ b/ b/x=2"),
    case("dot dot after a symlink is text", "a/ a/c/ s->a/c x=1", "s/../x=2", sees="a/ a/c/ s->a/c x=2"),
    case("a whiteout in another spelling", "d/ d/a=1", "./d//.wh.a", sees="d/"),
    case(
        "names that are no UTF-8",
        [part(b"caf\xe9/"), part(b"caf\xe9/\xff=1"), part(b"\x80=2")],
        [part(b"caf\xe9/.wh.\xff")],
        sees=("caf\\xe9/", "\\x80=2"),
    ),
    case(
        "names in UTF-8, composed and not, are two",
        [part("é=1"), part("e\u0301=2"), part("日本=3")],
        "k=1",
        sees=("e\u0301=2", "k=1", "é=1", "日本=3"),
    ),
    case("names that differ by case only", "a=1 A=2", ".wh.A", sees="a=1"),
    case(
        "names with blanks, newlines, tabs, backslashes and stars",
        [part(" =1"), part("a\nb=2"), part("a\tb=3"), part("a\\b=4"), part("*?[x]=5"), part("a:b;c=6")],
        [part(".wh.a\tb")],
        sees=(" =1", "*?[x]=5", "a\nb=2", "a:b;c=6", "a\\b=4"),
    ),
    case(
        "names that begin like options and dots",
        "-rf=1 ...=2 ..a=3",
        "....=4 --=5",
        sees="--=5 -rf=1 ...=2 ....=4 ..a=3",
    ),
    case(
        "names of 255 bytes",
        [part("n" * 255 + "=1"), part("m" * 255 + "=1", dialect="gnu")],
        "k=1",
        sees=("k=1", "m" * 255 + "=1", "n" * 255 + "=1"),
    ),
    case(
        "paths of more than a hundred bytes, by PAX",
        [part(_LONG + "/f=1")],
        [part(_LONG + "/g=2")],
        sees=(*(("/".join(["directory-with-a-name"] * n) + "/") for n in range(1, 10)), _LONG + "/f=1", _LONG + "/g=2"),
    ),
    case(
        "paths of more than a hundred bytes, by GNU",
        [part(_LONG + "/f=1", dialect="gnu")],
        [part(_LONG + "/.wh.f", dialect="gnu")],
        sees=tuple("/".join(["directory-with-a-name"] * n) + "/" for n in range(1, 10)),
    ),
    case(
        "exactly a hundred bytes",
        [part("n" * 100 + "=1"), part("m" * 99 + "/")],
        [part("m" * 99 + "/a=2")],
        sees=("m" * 99 + "/", "m" * 99 + "/a=2", "n" * 100 + "=1"),
    ),
)
