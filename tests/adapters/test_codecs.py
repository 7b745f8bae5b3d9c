"""Packing and unpacking layers: read whatever comes, write the same bytes each time, and say what is damaged."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import zstandard

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.codecs import gzip as module
from paasctl.errors import BuildFailed, PaasError
from paasctl.ports.codecs import Packing

CODECS = MachineCodecs()
CONTENT = Random(5).randbytes(700_000) + b"paasctl " * 90_000 + bytes(3 << 20)
BOTH: list[Packing] = ["gzip", "zstd"]


def pack(packing: Packing, content: bytes, chunk: int = 1 << 20) -> bytes:
    packer = CODECS.compressor(packing)
    pieces = [packer.compress(content[at : at + chunk]) for at in range(0, len(content), chunk)]
    return b"".join(pieces) + packer.flush()


def unpack(packed: bytes, chunk: int = 1 << 20) -> bytes:
    return b"".join(CODECS.inflate((packed[at : at + chunk] for at in range(0, len(packed), chunk)), "x"))


@pytest.mark.parametrize("packing", [*BOTH, "none"])
@pytest.mark.parametrize("content", [b"", b"a", CONTENT], ids=["nothing", "a byte", "megabytes"])
def test_what_is_packed_is_unpacked(packing: Packing, content: bytes) -> None:
    packed = pack(packing, content)
    assert unpack(packed) == content
    assert unpack(packed, 1 if len(packed) < 2000 else 7001) == content


@pytest.mark.parametrize("packing", BOTH)
def test_the_bytes_do_not_depend_on_how_the_content_comes(packing: Packing) -> None:  # X8
    """isal's own output does."""
    assert len({pack(packing, CONTENT, chunk) for chunk in (999, 65_536, 262_144, 262_145, 1 << 20, 8 << 20)}) == 1


@pytest.mark.parametrize("packing", BOTH)
def test_the_bytes_do_not_depend_on_the_process(packing: Packing, tmp_path: Path) -> None:  # X8
    """Another umask, locale, time zone, and number of processors."""
    script = (
        "import os, sys; os.umask(0o77); sys.path[:0] = sys.argv[2:]\n"
        "from paasctl.adapters.codecs import MachineCodecs\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "packer = MachineCodecs().compressor(sys.argv[1]); content = sys.stdin.buffer.read()\n"
        "sys.stdout.buffer.write(packer.compress(content) + packer.flush())\n"
    )
    environ = {**os.environ, "LC_ALL": "C", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "7"}
    argv = [sys.executable, "-c", script, packing, *sys.path]
    other = subprocess.run(argv, input=CONTENT, capture_output=True, check=True, cwd=tmp_path, env=environ).stdout
    assert other == pack(packing, CONTENT)


def test_a_gzip_layer_names_no_time_and_no_system() -> None:
    assert pack("gzip", b"a")[:10] == bytes.fromhex("1f8b08000000000000ff")


def test_gzip_is_read_by_others() -> None:
    packed = pack("gzip", CONTENT)
    assert gzip.decompress(packed) == CONTENT
    assert subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True).stdout == CONTENT


def test_zstd_is_read_by_others_and_carries_a_checksum() -> None:
    packed = pack("zstd", CONTENT)
    assert zstandard.ZstdDecompressor().decompress(packed, max_output_size=len(CONTENT)) == CONTENT
    assert zstandard.get_frame_parameters(packed).has_checksum


def test_every_member_of_a_gzip_file_is_read() -> None:
    assert unpack(gzip.compress(b"ab") + gzip.compress(b"") + gzip.compress(b"cd"), 3) == b"abcd"


@pytest.mark.parametrize("library", ["isal", "zlib"])
def test_it_does_not_matter_where_input_and_output_are_cut(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decompressor that is full, or has swallowed a byte that brought nothing, is neither at its end nor damaged."""
    if library == "zlib":
        monkeypatch.setattr(module, "_library", zlib)
        monkeypatch.setattr(module, "_ERROR", zlib.error)
    dice = Random(7)
    makes: list[Callable[[int], bytes]] = [dice.randbytes, bytes]
    for _ in range(300):
        piece, bite = dice.choice([1, 7, 100, 4096, 1 << 20]), dice.choice([1, 3, 50, 1000, 1 << 17])
        monkeypatch.setattr(module, "_PIECE", piece)
        monkeypatch.setattr(module, "_BITE", bite)
        most = 3000 if piece < 100 else 70_000
        parts = [dice.choice(makes)(dice.randrange(most)) for _ in range(dice.randrange(1, 4))]
        packed = [gzip.compress(it, dice.choice([0, 1, 9])) for it in parts]
        whole = b"".join(packed)
        assert unpack(whole, dice.choice([1, 5, 1000, 1 << 20])) == b"".join(parts), (piece, bite)
        cut = whole[: len(whole) - dice.randrange(1, len(packed[-1]))]
        with pytest.raises(BuildFailed, match="it ends too early"):
            unpack(cut)


def test_a_gzip_header_with_all_its_fields_is_read() -> None:
    head = b"\x1f\x8b\x08\x1c\x01\x02\x03\x04\x00\x03" + b"\x04\x00extr" + b"name\x00" + b"comment\x00"
    body = zlib.compressobj(wbits=-15)
    packed = head + body.compress(b"abc") + body.flush() + zlib.crc32(b"abc").to_bytes(4, "little") + b"\x03\0\0\0"
    assert unpack(packed, 1) == b"abc"


SKIPPED = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00hello"


def test_every_frame_of_a_zstd_file_is_read_and_skippable_ones_are_skipped() -> None:
    frames = SKIPPED + zstandard.compress(b"ab") + SKIPPED + zstandard.compress(b"") + zstandard.compress(b"cd")
    assert unpack(frames + SKIPPED, 3) == b"abcd"


@pytest.mark.parametrize("level", [1, 19])
@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("sized", [True, False])
def test_zstd_frames_of_any_shape_are_read(level: int, checksum: bool, sized: bool) -> None:
    packer = zstandard.ZstdCompressor(level=level, write_checksum=checksum, write_content_size=sized)
    for content in (b"", b"a" * 200, b"b" * 70_000, CONTENT[:2_000_000]):
        assert unpack(packer.compress(content), 4999) == content


@pytest.mark.parametrize("content", [b"", b"\x1f", b"plain", b"(\xb5/", CONTENT])
def test_what_is_not_packed_passes(content: bytes) -> None:
    assert unpack(content) == content
    if len(content) < 100:
        assert unpack(content, 1) == content


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut at its end": lambda it: it[:-1],
    "cut in the middle": lambda it: it[: len(it) // 2],
    "cut after its header": lambda it: it[:12],
    "followed by something else": lambda it: it + b"something else",
    "a wrong bit": lambda it: it[: len(it) // 3] + bytes([it[len(it) // 3] ^ 4]) + it[len(it) // 3 + 1 :],
    "a wrong checksum": lambda it: it[:-6] + bytes([it[-6] ^ 1]) + it[-5:] if it[0] == 0x1F else it[:-1] + b"\x00",
}


@pytest.mark.parametrize("packing", BOTH)
@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_told(packing: Packing, case: str) -> None:
    damaged = DAMAGE[case](pack(packing, CONTENT[:900_000]))
    for chunk in (1 << 20, 5003):
        with pytest.raises(BuildFailed, match="unpacking layer x: ") as caught:
            unpack(damaged, chunk)
        assert caught.value.code == "layer-damaged"


@pytest.mark.parametrize("packing", BOTH)
def test_any_byte_that_is_wrong_is_told_or_makes_no_difference(packing: Packing) -> None:
    """Whatever comes: the right bytes, other bytes (the layer's digest tells), or an error of ours. Never another."""
    chance = Random(3)
    packed = pack(packing, CONTENT[690_000:720_000])
    for _ in range(300):
        at = chance.randrange(len(packed))
        damaged = packed[:at] + bytes([chance.randrange(256)]) + packed[at + 1 :]
        try:
            unpack(damaged[: chance.randrange(1, 2 * len(packed))])
        except PaasError as error:
            assert error.code in ("layer-damaged", "layer-unsupported")  # noqa: PT017 - both are right


def test_what_is_unpacked_again_is_compared_by_its_size_alone() -> None:
    packed = pack("gzip", b"paasctl")
    other = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
    assert b"".join(CODECS.inflate([other], "x", again=True)) == b"paasctl"
    longer = packed[:-4] + (8).to_bytes(4, "little")
    for content, again in ((other, False), (longer, False), (longer, True)):
        with pytest.raises(BuildFailed, match="a checksum is wrong"):
            list(CODECS.inflate([content], "x", again=again))


@pytest.mark.parametrize("bomb", ["gzip", "zstd"])
def test_a_bomb_comes_out_in_pieces(bomb: Packing) -> None:
    """64 MiB of zeros out of a few kilobytes, in one chunk: no piece is larger than 1 MiB."""
    packer = CODECS.compressor(bomb)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    assert len(packed) < 400_000
    sizes = [len(it) for it in CODECS.inflate([packed], "x")]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 1 << 20


def test_a_checksum_is_of_all_pieces_together() -> None:
    known = bytes.fromhex("352441c2") + (3).to_bytes(8, "big")
    assert CODECS.checksum([b"ab", memoryview(b"c")]) == CODECS.checksum([b"abc"]) == known
    assert CODECS.checksum([]) != CODECS.checksum([b"\0"])


def test_identities_name_library_version_and_level() -> None:
    assert {it: CODECS.identity(it).split()[0] for it in BOTH} == {"gzip": "isal", "zstd": "zstandard"}
    assert all(" level " in CODECS.identity(it) for it in BOTH)


WITHOUT = """
import sys
sys.path[:0] = sys.argv[1:]
sys.modules["isal"] = sys.modules["zstandard"] = None
from paasctl.adapters.codecs import MachineCodecs
from paasctl.errors import Refused
codecs = MachineCodecs()
packer = codecs.compressor("gzip")
packed = packer.compress(b"ab" * 400_000) + packer.flush()
assert b"".join(codecs.inflate([packed], "x")) == b"ab" * 400_000
assert codecs.identity("gzip").startswith("zlib "), codecs.identity("gzip")
for attempt in (
    lambda: codecs.compressor("zstd"),
    lambda: codecs.identity("zstd"),
    lambda: list(codecs.inflate([bytes.fromhex("28b52ffd")], "x")),
):
    try:
        attempt()
    except Refused as error:
        assert error.code == "layer-unsupported" and "zstandard" in error.hint, error
    else:
        raise SystemExit("not refused")
sys.stdout.buffer.write(packed)
"""


def test_without_the_libraries_zlib_does_the_work_and_zstd_is_refused() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT, *sys.path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert unpack(done.stdout) == b"ab" * 400_000
    assert done.stdout[:10] == bytes.fromhex("1f8b08000000000000ff")
