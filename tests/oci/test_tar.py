"""Reading and rewriting tar's dialects. What is rebuilt is read back with the standard library's `tarfile`."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.errors import BuildFailed, Refused
from paasctl.oci.tar import rebuild
from paasctl.oci.tar.member import Member, Meta
from paasctl.oci.tar.members import members
from paasctl.oci.tree.proof import differences
from support.naive import seen, told
from support.squashed import squashed, stack_of
from support.tars import Entry, entry, tar_of


def read(tar: bytes) -> list[Member]:
    return list(members([tar], "x"))


def infos(tar: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        return opened.getmembers()


def raw(
    name: bytes, *, kind: bytes = b"0", data: bytes = b"", edit: Callable[[bytearray], None] | None = None
) -> bytes:
    """One member with a header made by hand."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:156] = b"0000644\x000000000\x000000000\x00%011o\x00%011o\x00        " % (len(data), 1000)
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    if edit:
        edit(block)
    block[148:156] = b"%06o\x00 " % sum(block)
    return bytes(block) + data + bytes(-len(data) % 512)


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    lines = b""
    for key, value in records:
        size = len(key) + len(value) + 3
        while len(b"%d" % size) + len(key) + len(value) + 3 != size:
            size = len(b"%d" % size) + len(key) + len(value) + 3
        lines += b"%d %s=%s\n" % (size, key, value)
    return raw(b"PaxHeaders/x", kind=kind, data=lines)


LONG = "/".join(["directory-with-a-name"] * 9) + "/file"
GONE = tar_of(".wh.a")


@pytest.mark.parametrize("dialect", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("name", [LONG, "n" * 180, "d/" + "n" * 99, "ü" * 70, "plain"])
def test_names_are_read_in_every_dialect_and_survive_being_rebuilt(name: str, dialect: int) -> None:
    tar = tar_of(entry("a=x"), Entry(name, tarfile.LNKTYPE, target="a"), dialect=dialect)
    assert read(tar)[1].path == name.encode()
    assert f"{name}=x" in told(*squashed([tar, GONE]))


@pytest.mark.parametrize("dialect", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("name", ["t" * 150, "u/" * 120 + "x"])
def test_long_link_targets_survive(name: str, dialect: int) -> None:
    symlink = Entry("s", tarfile.SYMTYPE, target="../" + name, mode=0o777)
    tar = tar_of(symlink, Entry("l", tarfile.LNKTYPE, target="s"), entry(f"{name}=1"), dialect=dialect)
    for image in ([tar], [tar, tar_of(".wh.s")]):
        assert seen(*squashed(image)) == seen(*image)


def test_names_are_bytes() -> None:
    tar = raw(b"caf\xe9/f", data=b"1") + raw(b"g\xff", kind=b"1", edit=_links_to(b"caf\xe9/f")) + rebuild.END
    assert [it.path for it in read(tar)] == [b"caf\xe9/f", b"g\xff"]
    (after,) = squashed([tar, _wh(b"caf\xe9")])
    assert [it.path for it in read(after)] == [b"g\xff"]


def _links_to(target: bytes) -> Callable[[bytearray], None]:
    def edit(block: bytearray) -> None:
        block[157 : 157 + len(target)] = target

    return edit


def _wh(name: bytes) -> bytes:
    return raw(b".wh." + name) + rebuild.END


@pytest.mark.parametrize("number", [2**21, 2**31, 5])
@pytest.mark.parametrize("dialect", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_big_ids_survive_being_rebuilt(number: int, dialect: int) -> None:
    tar = tar_of(entry("a=x", uid=number, gid=number), entry("b==a", uid=number, gid=number + 1), dialect=dialect)
    assert seen(*squashed([tar, GONE])) == seen(tar, GONE)


@pytest.mark.parametrize("mtime", [-5, 0, 1.25, 2**34])
def test_times_before_the_epoch_and_below_a_second_survive(mtime: float) -> None:
    tar = tar_of(entry("a=x", mtime=mtime), entry("b==a", mtime=mtime))
    assert seen(*squashed([tar, GONE])) == seen(tar, GONE)


def test_only_a_v7_header_is_a_directory_by_its_slash() -> None:
    """The name field may be cut at a slash where a long name follows elsewhere."""
    tar = raw(b"d/", kind=b"\0") + pax((b"path", b"u/" * 60 + b"x")) + raw(b"u/" * 50, data=b"1") + rebuild.END
    assert [(it.path, it.kind, it.size) for it in read(tar)] == [(b"d", "dir", 0), (b"u/" * 60 + b"x", "file", 1)]


def test_a_size_in_base_256_is_read() -> None:
    def size(block: bytearray) -> None:
        block[124:136] = b"\x80" + (3).to_bytes(11, "big")

    assert read(raw(b"a", data=b"xyz", edit=size) + rebuild.END)[0].size == 3


def test_a_pax_record_without_a_value_is_taken_back() -> None:
    assert read(pax((b"uid", b"")) + raw(b"a") + rebuild.END)[0].meta.uid == 0


@pytest.mark.parametrize("uid", [2**21, 2**40])
def test_ids_in_base_256_survive_being_rebuilt(uid: int) -> None:
    def big(block: bytearray) -> None:
        block[108:116] = b"\x80" + uid.to_bytes(7, "big")

    def link(block: bytearray) -> None:
        big(block)
        block[157] = ord("a")

    tar = raw(b"a", data=b"x", edit=big) + raw(b"b", kind=b"1", edit=link) + rebuild.END
    assert [it.meta.uid for it in read(tar)] == [uid, uid]
    assert [it.uid for it in infos(*squashed([tar, GONE]))] == [uid]


def test_a_time_in_base_256_survives_being_rebuilt() -> None:
    def early(block: bytearray) -> None:
        block[136:148] = b"\xff" * 11 + b"\xfb"

    def link(block: bytearray) -> None:
        early(block)
        block[157] = ord("a")

    tar = raw(b"a", data=b"x", edit=early) + raw(b"b", kind=b"1", edit=link) + rebuild.END
    assert [it.mtime for it in infos(*squashed([tar, GONE]))] == [-5]


def test_a_size_in_a_pax_record_wins() -> None:
    def size(block: bytearray) -> None:
        block[124:136] = b"00000000000\x00"

    tar = pax((b"size", b"3")) + raw(b"a", data=b"xyz", edit=size) + raw(b"b") + rebuild.END
    assert [(it.path, it.size) for it in read(tar)] == [(b"a", 3), (b"b", 0)]


def test_binary_xattrs_and_acls_survive_raw_and_rebuilt() -> None:
    records = (
        (b"SCHILY.xattr.security.capability", b"\x01\x00\x00\x02\x00\x20\n=\x00\x00"),
        (b"SCHILY.acl.access", b"user::rw-\n"),
        (b"LIBARCHIVE.xattr.user.k", b"djE="),
    )
    tar = (
        pax(*records) + raw(b"a", data=b"x") + pax(*records) + raw(b"b", kind=b"1", edit=_links_to(b"a")) + rebuild.END
    )
    for image in ([tar], [tar, GONE]):
        (after,) = squashed(image)
        assert {it.meta.extras for it in read(after)} == {tuple(sorted(records))}


def test_a_link_speaks_for_all_names_of_its_group() -> None:
    tar = tar_of(entry("a=x", mode=0o644), entry("b==a", mode=0o600, uid=7, xattrs={"user.k": "v"}))
    (after,) = squashed([tar])
    assert seen(after) == seen(tar)
    assert {(it.mode, it.uid) for it in infos(after)} == {(0o600, 7)}


def test_the_roots_own_entry_is_kept() -> None:
    (after,) = squashed([tar_of(entry("./", mode=0o700), "a=1"), tar_of("b=2")])
    assert infos(after)[0].name == "."
    assert infos(after)[0].mode == 0o700


def test_a_global_header_is_folded_in_and_a_comment_dropped() -> None:
    tar = pax((b"comment", b"c0ffee"), kind=b"g") + raw(b"a", data=b"1")
    tar += pax((b"mtime", b"77.5"), kind=b"g") + raw(b"b", data=b"2") + pax((b"mtime", b"5")) + raw(b"c") + rebuild.END
    (after,) = squashed([tar, tar_of("k=1")])
    assert [(it.name, it.mtime) for it in infos(after)] == [("a", 1000), ("b", 77.5), ("c", 5), ("k", 1000)]
    assert b"c0ffee" not in after


def sparse_block(block: bytearray) -> None:
    """4 bytes at 512 and none at 1024: an old GNU sparse file of 1,024 bytes."""
    block[257:265] = b"ustar  \x00"
    block[386:434] = b"%011o\x00%011o\x00%011o\x00%011o\x00" % (512, 4, 1024, 0)
    block[483:495] = b"%011o\x00" % 1024


def test_an_old_gnu_sparse_file_survives_raw_and_renamed() -> None:
    content = bytes(512) + b"data" + bytes(508)
    for name, uid in (("l" * 100, 5), ("l" * 101, 1 << 40)):
        link = pax((b"path", name.encode()), (b"uid", b"%d" % uid))
        tar = raw(b"a", kind=b"S", data=b"data", edit=sparse_block)
        tar += link + raw(b"b", kind=b"1", edit=_links_to(b"a")) + rebuild.END
        assert seen(*squashed([tar]))["a"][1] == content
        kept = seen(*squashed([tar, GONE]))[name]
        assert kept[1] == content
        assert kept[4] == (0o644, uid, 0, 1000.0, ())


def test_a_sparse_map_that_goes_on_is_skipped_with_the_file() -> None:
    def long(block: bytearray) -> None:
        sparse_block(block)
        block[482] = 1

    extension = bytearray(512)
    extension[:24] = b"%011o\x00%011o\x00" % (1024, 0)
    head = raw(b"a", kind=b"S", data=b"data", edit=long)
    tar = head[:512] + bytes(extension) + head[512:] + raw(b"b", data=b"2") + rebuild.END
    assert [(it.path, it.size) for it in read(tar)] == [(b"a", 4), (b"b", 1)]
    assert [it.name for it in infos(*squashed([tar, tar_of("k=1")]))] == ["a", "b", "k"]


@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0"])
def test_pax_sparse_files_survive_raw_and_renamed(version: str, tmp_path: Path) -> None:
    """Made by GNU tar, which is what makes such files."""
    content = bytes(70_000) + b"data" + bytes(100_000)
    with (tmp_path / "a").open("wb") as file:
        file.seek(70_000)
        file.write(b"data")
        file.truncate(len(content))
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    argv = ["tar", "-cS", "--format=pax", f"--sparse-version={version}", "--owner=0", "--group=0", "a", "b"]
    tar = subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True).stdout
    first, second = (it.path.decode() for it in read(tar))
    assert {first, second} == {"a", "b"}
    for image, name in (([tar], first), ([tar, tar_of(f".wh.{first}")], second)):
        (after,) = squashed(image)
        with tarfile.open(fileobj=io.BytesIO(after)) as opened:
            found = opened.extractfile(name)
            assert found
            assert found.read() == content


def test_data_that_a_link_claims_is_not_there() -> None:
    """The engines' reader ignores a link's size; so do we, or the next header would be lost."""

    def claims(block: bytearray) -> None:
        block[124:136] = b"00000000777\x00"
        block[157] = ord("a")

    tar = raw(b"a", data=b"1") + raw(b"b", kind=b"1", edit=claims) + raw(b"c", data=b"3") + rebuild.END
    assert [it.path for it in read(tar)] == [b"a", b"b", b"c"]


def test_bytes_after_the_end_are_read_and_left_out() -> None:
    pieces = iter([tar_of("a=1"), b"trailing garbage", b"more"])
    assert [it.path for it in members(pieces, "x")] == [b"a"]
    assert next(pieces, None) is None


@pytest.mark.parametrize("tar", [b"", bytes(1024), tar_of("a=1")[:1024]])
def test_archives_without_their_closing_blocks_are_read(tar: bytes) -> None:
    assert len(read(tar)) == (1 if tar.strip(b"\0") else 0)


@pytest.mark.parametrize("cut", [1, 511, 513, 700])
def test_a_cut_archive_is_damaged(cut: int) -> None:
    with pytest.raises(BuildFailed, match="ends in the middle"):
        read(tar_of("a=1")[:cut])


def negative(block: bytearray) -> None:
    block[124:136] = b"\xff" * 12


def damage(block: bytearray) -> None:
    block[100:108] = b"9999999\x00"


UNREADABLE = {
    "no tar at all": b"PK\x03\x04" + bytes(600),
    "a negative size": raw(b"a", edit=negative),
    "a number that is none": raw(b"a", edit=damage),
    "a tar type no engine unpacks": raw(b"a", kind=b"V"),
    "a PAX record that lies about its length": raw(b"x", kind=b"x", data=b"99 path=a\n") + raw(b"a"),
    "a PAX id that is none": pax((b"uid", b"me")) + raw(b"a"),
    "a PAX time that is none": pax((b"mtime", b"noon")) + raw(b"a"),
    "a PAX name with a NUL": pax((b"path", b"a\x00b")) + raw(b"a"),
    "an extended header beyond all measure": raw(b"x", kind=b"x", data=bytes(2 << 20)),
    "a name that leaves the root by PAX": pax((b"path", b"../../x")) + raw(b"a"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_no_engine_unpacks_is_refused(case: str) -> None:  # B5
    with pytest.raises(Refused, match="reading layer x: "):
        read(UNREADABLE[case])


def test_headers_are_as_small_as_can_be() -> None:
    meta = Meta(0o644, 0, 0, b"0")
    assert len(rebuild.file(b"a" * 100, meta, 3)) == 512
    assert len(rebuild.file(b"d" * 100 + b"/" + b"a" * 100, meta, 3)) == 512
    assert len(rebuild.file(b"a" * 101, meta, 3)) == 3 * 512
    (found,) = infos(rebuild.file(b"d" * 100 + b"/" + b"a" * 100, meta, 0) + rebuild.END)
    assert found.name == "d" * 100 + "/" + "a" * 100


def test_two_trees_that_differ_in_one_thing_are_told_apart() -> None:  # X8
    one = tar_of("d/", "d/a=x", "b==d/a", "s->t")
    others = {
        "content": tar_of("d/", "d/a=y", "b==d/a", "s->t"),
        "mode": tar_of("d/", entry("d/a=x", mode=0o600), entry("b==d/a", mode=0o600), "s->t"),
        "torn links": tar_of("d/", "d/a=x", "b=x", "s->t"),
        "target": tar_of("d/", "d/a=x", "b==d/a", "s->u"),
        "one path less": tar_of("d/", "d/a=x", "b==d/a"),
        "xattr": tar_of("d/", "d/a=x", entry("b==d/a", xattrs={"user.k": "v"}), "s->t"),
        "type": tar_of("d/", "d/a=x", "b==d/a", "s=t"),
    }
    for name, other in others.items():
        told_apart = differences(stack_of([one]).top, stack_of([other]).top)
        assert told_apart, name
        assert all(line.startswith(("/d/a: ", "/b: ", "/s: ")) for line in told_apart)
