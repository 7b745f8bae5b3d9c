"""Modes, owners, times, extended attributes, devices (images.md 2.1)."""

from __future__ import annotations

from hostile.cases.case import case
from hostile.parts import extension, part

_CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
"""`cap_net_bind_service=ep`."""
_ACL = bytes.fromhex("0200000001000700ffffffff02000500e80300000400050000000000100007000000000020000500ffffffff")


def _xattr(name: str, value: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"SCHILY.xattr." + name.encode(), value),)


CASES = (
    case(
        "modes with set-id and sticky bits",
        [part("a=1", mode=0o4755), part("b=2", mode=0o2711), part("d/", mode=0o1777)],
        [part("c=3", mode=0o6755), part("z=4", mode=0)],
        sees="a=1 b=2 c=3 d/ z=4",
        meta={
            "a": "4755 0:0 1000",
            "b": "2711 0:0 1000",
            "c": "6755 0:0 1000",
            "d": "1777 0:0 1000",
            "z": "0000 0:0 1000",
        },
    ),
    case(
        "set-id bits survive a change of owner",
        [part("a=1", mode=0o6755, uid=7, gid=8)],
        "k=1",
        sees="a=1 k=1",
        meta={"a": "6755 7:8 1000"},
    ),
    case(
        "a mode that holds the type, too",
        [part("a=1", mode=0o100644), part("d/", mode=0o40750)],
        "k=1",
        sees="a=1 d/ k=1",
        meta={"a": "0644 0:0 1000", "d": "0750 0:0 1000"},
    ),
    case(
        "only the mode changes",
        "a=1 d/ d/b=2",
        [part("a=1", mode=0o600), part("d/", mode=0o700)],
        sees="a=1 d/ d/b=2",
        meta={"a": "0600 0:0 1000", "d": "0700 0:0 1000", "d/b": "0644 0:0 1000"},
    ),
    case(
        "big owners, by PAX",
        [part("a=1", uid=3_000_000, gid=4_000_000_000 % (1 << 31))],
        "k=1",
        sees="a=1 k=1",
        meta={"a": f"0644 3000000:{4_000_000_000 % (1 << 31)} 1000"},
    ),
    case(
        "big owners, in base 256",
        [part("a=1", uid=3_000_000, gid=2_100_000_000, dialect="gnu")],
        "k=1",
        sees="a=1 k=1",
        meta={"a": "0644 3000000:2100000000 1000"},
    ),
    case(
        "an owner's PAX record that says nothing",
        [part("a=1", uid=5, records=((b"uid", b""), (b"gid", b"")))],
        "k=1",
        sees="a=1 k=1",
        meta={"a": "0644 5:0 1000"},
    ),
    case(
        "times with fractions",
        [part("a=1", mtime=b"1700000000.123456789"), part("d/", mtime=b"12.5"), "d/b=1"],
        "k=1",
        sees="a=1 d/ d/b=1 k=1",
        meta={"a": "0644 0:0 1700000000+123456789ns", "d": "0755 0:0 12+500000000ns"},
    ),
    case(
        "times before 1970, by PAX",
        [part("a=1", mtime=b"-1"), part("b=1", mtime=b"-2.25")],
        "k=1",
        sees="a=1 b=1 k=1",
        meta={"a": "0644 0:0 -1", "b": "0644 0:0 -3+750000000ns"},
    ),
    case(
        "times before 1970, in base 256",
        [part("a=1", mtime=b"-86400", dialect="gnu")],
        "k=1",
        sees="a=1 k=1",
        meta={"a": "0644 0:0 -86400"},
    ),
    case(
        "times after 2242",
        [part("a=1", mtime=b"8589934592"), part("b=1", mtime=b"8589934592", dialect="gnu")],
        "k=1",
        sees="a=1 b=1 k=1",
        meta={"a": "0644 0:0 8589934592", "b": "0644 0:0 8589934592"},
    ),
    case(
        "a directory's time, though children come later",
        [part("d/", mtime=b"5"), "d/a=1", "d/e/", "d/e/f=2"],
        "d/b=1",
        sees="d/ d/a=1 d/b=1 d/e/ d/e/f=2",
    ),
    case(
        "a symlink's own time and owner",
        [part("s->t", mtime=b"77", uid=9)],
        "k=1",
        sees="k=1 s->t",
        meta={"s": "0777 9:0 77"},
    ),
    case(
        "a capability",
        [part("a=1", mode=0o755, records=_xattr("security.capability", _CAPABILITY))],
        "k=1",
        sees="a=1 k=1",
        meta={"a": f"0755 0:0 1000 security.capability={_CAPABILITY.hex()}"},
    ),
    case(
        "a capability that an upper layer takes back",
        [part("a=1", records=_xattr("security.capability", _CAPABILITY))],
        "a=2",
        sees="a=2",
        meta={"a": "0644 0:0 1000"},
    ),
    case(
        "a capability on a promoted link",
        [
            part("a=1", records=_xattr("security.capability", _CAPABILITY)),
            part("b==a", records=_xattr("security.capability", _CAPABILITY)),
        ],
        ".wh.a",
        sees="b=1",
        meta={"b": f"0644 0:0 1000 security.capability={_CAPABILITY.hex()}"},
    ),
    case(
        "a user's attributes, with any bytes",
        [
            part("a=1", records=_xattr("user.k", b"\x00\xff\n=\n") + _xattr("user.l", b"v")),
            part("d/", records=_xattr("user.d", b"1")),
        ],
        "k=1",
        sees="a=1 d/ k=1",
        meta={"a": "0644 0:0 1000 user.k=00ff0a3d0a user.l=76", "d": "0755 0:0 1000 user.d=31"},
    ),
    case(
        "an access list",
        [part("a=1", records=_xattr("system.posix_acl_access", _ACL))],
        "k=1",
        sees="a=1 k=1",
        meta={"a": f"0644 0:0 1000 system.posix_acl_access={_ACL.hex()}"},
    ),
    case(
        "times of access and of change",
        [part("a=1", records=((b"atime", b"5.25"), (b"ctime", b"6")))],
        "k=1",
        sees="a=1 k=1",
        meta={"a": "0644 0:0 1000"},
    ),
    case(
        "a global header with a comment",
        [part("a=1", raw=extension(((b"comment", b"made by git"),), b"g")), "b=2"],
        "k=1",
        sees="a=1 b=2 k=1",
    ),
    case(
        "a global header with an owner",
        [part("a=1", raw=extension(((b"uid", b"77"),), b"g")), "b=2", part("c=3", records=((b"uid", b"5"),))],
        "k=1",
        sees="a=1 b=2 c=3 k=1",
    ),
    case(
        "devices, block and character, and pipes",
        [part("p|"), part("c@5,1", mode=0o620), part("b@7,300", kind=b"4")],
        "k=1",
        sees="b@7,300 c@5,1 k=1 p|",
        meta={"c": "0620 0:0 1000"},
    ),
    case(
        "the device 0/0, which overlay takes for a whiteout", "k=1", "c@0,0", sees="c@0,0 k=1", warns="device-whiteout"
    ),
)
