"""Hard links: one inode, several names (images.md 2.2, 2.3)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import part

CASES = (
    case("the link's target is overwritten above", "a=old b==a", "a=new", sees="a=new b=old"),
    case("the link's target is deleted above", "a=x b==a c==a", ".wh.a", sees="b=x c==b"),
    case("the link is deleted above", "a=x b==a c==a", ".wh.b", sees="a=x c==a"),
    case("a whole link group is deleted", "a=x b==a k=1", ".wh.a .wh.b", sees="k=1"),
    case("the directory of the link's target is deleted", "d/ d/a=x b==d/a", ".wh.d", sees="b=x"),
    case("the directory of the link's target is made opaque", "d/ d/a=x b==d/a", "d/ d/.wh..wh..opq", sees="b=x d/"),
    case("the directory of the link's target becomes a file", "d/ d/a=x b==d/a", "d=y", sees="b=x d=y"),
    case("the link's target becomes a symlink", "a=x b==a k=1", "a->k", sees="a->k b=x k=1"),
    case("the link's target becomes a directory", "a=x b==a", "a/ a/c=1", sees="a/ a/c=1 b=x"),
    case("the link becomes a file", "a=x b==a", "b=y", sees="a=x b=y"),
    case("a link to a symlink outlives it", "s->t l==s", ".wh.s", sees="l->t"),
    case("a link to a symlink stays one", "s->t l==s", "k=1", sees="k=1 l->t s==l"),
    case(
        "a link to a symlink brings its owner, not its time",
        [part("s->t", mtime=b"7"), part("l==s", uid=5, mtime=b"9")],
        "k=1",
        sees="k=1 l->t s==l",
        meta={"s": "0777 5:0 7"},
    ),
    case("a link to a pipe outlives it", "p| q==p", ".wh.p", sees="q|"),
    case("a link to a device outlives it", "c@5,1 e==c", ".wh.c", sees="e@5,1"),
    case("a link to a link", "a=x b==a c==b", ".wh.a", sees="b=x c==b"),
    case("links in several directories", "d/ e/ d/a=x e/b==d/a c==e/b", ".wh.d", sees="c=x e/ e/b==c"),
    case("a link is replaced by a link to something else", "a=x b==a c=y", "k=1 d=z b==d", sees="a=x b=z c=y d==b k=1"),
    case("a link over a directory", "d/ d/a=1 b=x", "n=y d==n", sees="b=x d=y n==d"),
    case("a group that grows in each layer", "a=x b==a", "c=y d==c", ".wh.a .wh.c", sees="b=x d=y"),
    case("an empty file with links", "a b==a", ".wh.a", sees="b="),
    case(
        "the target of a link in other spellings",
        "k=1",
        "d/ d/a=x b==./d/a c==/d/a e==d//a f==d/../d/a",
        sees="b=x c==b d/ d/a==b e==b f==b k=1",
    ),
    case(
        "a link through a symlink of its layer",
        "k=1",
        "real/ s->real real/f=1 t==s/f",
        sees="k=1 real/ real/f=1 s->real t==real/f",
    ),
    case("a link to itself", "k=1", ["a=x", part("a==a", mode=0o600)], sees="a=x k=1", meta={"a": "0600 0:0 1000"}),
    case(
        "the last header of a group counts",
        [part("a=x", mode=0o640), part("b==a", mode=0o600, uid=7, mtime=b"9")],
        "k=1",
        sees="a=x b==a k=1",
        meta={"a": "0600 7:0 9", "b": "0600 7:0 9"},
    ),
    case(
        "the last header of a group counts when its name is gone",
        ["a=x", part("b==a", mode=0o600), part("c==a", mode=0o640, uid=7)],
        ".wh.c",
        sees="a=x b==a",
        meta={"a": "0640 7:0 1000"},
    ),
    case(
        "the last header of a group counts when its first is gone",
        ["a=x", part("b==a", mode=0o600), part("c==a", mode=0o640, uid=7)],
        ".wh.a",
        sees="b=x c==b",
        meta={"b": "0640 7:0 1000"},
    ),
    case("a link whose header says a size", "k=1", ["a=xyz", part("b==a", claims=3)], sees="a=xyz b==a k=1"),
    case(
        "a link with a long target", [part("n" * 120 + "=x"), part("b==" + "n" * 120)], ".wh." + "n" * 120, sees="b=x"
    ),
    case(
        "a link with a long target, by GNU",
        [part("n" * 120 + "=x", dialect="gnu"), part("b==" + "n" * 120, dialect="gnu")],
        "k=1",
        sees=("b=x", "k=1", "n" * 120 + "==b"),
    ),
    case(
        "links whose names are no UTF-8",
        [part(b"\xff=x"), part(b"\xfe==\xff"), part(b"\xfd==\xfe")],
        [part(b".wh.\xff")],
        sees=("\\xfd=x", "\\xfe==\\xfd"),
    ),
    case("a hard link to a lower layer", "a=x", "b==a", sees="a=x b==a", warns="link-to-lower"),
    case(
        "a hard link to a lower layer, which replaces its target",
        "a=x",
        "b==a a=y",
        sees="a=y b=x",
        warns="link-to-lower",
    ),
    case(
        "a hard link to a lower layer, which deletes its target", "a=x", ".wh.a b==a", sees="b=x", warns="link-to-lower"
    ),
    case(
        "a hard link to a lower layer with other attributes",
        "a=x",
        [part("b==a", mode=0o600, uid=7)],
        sees="a=x b==a",
        warns="link-to-lower",
        meta={"a": "0600 7:0 1000"},
    ),
    case("a hard link to a lower link group", "a=x b==a", "c==b", ".wh.a", sees="b=x c==b", warns="link-to-lower"),
    case("a hard link to a symlink of a lower layer", "s->t", "l==s", sees="l->t s==l", warns="link-to-lower"),
    case(
        "a hard link through a symlink of a lower layer",
        "r/ r/f=1 s->r",
        "l==s/f",
        sees="l=1 r/ r/f==l s->r",
        warns="link-to-lower",
    ),
)
