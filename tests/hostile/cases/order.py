"""What is put over what (images.md 2.1)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import part

CASES = (
    case("a file over a file", "a=1 k=1", "a=2", sees="a=2 k=1"),
    case("a directory over a directory merges", "d/ d/a=1", "d/ d/b=2", sees="d/ d/a=1 d/b=2"),
    case(
        "a directory over a directory brings its attributes",
        [part("d/", mode=0o700, uid=5), "d/a=1"],
        [part("d/", mode=0o711, gid=7, mtime=b"9")],
        sees="d/ d/a=1",
        meta={"d": "0711 0:7 9"},
    ),
    case("a directory becomes a file", "d/ d/old=1 d/e/ d/e/f=1", "d=x", sees="d=x"),
    case("a file becomes a directory", "d=x", "d/ d/f=1", sees="d/ d/f=1"),
    case("a directory becomes a symlink", "d/ d/f=1 k/", "d->k", sees="d->k k/"),
    case("a symlink becomes a directory", "k/ k/f=1 d->k", "d/ d/g=1", sees="d/ d/g=1 k/ k/f=1"),
    case("a file over a symlink does not go through it", "t=1 s->t", "s=2", sees="s=2 t=1"),
    case("a symlink over a file", "a=1 t=2", "a->t", sees="a->t t=2"),
    case("a symlink over a symlink", "s->a", "s->b", sees="s->b"),
    case("a pipe over a file and a file over a pipe", "a=1 p|", "a| p=2", sees="a| p=2"),
    case("a device over a directory", "d/ d/a=1", "d@5,1", sees="d@5,1"),
    case("dir, file, dir: the old children stay dead", "d/ d/old=1", "d=x", "d/ d/new=2", sees="d/ d/new=2"),
    case("dir, symlink, dir", "d/ d/old=1 k/", "d->k", "d/ d/new=2", sees="d/ d/new=2 k/"),
    case("dir, pipe, implied dir", "d/ d/old=1", "d|", "d/new=2", sees="d/ d/new=2", warns="below-file"),
    case("dir, whiteout, dir", "d/ d/old=1", ".wh.d", "d/ d/new=2", sees="d/ d/new=2"),
    case(
        "dir, whiteout, implied dir", [part("d/", mode=0o700, uid=5), "d/old=1"], ".wh.d", "d/new=2", sees="d/ d/new=2"
    ),
    case("dir, opaque, dir", "d/ d/old=1", "d/ d/.wh..wh..opq", "d/ d/new=2", sees="d/ d/new=2"),
    case(
        "a deep tree replaced in its middle",
        "a/ a/b/ a/b/c/ a/b/c/d=1",
        "a/b=x",
        "a/b/ a/b/e=1",
        sees="a/ a/b/ a/b/e=1",
    ),
    case("the same layer twice", "a=1 b=2", ".wh.a", "a=1 b=2", sees="a=1 b=2"),
    case(
        "missing parents",
        "a/b/c=1",
        "x/y=2",
        sees="a/ a/b/ a/b/c=1 x/ x/y=2",
        meta={"a": "0755 0:0 0", "a/b": "0755 0:0 0"},
    ),
    case(
        "a parent that comes after its child",
        ["d/a=1", part("d/", mode=0o700, uid=5)],
        "k=1",
        sees="d/ d/a=1 k=1",
        meta={"d": "0700 5:0 1000"},
    ),
    case(
        "an implied directory keeps what a lower layer said of it",
        [part("d/", mode=0o700, uid=5, gid=6, mtime=b"9"), "d/a=1"],
        "d/b=2",
        sees="d/ d/a=1 d/b=2",
        meta={"d": "0700 5:6 9"},
    ),
    case(
        "an implied directory in a setgid one",
        [part("d/", mode=0o2775, gid=6), "d/e/f/a=1"],
        "k=1",
        sees="d/ d/e/ d/e/f/ d/e/f/a=1 k=1",
        meta={"d": "2775 0:6 1000", "d/e": "2755 0:0 0", "d/e/f": "2755 0:0 0"},
    ),
    case(
        "an implied directory in one that becomes setgid",
        ["d/e/a=1", part("d/", mode=0o2775, gid=6)],
        "k=1",
        sees="d/ d/e/ d/e/a=1 k=1",
        meta={"d": "2775 0:6 1000", "d/e": "0755 0:0 0"},
    ),
    case("an implied directory left empty", "k=1", "e/.wh.x", sees="e/ k=1"),
    case("an entry below a file of a lower layer", "p=x", "p/g=1", sees="p/ p/g=1", warns="below-file"),
    case(
        "an entry below a file that was whited out in the same layer",
        "p=x",
        ".wh.p p/g=1",
        sees="p/ p/g=1",
        warns="whiteout-and-entry",
    ),
    case("the root's entry is no file", ["./", "a=1"], [part("./", mode=0o700, uid=9), "b=1"], sees="a=1 b=1"),
    case("an empty layer between", "a=1", "", ".wh.a b=2", sees="b=2"),
    case("a layer of no bytes", "a=1", b"", "b=2", sees="a=1 b=2"),
    case("layers that leave nothing", "a=1 d/ d/b=2", ".wh.a .wh.d", sees=""),
    case("a duplicate file: the last one wins", "k=1", "a=1 a=2", sees="a=2 k=1", warns="duplicate"),
    case(
        "a duplicate directory: the last one wins",
        "k=1",
        ["d/", part("d/", mode=0o700)],
        sees="d/ k=1",
        warns="duplicate",
        meta={"d": "0700 0:0 1000"},
    ),
    case("a directory, then a file of its name", "k=1", "d/ d/a=1 d=x", sees="d=x k=1", warns="duplicate"),
    case("a file, then a directory of its name", "k=1", "d=x d/ d/a=1", sees="d/ d/a=1 k=1", warns="duplicate"),
    case("a duplicate by another spelling", "k=1", "a=1 ./a=2", sees="a=2 k=1", warns="duplicate"),
)
