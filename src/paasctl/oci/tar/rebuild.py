"""Write tar headers: for members whose own can't be copied, and for layers made from files.

ustar (POSIX.1-2001), with PAX records only where it is too small.
"""

from __future__ import annotations

from paasctl.oci.tar.header import BLOCK
from paasctl.oci.tar.member import Kind, Member, Meta, Records

_TYPES: dict[Kind, bytes] = {
    "file": b"0",
    "link": b"1",
    "symlink": b"2",
    "char": b"3",
    "block": b"4",
    "dir": b"5",
    "fifo": b"6",
}
_NAME, _PREFIX = 100, 155
END = bytes(2 * BLOCK)
"""Two empty blocks close an archive."""


def directory(path: bytes, meta: Meta) -> bytes:
    """The header of a directory; the root is `./`."""
    return _headers("dir", path + b"/" if path else b"./", meta)


def link(path: bytes, target: bytes, meta: Meta) -> bytes:
    """The header of a hard link to `target`, a path in the same layer."""
    return _headers("link", path, meta, target=target)


def file(path: bytes, meta: Meta, size: int) -> bytes:
    """The header of a file; `size` bytes and their padding follow."""
    return _headers("file", path, meta, size=size)


def symlink(path: bytes, target: bytes, meta: Meta) -> bytes:
    """The header of a symbolic link."""
    return _headers("symlink", path, meta, target=target)


def empty_file(path: bytes) -> bytes:
    """The header of a mark: an empty file, root's, of no time."""
    return _headers("file", path, Meta(0o644, 0, 0, b"0"))


def renamed(member: Member, path: bytes, meta: Meta) -> bytes:
    """The header of a member that is no directory, under another name or with other metadata; its data follows."""
    if member.block:
        return _old_sparse(member, path, meta)
    records = tuple((key, path if key == b"GNU.sparse.name" else value) for key, value in member.sparse)
    return _headers(
        member.kind, path, meta, target=member.target, size=member.size, device=member.device, records=records
    )


def padding(size: int) -> bytes:
    """What fills the last block of `size` bytes of data."""
    return bytes(-size % BLOCK)


def _headers(  # noqa: PLR0913 - the fields of a header
    kind: Kind,
    path: bytes,
    meta: Meta,
    *,
    target: bytes = b"",
    size: int = 0,
    device: tuple[int, int] = (0, 0),
    records: Records = (),
) -> bytes:
    prefix, name = _split(path)
    said = [*(it for it in meta.others if it[0] != b"mtime"), *meta.extras, *records]
    if len(name) > _NAME:
        said.append((b"path", path))
    if len(target) > _NAME:
        said.append((b"linkpath", target))
    seconds = meta.mtime.partition(b".")[0]
    own = {key for key, _ in said}
    for key, value, digits in ((b"uid", meta.uid, 7), (b"gid", meta.gid, 7), (b"size", size, 11)):
        if not 0 <= value < 8**digits and key not in own:
            said.append((key, b"%d" % value))
    if b"." in meta.mtime or not seconds.isdigit() or int(seconds) >= 8**11:
        said.append((b"mtime", meta.mtime))
    block = _block(
        (name[:_NAME], _octal(meta.mode, 8), _octal(meta.uid, 8), _octal(meta.gid, 8), _octal(size, 12)),
        _octal(int(seconds) if seconds.isdigit() else 0, 12),
        (_TYPES[kind], target[:_NAME], meta.uname[:31], meta.gname[:31]),
        (_octal(device[0], 8), _octal(device[1], 8), prefix),
    )
    return _pax(tuple(said)) + block


def _pax(records: Records) -> bytes:
    if not records:
        return b""
    content = b"".join(_record(key, value) for key, value in records)
    block = _block(
        (b"PaxHeaders", _octal(0o644, 8), _octal(0, 8), _octal(0, 8), _octal(len(content), 12)),
        _octal(0, 12),
        (b"x", b"", b"", b""),
        (_octal(0, 8), _octal(0, 8), b""),
    )
    return block + content + padding(len(content))


def _record(key: bytes, value: bytes) -> bytes:
    rest = b" %s=%s\n" % (key, value)
    size = len(rest) + 1
    while size != len(rest) + len(b"%d" % size):
        size = len(rest) + len(b"%d" % size)
    return b"%d%s" % (size, rest)


def _split(path: bytes) -> tuple[bytes, bytes]:
    """Prefix and name; a path that does not fit comes back whole, to be named by a PAX record."""
    if len(path) <= _NAME:
        return b"", path
    cut = path.rfind(b"/", 0, min(len(path) - 1, _PREFIX + 1))
    if cut > 0 and len(path) - cut - 1 <= _NAME:
        return path[:cut], path[cut + 1 :]
    return b"", path


def _octal(value: int, width: int) -> bytes:
    """A number that fits; one that does not is zero here and true in its PAX record."""
    digits = width - 1
    return b"%0*o\0" % (digits, value if 0 <= value < 8**digits else 0)


def _block(
    first: tuple[bytes, bytes, bytes, bytes, bytes],
    mtime: bytes,
    middle: tuple[bytes, bytes, bytes, bytes],
    last: tuple[bytes, bytes, bytes],
) -> bytes:
    name, mode, uid, gid, size = first
    kind, target, uname, gname = middle
    major, minor, prefix = last
    head = name.ljust(100, b"\0") + mode + uid + gid + size + mtime
    tail = kind + target.ljust(100, b"\0") + b"ustar\x0000" + uname.ljust(32, b"\0") + gname.ljust(32, b"\0")
    return _summed(head + b" " * 8 + (tail + major + minor + prefix).ljust(BLOCK - 156, b"\0"))


def _summed(block: bytes) -> bytes:
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _old_sparse(member: Member, path: bytes, meta: Meta) -> bytes:
    """An old GNU sparse header, patched: its map cannot be said in another dialect without rewriting the data."""
    long = b""
    if len(path) > _NAME:
        name = path + b"\0"
        block = _block(
            (b"././@LongLink", _octal(0o644, 8), _octal(0, 8), _octal(0, 8), _octal(len(name), 12)),
            _octal(0, 12),
            (b"L", b"", b"", b""),
            (_octal(0, 8), _octal(0, 8), b""),
        )
        long = block + name + padding(len(name))
    seconds = int(meta.mtime.partition(b".")[0])
    numbers = _gnu(meta.mode, 8) + _gnu(meta.uid, 8) + _gnu(meta.gid, 8) + member.block[124:136] + _gnu(seconds, 12)
    head = path[:_NAME].ljust(_NAME, b"\0") + numbers + b" " * 8
    return long + _pax(meta.extras) + _summed(head + member.block[156:])


def _gnu(value: int, width: int) -> bytes:
    """Octal, or base-256 where octal is too small."""
    if 0 <= value < 8 ** (width - 1):
        return _octal(value, width)
    return ((value & ((1 << 8 * width) - 1)) | (1 << (8 * width - 1))).to_bytes(width, "big")
