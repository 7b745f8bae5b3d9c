"""Symlinks: as what they are, and as parents of something (images.md 2.1, 2.3)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import part

CASES = (
    case(
        "a symlink that points out of the root stays",
        "t->../../up u->/../../up k=1",
        "a=1",
        sees="a=1 k=1 t->../../up u->/../../up",
    ),
    case("a dangling symlink whose target was deleted", "a=x s->a", ".wh.a", sees="s->a"),
    case("symlinks in a circle", "s->t t->s", "k=1", sees="k=1 s->t t->s"),
    case("a symlink to itself", "s->s", "k=1", sees="k=1 s->s"),
    case(
        "an entry below a symlink of a lower layer",
        "r/ link->r",
        "link/g=1",
        sees="link/ link/g=1 r/",
        warns="below-symlink",
    ),
    case(
        "an entry below a dangling symlink of a lower layer",
        "link->r",
        "link/g=1",
        sees="link/ link/g=1",
        warns="below-symlink",
    ),
    case(
        "an entry deep below a symlink of a lower layer",
        "r/ r/s/ link->r",
        "link/s/g=1",
        sees="link/ link/s/ link/s/g=1 r/ r/s/",
        warns="below-symlink",
    ),
    case(
        "an entry below a symlink, with the directory's own", "r/ link->r", "link/ link/g=1", sees="link/ link/g=1 r/"
    ),
    case(
        "a whiteout below a symlink of a lower layer",
        "r/ r/g=1 link->r",
        "link/.wh.g",
        sees="link/ r/ r/g=1",
        warns="whiteout-below-symlink",
    ),
    case(
        "an opaque mark below a symlink of a lower layer",
        "r/ r/g=1 link->r",
        "link/.wh..wh..opq",
        sees="link/ r/ r/g=1",
        warns="whiteout-below-symlink",
    ),
    case("a symlink's directory is deleted through another name", "r/ r/g=1 link->r", ".wh.r", sees="link->r"),
    case("a symlink parent of the same layer", "k=1", "real/ s->real s/f=1", sees="k=1 real/ real/f=1 s->real"),
    case(
        "a symlink parent of the same layer, upwards",
        "k=1",
        "d/ d/s->../real real/ d/s/f=1",
        sees="d/ d/s->../real k=1 real/ real/f=1",
    ),
    case(
        "an absolute symlink parent of the same layer",
        "k=1",
        "real/ s->/real s/f=1",
        sees="k=1 real/ real/f=1 s->/real",
    ),
    case(
        "a chain of symlink parents of the same layer",
        "k=1",
        "real/ s->real t->s t/f=1",
        sees="k=1 real/ real/f=1 s->real t->s",
    ),
    case(
        "a symlink parent that would leave the root stays inside",
        "k=1",
        "real/ s->../../../real s/f=1",
        sees="k=1 real/ real/f=1 s->../../../real",
    ),
    case("a symlink parent to the root", "k=1", "d/ d/s->/ d/s/f=1", sees="d/ d/s->/ f=1 k=1"),
    case(
        "a symlink parent whose target a lower layer has",
        "real/ real/a=1",
        "s->real s/f=1",
        sees="real/ real/a=1 real/f=1 s->real",
    ),
    case("a symlink parent without a target", "k=1", "s->real s/f=1", sees="k=1 real/ real/f=1 s->real"),
    case(
        "a whiteout through a symlink parent of the same layer",
        "real/ real/a=1 real/b=2",
        "real/ s->real s/.wh.a",
        sees="real/ real/b=2 s->real",
    ),
    case(
        "a usr-merged base",
        "usr/ usr/lib/ usr/lib/a=1 lib->usr/lib",
        "usr/ usr/lib/ usr/lib/b=2",
        sees="lib->usr/lib usr/ usr/lib/ usr/lib/a=1 usr/lib/b=2",
    ),
    case(
        "a usr-merged base, and a layer that does not know",
        "usr/ usr/lib/ usr/lib/a=1 lib->usr/lib",
        "lib/ lib/b=2",
        sees="lib/ lib/b=2 usr/ usr/lib/ usr/lib/a=1",
    ),
    case(
        "a symlink with a long target",
        [part("s->" + "t/" * 90 + "x"), part("g->" + "u/" * 90 + "x", dialect="gnu")],
        "k=1",
        sees=("g->" + "u/" * 90 + "x", "k=1", "s->" + "t/" * 90 + "x"),
    ),
    case("a symlink whose target is not UTF-8", [part(b"s->\xff/\xe9")], "k=1", sees=("k=1", "s->\\xff/\\xe9")),
)
