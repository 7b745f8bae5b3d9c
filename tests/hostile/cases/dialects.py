"""How a tar can say it: v7, ustar, PAX, GNU, sparse files, odd ends (images.md 2.1)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import END, Part, base256, extension, header, long_name, padded, part, summed, written

_BODY = b"x" * 512


def _v7(it: Part) -> bytes:
    block = header(it, it.name, len(it.data))
    return summed(block[:257] + bytes(255)) + padded(it.data)


def _split(prefix: bytes, name: bytes, data: bytes) -> bytes:
    block = header(Part(name, data=data), name, len(data))
    return summed(block[:345] + prefix.ljust(167, b"\0")) + padded(data)


def _old_sparse(name: bytes, spans: list[tuple[int, int]], real: int, data: bytes) -> bytes:
    """GNU's own sparse header: four spans in it, 21 in each block that follows."""
    pairs = [b"%011o\0%011o\0" % it for it in spans]
    first, rest = b"".join(pairs[:4]).ljust(96, b"\0"), pairs[4:]
    block = header(Part(name, b"S", dialect="gnu"), name, len(data))
    block = block[:386] + first + (b"\1" if rest else b"\0") + b"%011o\0" % real + bytes(17)
    more = b""
    while rest:
        more += b"".join(rest[:21]).ljust(504, b"\0") + (b"\1" if rest[21:] else b"\0") + bytes(7)
        rest = rest[21:]
    return summed(block) + more + padded(data)


def _big_size(it: Part) -> bytes:
    block = header(it, it.name, len(it.data))
    return summed(block[:124] + base256(len(it.data), 12) + block[136:]) + padded(it.data)


_HOLED = "s=" + "x" * 512 + "\0" * 512 + "y" * 512
_SPANS = (
    (b"GNU.sparse.offset", b"0"),
    (b"GNU.sparse.numbytes", b"512"),
    (b"GNU.sparse.offset", b"1024"),
    (b"GNU.sparse.numbytes", b"512"),
)
_DATA = b"x" * 512 + b"y" * 512
_MANY = [(1024 * it, 512) for it in range(30)]


def _many() -> str:
    return "s=" + ("z" * 512 + "\0" * 512) * 30


CASES = (
    case(
        "a v7 tar", _v7(part("d/")) + _v7(part("d/a=1")) + _v7(part("s->d/a")) + END, "k=1", sees="d/ d/a=1 k=1 s->d/a"
    ),
    case(
        "a v7 directory, told by its slash",
        _v7(Part(b"d/", b"\0", mode=0o755)) + _v7(Part(b"d/a", b"\0", b"1")) + END,
        "k=1",
        sees="d/ d/a=1 k=1",
    ),
    case("a file of the old type", [Part(b"a", b"\0", b"1")], "k=1", sees="a=1 k=1"),
    case("a contiguous file", [Part(b"b", b"7", b"2")], "k=1", sees="b=2 k=1"),
    case(
        "a name in prefix and name",
        _split(b"p" * 90, b"n" * 90, b"1") + END,
        "k=1",
        sees=("k=1", "p" * 90 + "/", "p" * 90 + "/" + "n" * 90 + "=1"),
    ),
    case(
        "a GNU header's other fields are no prefix",
        [part("a=1", dialect="gnu", tail=b"%011o\0" % 5 + bytes(155))],
        "k=1",
        sees="a=1 k=1",
    ),
    case("a GNU name that is short", [part("short=1", raw=long_name(b"L", b"other"))], "k=1", sees="k=1 other=1"),
    case("a PAX name and a header's", [part("a=1", records=((b"path", b"b"),))], "k=1", sees="b=1 k=1"),
    case("a PAX name that says nothing", [part("a=1", records=((b"path", b""),))], "k=1", sees="a=1 k=1"),
    case("a PAX record twice", [part("a=1", records=((b"path", b"b"), (b"path", b"c")))], "k=1", sees="c=1 k=1"),
    case(
        "two PAX headers before one member",
        [part("a=1", raw=extension(((b"path", b"b"), (b"uid", b"5"))), records=((b"gid", b"6"),))],
        "k=1",
        sees="a=1 k=1",
        meta={"a": "0644 0:6 1000"},
    ),
    case(
        "a GNU name and a PAX name, deleted by the first",
        [part("a=1", raw=long_name(b"L", b"gnu"), records=((b"path", b"pax"),))],
        ".wh.gnu k=1",
        sees="k=1",
    ),
    case(
        "a GNU name and a PAX name",
        [part("a=1", raw=long_name(b"L", b"gnu"), records=((b"path", b"pax"),))],
        "k=1",
        sees="gnu=1 k=1",
    ),
    case(
        "a PAX name with a newline and an equals sign",
        [part("a=1", records=((b"path", b"x=\ny"),))],
        "k=1",
        sees=("k=1", "x=\ny=1"),
    ),
    case("a PAX link target", [part("s->short", records=((b"linkpath", b"long"),))], "k=1", sees="k=1 s->long"),
    case(
        "a PAX size and a header's",
        [part("a=12345", records=((b"size", b"5"),), claims=0), "b=2"],
        "k=1",
        sees="a=12345 b=2 k=1",
    ),
    case("a size in base 256", _big_size(part("a=12345")) + written([part("b=2")]), "k=1", sees="a=12345 b=2 k=1"),
    case(
        "a PAX header of an unknown vendor",
        [part("a=1", records=((b"VENDOR.thing", b"v"), (b"LIBARCHIVE.creationtime", b"5")))],
        "k=1",
        sees="a=1 k=1",
    ),
    case(
        "a pipe and a directory with a size",
        [part("p|", claims=7), part("d/", claims=0), "a=1"],
        "k=1",
        sees="a=1 d/ k=1 p|",
    ),
    case(
        "an old GNU sparse file",
        _old_sparse(b"s", [(0, 512), (1024, 512)], 1536, _DATA) + written([part("a=1")]),
        "k=1",
        sees=("a=1", "k=1", _HOLED),
    ),
    case(
        "an old GNU sparse file of thirty pieces",
        _old_sparse(b"s", [*_MANY, (30720, 0)], 30720, b"z" * 512 * 30) + written([part("a=1")]),
        "k=1",
        sees=("a=1", "k=1", _many()),
    ),
    case(
        "an old GNU sparse file, renamed by a link",
        _old_sparse(b"t", [(0, 512), (1024, 512)], 1536, _DATA) + written([part("s==t")]),
        ".wh.t",
        sees=(_HOLED,),
    ),
    case(
        "a PAX sparse file, 0.0",
        [
            Part(b"s", data=_DATA, records=((b"GNU.sparse.size", b"1536"), (b"GNU.sparse.numblocks", b"2"), *_SPANS)),
            "a=1",
        ],
        "k=1",
        sees=("a=1", "k=1", _HOLED),
    ),
    case(
        "a PAX sparse file, 0.1",
        [
            Part(
                b"GNUSparseFile.1/s",
                data=_DATA,
                records=(
                    (b"GNU.sparse.size", b"1536"),
                    (b"GNU.sparse.numblocks", b"2"),
                    (b"GNU.sparse.map", b"0,512,1024,512"),
                    (b"GNU.sparse.name", b"s"),
                ),
            ),
            "a=1",
        ],
        "k=1",
        sees=("a=1", "k=1", _HOLED),
    ),
    case(
        "a PAX sparse file, 1.0",
        [
            Part(
                b"GNUSparseFile.1/s",
                data=b"2\n0\n512\n1024\n512\n".ljust(512, b"\0") + _DATA,
                records=(
                    (b"GNU.sparse.major", b"1"),
                    (b"GNU.sparse.minor", b"0"),
                    (b"GNU.sparse.name", b"s"),
                    (b"GNU.sparse.realsize", b"1536"),
                ),
            ),
            "a=1",
        ],
        "k=1",
        sees=("a=1", "k=1", _HOLED),
    ),
    case(
        "a PAX sparse file, renamed by a link",
        [
            Part(
                b"GNUSparseFile.1/t",
                data=b"2\n0\n512\n1024\n512\n".ljust(512, b"\0") + _DATA,
                records=(
                    (b"GNU.sparse.major", b"1"),
                    (b"GNU.sparse.minor", b"0"),
                    (b"GNU.sparse.name", b"t"),
                    (b"GNU.sparse.realsize", b"1536"),
                ),
            ),
            "s==t",
        ],
        ".wh.t",
        sees=(_HOLED,),
    ),
    case("bytes after the end", written([part("a=1")]) + b"\0" * 10240 + b"anything", "k=1", sees="a=1 k=1"),
    case("members after the end", written([part("a=1")]) + written([part("b=2")]), "k=1", sees="a=1 k=1"),
    case(
        "an extended header that nothing follows",
        written([part("a=1")], extension(((b"path", b"x"),))),
        "k=1",
        sees="a=1 k=1",
    ),
    case("no end at all", written([part("a=1")], b""), "k=1", sees="a=1 k=1"),
    case("one block of zeros as the end", written([part("a=1")], bytes(512)), "k=1", sees="a=1 k=1"),
    case("a layer of zeros only", bytes(10240), "k=1", sees="k=1"),
    case(
        "content that looks like a header",
        [Part(b"a", data=header(part("evil=1"), b"evil", 1) + _BODY)],
        "k=1",
        sees=("a=" + (header(part("evil=1"), b"evil", 1) + _BODY).decode(), "k=1"),
    ),
)
