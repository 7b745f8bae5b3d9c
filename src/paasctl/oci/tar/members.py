"""Index one layer: a tar stream in chunks becomes members, with a hash of each file's content.

Follows the readers of the container engines where tar's dialects differ: links and devices have no data, whatever their
size field says. A global PAX header is folded into the members after it; a mere comment is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from paasctl.oci.tar.header import BLOCK, EMPTY_BLOCK, Header, parse_header, parse_records
from paasctl.oci.tar.member import Kind, Member, Meta, Records
from paasctl.oci.tar.names import is_plain, normal, show, unsafe
from paasctl.oci.tar.ordinary import Ordinary
from paasctl.oci.tar.tape import Digest, Tape, sha256_of

_KINDS: dict[bytes, Kind] = {
    b"\0": "file",
    b"0": "file",
    b"7": "file",
    b"S": "file",
    b"1": "link",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "dir",
    b"6": "fifo",
}
_EXTENSION_LIMIT = 1 << 20
"""Bytes of one extension header; the engines' reader has the same limit."""
_TIME = re.compile(rb"-?\d{1,19}(\.\d*)?")
_NUMBER = re.compile(rb"-?\d{1,19}")
"""What the engines' reader takes: 64 bits."""
_SPARSE = b"GNU.sparse."
_PLACED = frozenset((b"path", b"linkpath", b"size"))
_PLAIN = frozenset((b"uid", b"gid", b"mtime", b"atime", b"ctime", b"uname", b"gname", b"comment", b"hdrcharset"))


@dataclass(slots=True)
class _Said:
    """What extension headers said about the next member."""

    start: int
    records: Records = ()
    name: bytes | None = None
    link: bytes | None = None
    folded: bool = False


def members(chunks: Iterable[bytes], layer: str, digest: Digest = sha256_of) -> Iterator[Member]:
    """The members of a tar stream in their order. Reads the stream to its end, beyond the closing blocks too.

    `layer` names it in messages; `digest` is taken of each file's data. Unsafe or foreign members are `Refused`, a cut
    stream is `BuildFailed`.
    """
    tape, quick = Tape(chunks, layer), Ordinary(layer, digest)
    common: Records = ()
    said = _Said(0)
    while not tape.at_end():
        if said.start == tape.at and not common and (found := quick.read(tape)):
            yield found
            said.start = tape.at
            continue
        block = tape.take(BLOCK)
        if block == EMPTY_BLOCK:
            break
        if (size := quick.extension(block)) is not None:
            said.records = parse_records(_extension(tape, size, layer), layer)
            continue
        header = parse_header(block, layer)
        if header.kind == b"g":
            common = _merged(common, parse_records(_extension(tape, header.size, layer), layer))
        elif header.kind in b"xXLK":
            _hear(said, header, _extension(tape, header.size, layer), layer)
            continue
        else:
            yield _member(tape, header, _fold(said, common), layer, quick)
        said = _Said(tape.at)
    tape.drain()


def _extension(tape: Tape, size: int, layer: str) -> bytes:
    if not 0 <= size <= _EXTENSION_LIMIT:
        raise unsafe(layer, f"an extended header of {size} bytes; readers stop at {_EXTENSION_LIMIT}")
    content = tape.take(size)
    tape.take(-size % BLOCK)
    return content


def _hear(said: _Said, header: Header, content: bytes, layer: str) -> None:
    match header.kind:
        case b"L":
            said.name = content.partition(b"\0")[0]
        case b"K":
            said.link = content.partition(b"\0")[0]
        case _:
            said.records = parse_records(content, layer)


def _merged(before: Records, after: Records) -> Records:
    return tuple({**dict(before), **dict(after)}.items())


def _fold(said: _Said, common: Records) -> _Said:
    own = {key for key, _ in said.records}
    missing = tuple((key, value) for key, value in common if key not in own and key != b"comment")
    return replace(said, records=missing + said.records, folded=True) if missing else said


def _member(tape: Tape, header: Header, said: _Said, layer: str, quick: Ordinary) -> Member:
    records = dict(said.records)
    # Where both are there, GNU's name comes before PAX's, as in the reader of the engines.
    raw = records.get(b"GNU.sparse.name") or said.name or records.get(b"path") or header.name
    path = normal(raw, layer)
    v7_folder = header.kind == b"\0" and raw.endswith(b"/")
    kind: Kind | None = "dir" if v7_folder else _KINDS.get(header.kind)
    if kind is None:
        raise unsafe(layer, f"{show(path)} has the tar type {header.kind!r}, which no container engine unpacks")
    link = said.link or records.get(b"linkpath") or header.link
    sparse = tuple(it for it in said.records if it[0].startswith(_SPARSE)) if records else ()
    size = _whole(records, b"size", header.size, layer) if kind == "file" else 0
    if size < 0:
        raise unsafe(layer, f"{show(path)} has a negative size")
    body = tape.at
    content = quick.digest(_content(tape, header, size, sparse)) if kind == "file" else b""
    tape.take(-size % BLOCK)
    meta = quick.meta(header.block) if records.keys() <= _PLACED else None
    return Member(
        path=path,
        kind=kind,
        meta=meta or _meta(header, said.records, layer),
        start=said.start,
        body=body,
        end=tape.at,
        size=size,
        target=normal(link, layer) if kind == "link" else link if kind == "symlink" else b"",
        device=header.device,
        content=content,
        as_is=not said.folded and is_plain(raw) and (kind != "link" or is_plain(link)),
        sparse=sparse,
        block=header.block if header.kind == b"S" else b"",
    )


def _content(tape: Tape, header: Header, size: int, sparse: Records) -> Iterator[bytes | memoryview]:
    """The stored data; of a sparse file the map first, which for old GNU headers may go on in further blocks."""
    if header.kind == b"S":
        yield header.block[386:483] + header.block[483:495]
        more = header.block[482]
        while more:
            block = tape.take(BLOCK)
            yield block
            more = block[504]
    yield from (b"%s=%s\n" % it for it in sparse if it[0] != b"GNU.sparse.name")
    yield from tape.run(size)


def _meta(header: Header, records: Records, layer: str) -> Meta:
    said = dict(records)
    mtime = said.get(b"mtime") or b"%d" % header.mtime
    if not _TIME.fullmatch(mtime):
        raise unsafe(layer, f"a PAX record says mtime={mtime[:40]!r}")
    return Meta(
        mode=header.mode & 0o7777,
        uid=_whole(said, b"uid", header.uid, layer),
        gid=_whole(said, b"gid", header.gid, layer),
        mtime=mtime,
        extras=tuple(sorted(it for it in records if it[0] not in _PLACED | _PLAIN and not it[0].startswith(_SPARSE))),
        uname=said.get(b"uname", header.uname),
        gname=said.get(b"gname", header.gname),
        others=tuple(it for it in records if it[0] in _PLAIN),
    )


def _whole(said: dict[bytes, bytes], key: bytes, otherwise: int, layer: str) -> int:
    text = said.get(key)
    if not text:  # POSIX: an empty value takes the record back
        return otherwise
    if not _NUMBER.fullmatch(text):
        raise unsafe(layer, f"a PAX record says {key.decode()}={text[:40]!r}")
    return int(text)
