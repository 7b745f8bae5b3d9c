"""Whiteouts and opaque marks, in every place (images.md 2.1, 2.3)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import part

CASES = (
    case("a whiteout deletes a file", "a=1 b=2", ".wh.a", sees="b=2"),
    case("a whiteout deletes a directory with all in it", "d/ d/a=1 d/e/ d/e/f=2 k=1", ".wh.d", sees="k=1"),
    case("a whiteout deletes a symlink, not its target", "t/ t/a=1 s->t", ".wh.s", sees="t/ t/a=1"),
    case("a whiteout deletes a pipe and a device", "p| c@5,1 k=1", ".wh.p .wh.c", sees="k=1"),
    case("a whiteout in a directory", "d/ d/a=1 d/b=2", "d/ d/.wh.a", sees="d/ d/b=2"),
    case("a whiteout in a directory that it does not describe", "d/ d/a=1 d/b=2", "d/.wh.a", sees="d/ d/b=2"),
    case("a whiteout of nothing", "a=1", ".wh.b", sees="a=1"),
    case("a whiteout of nothing in nothing", "a=1", "d/ d/.wh.b", sees="a=1 d/"),
    case("a whiteout, and the name again in the next layer", "a=1", ".wh.a", "a=2", sees="a=2"),
    case(
        "a whiteout between two directories",
        "d/ d/a=1",
        ".wh.d",
        "d/ d/b=1",
        ".wh.d d/ d/c=1",
        sees="d/ d/c=1",
        warns="whiteout-and-entry",
    ),
    case("a whiteout of a name that begins like another", "a=1 aa=2 a.b=3", ".wh.a", sees="a.b=3 aa=2"),
    case(
        "a whiteout and the same directory after it",
        "d/ d/old=1",
        ".wh.d d/ d/new=2",
        sees="d/ d/new=2",
        warns="whiteout-and-entry",
    ),
    case(
        "a whiteout and the same directory before it",
        "d/ d/old=1",
        "d/ d/new=2 .wh.d",
        sees="d/ d/new=2",
        warns="whiteout-and-entry",
    ),
    case("a whiteout and the same file after it", "a=1 k=1", ".wh.a a=2", sees="a=2 k=1", warns="whiteout-and-entry"),
    case("a file, then its own whiteout", "a=1 k=1", "a=2 .wh.a", sees="a=2 k=1", warns="whiteout-and-entry"),
    case(
        "a whiteout of a directory beside a whiteout in it",
        "d/ d/a=1 k=1",
        ".wh.d d/.wh.a",
        sees="d/ k=1",
        warns="whiteout-and-entry",
    ),
    case(
        "a whiteout of any type, with content",
        "a=1 b=1 c=1 d/ k=1",
        [part(".wh.a/"), part(".wh.b->x"), part(".wh.c=content"), part(".wh.d==nothing")],
        sees="k=1",
    ),
    case(
        "a whiteout below a whiteout's directory of the same layer",
        "d/ d/e/ d/e/a=1",
        "d/ d/.wh.e d/e/ d/e/b=1",
        sees="d/ d/e/ d/e/b=1",
        warns="whiteout-and-entry",
    ),
    case("an opaque mark hides what is below", "d/ d/a=1 d/e/ d/e/b=2", "d/ d/.wh..wh..opq d/c=3", sees="d/ d/c=3"),
    case("an opaque mark that comes last", "d/ d/a=1", "d/ d/c=3 d/.wh..wh..opq", sees="d/ d/c=3"),
    case("an opaque mark that comes before its directory", "d/ d/a=1", "d/.wh..wh..opq d/ d/c=3", sees="d/ d/c=3"),
    case("an opaque mark without a directory", "d/ d/a=1", "d/.wh..wh..opq", sees="d/"),
    case("an opaque mark in nothing", "k=1", "d/.wh..wh..opq d/a=1", sees="d/ d/a=1 k=1"),
    case("an opaque mark and the same name", "d/ d/a=1", "d/ d/.wh..wh..opq d/a=2", sees="d/ d/a=2"),
    case(
        "an opaque mark and a directory that both have",
        "d/ d/e/ d/e/a=1",
        "d/ d/.wh..wh..opq d/e/ d/e/b=2",
        sees="d/ d/e/ d/e/b=2",
    ),
    case(
        "an opaque mark and a directory that it only implies",
        "d/ d/e/ d/e/a=1",
        "d/ d/.wh..wh..opq d/e/b=2",
        sees="d/ d/e/ d/e/b=2",
    ),
    case("an opaque mark beside a whiteout", "d/ d/a=1 d/b=2", "d/ d/.wh.a d/.wh..wh..opq", sees="d/"),
    case(
        "an opaque mark in a directory of an opaque one",
        "d/ d/e/ d/e/a=1",
        "d/ d/.wh..wh..opq d/e/ d/e/.wh..wh..opq",
        sees="d/ d/e/",
    ),
    case("an opaque mark twice", "d/ d/a=1", "d/ d/.wh..wh..opq d/.wh..wh..opq", sees="d/"),
    case(
        "an opaque mark below a file of a lower layer",
        "d=x",
        "d/.wh..wh..opq d/a=1",
        sees="d/ d/a=1",
        warns="below-file",
    ),
    case(
        "an opaque mark in the middle, then more", "d/ d/a=1", "d/ d/.wh..wh..opq d/b=2", "d/a=3", sees="d/ d/a=3 d/b=2"
    ),
    case(
        "an opaque root by way of a symlink",
        "d/ d/a=1 k=1",
        "s->/ s/.wh..wh..opq e=1",
        sees="e=1 s->/",
        warns="opaque-root",
    ),
    case("an opaque root", "d/ d/a=1 k=1", ".wh..wh..opq d/ d/b=2", sees="d/ d/b=2", warns="opaque-root"),
    case("a mark of opaqueness inside a name", "d/ d/a=1", "d/ d/x.wh..wh..opq=1", sees="d/ d/a=1 d/x.wh..wh..opq=1"),
    case(
        "names that only contain the whiteout's mark",
        "a=1 foo=1 foo.wh.bar=1",
        "x.wh.=2 wh.a=3 .wh=4 .whatever=5",
        sees=".wh=4 .whatever=5 a=1 foo=1 foo.wh.bar=1 wh.a=3 x.wh.=2",
    ),
    case("directories whose names only contain the mark", "d.wh.e/ d.wh.e/a=1", "d.wh.e/ d.wh.e/.wh.a", sees="d.wh.e/"),
    case("what AUFS left", ".wh..wh.plnk/ .wh..wh.orph/ .wh..wh.orph/a=1 .wh..wh.aufs k=1", "a=1", sees="a=1 k=1"),
    case(
        "hard links into AUFS' link folder",
        ".wh..wh.plnk/ .wh..wh.plnk/1.2=x a==.wh..wh.plnk/1.2 b==.wh..wh.plnk/1.2",
        "k=1",
        sees="a=x b==a k=1",
    ),
    case(
        "other names of AUFS' in a directory",
        "d/ d/a=1",
        "d/ d/.wh..wh.x=1 d/.wh..wh.y/ d/.wh..wh.y/z=1",
        sees="d/ d/a=1",
    ),
)
