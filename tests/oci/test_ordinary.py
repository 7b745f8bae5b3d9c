"""The quick way to read members: it reads what the thorough one reads, and leaves the rest to it."""

from __future__ import annotations

import tarfile

import pytest

from hostile.fuzz import image, tars
from paasctl.errors import PaasError
from paasctl.oci.tar.member import Member
from paasctl.oci.tar.members import members
from paasctl.oci.tar.ordinary import Ordinary
from paasctl.oci.tar.tape import Tape
from support.tars import Entry, entry, tar_of


def read(tar: bytes, chunk: int) -> list[Member] | str:
    """The members, or what was said instead."""
    try:
        return list(members((tar[at : at + chunk] for at in range(0, len(tar), chunk)), "x"))
    except PaasError as error:
        return error.message


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_both_ways_read_the_same(start: int) -> None:
    """In pieces of 511 bytes no header lies in one piece, and so none is read quickly."""
    for number in range(start, start + 100):
        for tar in tars(image(21, number)):
            assert read(tar, 1 << 20) == read(tar, 511)


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_both_ways_read_damaged_headers_the_same(start: int) -> None:
    """Whatever field is damaged, and the checksum made to fit again."""
    for number in range(start, start + 100):
        whole = bytearray(tar_of(entry("d/"), Entry("d/a", data=b"x" * 600, uid=7), "l==d/a", "s->t", "n=1"))
        at = 512 * (number % 3) + number * 37 % 345
        whole[at] = (0, 0x20, 0x38, 0x41, 0x80, 0x2F)[number % 6]
        head = 512 * (number % 3)
        block = whole[head : head + 512]
        if number % 5:
            block[148:156] = b" " * 8
            whole[head + 148 : head + 156] = b"%06o\x00 " % sum(block)
        assert read(bytes(whole), 1 << 20) == read(bytes(whole), 511)


def quickly(tar: bytes) -> Member | None:
    tape = Tape([tar], "x")
    assert not tape.at_end()
    found = Ordinary("x").read(tape)
    assert (tape.at > 0) == (found is not None), "what is not read is not touched"
    return found


@pytest.mark.parametrize("text", ["a=x", "./a=x", "d/", "./d/e/", "l==a", "s->../t", f"{'p' * 90}/{'n' * 90}=1"])
@pytest.mark.parametrize("dialect", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
def test_ordinary_members_are_read_quickly(text: str, dialect: int) -> None:
    tar = tar_of(text, dialect=dialect)
    if dialect == tarfile.GNU_FORMAT and len(text) > 100:
        assert quickly(tar) is None
    else:
        assert quickly(tar) == next(iter(members([tar], "x")))


def _off_by_a_modulus() -> bytes:
    """A header that is full, and whose checksum is wrong by what Adler's checksum does not see."""
    block = bytearray(tar_of("a=x")[:512])
    block[345:500] = b"\xff" * 155
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\x00 " % (sum(block) + 65521)
    return bytes(block) + bytes(1024)


ODD = {
    "a checksum that is wrong by 65,521": _off_by_a_modulus(),
    "a fraction of a second": tar_of(entry("a=x", mtime=1.5)),
    "a long name": tar_of("n" * 101),
    "dots in the path": tar_of("a/../b=x"),
    "two slashes": tar_of("a//b=x"),
    "a device": tar_of("c@5,1"),
    "a file that ends in a slash": tar_of(Entry("a/", data=b"x")),
    "a blank checksum": tar_of("a=x")[:148] + b" " * 8 + tar_of("a=x")[156:],
    "a checksum in another spelling": tar_of("a=x")[:148] + b"00000000" + tar_of("a=x")[156:],
    "no tar": b"#!/bin/sh" + bytes(600),
    "half a header": tar_of("a=x")[:500],
}


@pytest.mark.parametrize("case", ODD)
def test_odd_members_are_left_to_the_thorough_way(case: str) -> None:
    assert quickly(ODD[case]) is None
    assert read(ODD[case], 1 << 20) == read(ODD[case], 511)


def test_members_with_the_same_attributes_share_them() -> None:
    one, two, other = members([tar_of("a=1", "b=2", entry("c=3", mtime=7))], "x")
    assert one.meta is two.meta
    assert other.meta.mtime == b"7"
