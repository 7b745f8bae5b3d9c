"""What no runtime could unpack, or what means nothing: refused by a code, and nothing is written."""

from __future__ import annotations

from hostile.cases.case import Case, Said, case
from hostile.parts import END, Part, extension, header, padded, part, written

_UNSAFE = "unsafe-layer"


def _no(name: str, *layers: Said, code: str = _UNSAFE) -> Case:
    return case(name, *layers, refused=code)


CASES = (
    _no("a name that leaves the root", "k=1", "../x=1"),
    _no("a name that leaves the root later", "k=1", "a/../../x=1"),
    _no("an absolute name that leaves the root", "k=1", "/../x=1"),
    _no("a link to what leaves the root", "k=1", "a=1 b==../../etc/passwd"),
    _no("a whiteout of nothing named", "k=1", "d/.wh."),
    _no("a whiteout of the directory itself", "k=1", "d/.wh.."),
    _no("a whiteout of the parent", "k=1", "d/.wh..."),
    _no("a whiteout of the root itself", "k=1", ".wh.."),
    _no("something below a whiteout", "k=1", "d/.wh.x/y=1"),
    _no("a hard link to nothing", "k=1", "b==a"),
    _no("a hard link to what comes later", "k=1", "b==a a=x"),
    _no("a hard link to a directory", "k=1", "d/ b==d"),
    _no("a hard link to a directory of a lower layer", "d/", "b==d"),
    _no("an entry below a file of the same layer", "k=1", "p=x p/g=1"),
    _no("an entry below a pipe of the same layer", "k=1", "p| p/g=1"),
    _no("an entry in a circle of symlinks", "k=1", "s->t t->s s/f=1"),
    _no("a root that is a file", "k=1", "./=x"),
    _no("nested too deep", "k=1", "/".join("d" * 300) + "=1"),
    _no("a type of member that nobody knows", "k=1", [Part(b"a", b"M")]),
    _no("a header with a wrong checksum", "k=1", written([part("a=1")]).replace(b"a\0", b"b\0", 1)),
    _no(
        "a header with letters for a number",
        "k=1",
        [part("a=1", mode=0, raw=header(part("z=1"), b"z", 0).replace(b"0000644", b"00x0644"))],
    ),
    _no("a layer that is no tar", "k=1", b"#!/bin/sh\necho this is no layer\n" + b"x" * 1000),
    _no(
        "a PAX header that counts wrong",
        "k=1",
        [part("a=1", raw=header(Part(b"p", b"x"), b"p", 9) + padded(b"99 path=b"))],
    ),
    _no(
        "a PAX header without an equals sign",
        "k=1",
        [part("a=1", raw=header(Part(b"p", b"x"), b"p", 8) + padded(b"8 pathb\n"))],
    ),
    _no("a PAX header with a NUL in a name", "k=1", [part("a=1", records=((b"path", b"a\0b"),))]),
    _no("a PAX header with letters for a time", "k=1", [part("a=1", records=((b"mtime", b"soon"),))]),
    _no("a PAX header with letters for an owner", "k=1", [part("a=1", records=((b"uid", b"root"),))]),
    _no("a PAX header with an owner of 5,000 digits", "k=1", [part("a=1", records=((b"uid", b"9" * 5000),))]),
    _no("a PAX header with a size of 5,000 digits", "k=1", [part("a=1", records=((b"size", b"9" * 5000),))]),
    _no("a PAX header with a time of 5,000 digits", "k=1", [part("a=1", records=((b"mtime", b"-" + b"9" * 5000),))]),
    _no("a PAX header with a negative size", "k=1", [part("a=1", records=((b"size", b"-5"),))]),
    _no(
        "a PAX header of more than a mebibyte",
        "k=1",
        [part("a=1", raw=extension(((b"SCHILY.xattr.user.k", b"x" * (1 << 20)),)))],
    ),
    _no("a layer cut in a header", "k=1", written([part("a=1"), part("b=2")], b"")[:-700], code="layer-damaged"),
    _no("a layer cut in a file", "k=1", written([part("a=" + "x" * 5000)], b"")[:3000], code="layer-damaged"),
    _no(
        "a file that says it has a terabyte",
        "k=1",
        written([part("a=1", claims=1 << 40, dialect="gnu")], END),
        code="layer-damaged",
    ),
)
