"""Blobs and tars that are broken, cut, or lie: the right result or a clear refusal, and nothing is left behind."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard

from hostile.cases import ALL as CASES
from hostile.fuzz import image, tars
from hostile.parts import BLOCK, part, written
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import PaasError
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from support.images import document, lay_image, tars_of
from support.naive import told
from support.squashed import indexed, squash_indexed
from support.squashing import idle, squash

GOOD = [written([part("a=" + "x" * 3000), part("b=2")]), written([part("c=3")])]
TOLD = ["a=" + "x" * 3000, "b=2", "c=3"]
BROKEN = ("layer-damaged", "blob-damaged", "unsafe-layer")
"""Whichever is noticed first."""
GZIP, ZSTD = documents.OCI_LAYER, documents.OCI_LAYER.replace("gzip", "zstd")


class Image:
    """An image in a layout, whose first layer is changed; and where its squash goes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.here: FolderLayout = create_layout(root / "here")
        self.there: FolderLayout = create_layout(root / "there")
        self.manifest = document(self.here, lay_image(self.here, "web", GOOD))
        self.before = sorted(root.iterdir())

    def blob(self, digest: str) -> Path:
        return self.here.root / "blobs/sha256" / digest.removeprefix("sha256:")

    @property
    def layer(self) -> Path:
        return self.blob(self.manifest["layers"][0]["digest"])

    def repack(self, content: bytes, media_type: str = GZIP, size: int | None = None) -> None:
        """Other bytes as the first layer, honestly described: only what is in them is wrong."""
        made = self.here.put(media_type, content)
        said = documents.descriptor_json(made)
        self.manifest["layers"][0] = said if size is None else {**said, "size": size}
        self.lay()

    def lay(self) -> None:
        self.here.lay("web", self.here.put(documents.OCI_MANIFEST, json.dumps(self.manifest).encode()))

    def config(self, edit: Callable[[dict[str, Any]], None]) -> None:
        config = document(self.here, self.manifest["config"])
        edit(config)
        made = self.here.put(documents.OCI_CONFIG, json.dumps(config).encode())
        self.manifest["config"] = documents.descriptor_json(made)
        self.lay()

    def squashed(self) -> list[str]:
        """What a container sees of the result."""
        return told(*tars_of(self.there, squash(self.here, self.there).root))

    def refused(self) -> PaasError:
        """The refusal; afterwards all is as before."""
        with pytest.raises(PaasError) as caught:
            squash(self.here, self.there)
        assert idle()
        assert list((self.there.root / "blobs/sha256").iterdir()) == []
        assert [it for it in self.root.rglob("*") if ".tmp" in it.name] == []
        assert sorted(self.root.iterdir()) == self.before
        assert self.there.place("web") is None
        return caught.value


@pytest.fixture
def one(tmp_path: Path) -> Image:
    return Image(tmp_path)


@pytest.mark.parametrize("share", range(8))
def test_a_flipped_bit_of_a_blob(one: Image, share: int) -> None:
    content = bytearray(one.layer.read_bytes())
    content[share * len(content) // 8] ^= 1 << share
    one.layer.chmod(0o644)
    one.layer.write_bytes(content)
    assert one.refused().code in BROKEN


@pytest.mark.parametrize("share", range(5))
def test_a_blob_that_is_cut(one: Image, share: int) -> None:
    content = one.layer.read_bytes()
    one.layer.chmod(0o644)
    one.layer.write_bytes(content[: share * len(content) // 5])
    assert one.refused().code in BROKEN


@pytest.mark.parametrize("at", [0, 100, 600, 2000, 5000])
def test_a_flipped_bit_inside_is_no_layer_of_this_image(one: Image, at: int) -> None:
    """The blob is what its digest says; what it unpacks to is not what the configuration says."""
    tar = bytearray(GOOD[0])
    tar[at] ^= 1
    one.repack(gzip.compress(bytes(tar)))
    assert one.refused().code in BROKEN


@pytest.mark.parametrize("more", [-1, 1, 1 << 40])
def test_a_size_that_lies(one: Image, more: int) -> None:
    content = one.layer.read_bytes()
    one.repack(content, size=len(content) + more)
    one.refused()


def test_a_diff_id_that_lies(one: Image) -> None:
    one.config(lambda it: it["rootfs"].update(diff_ids=[f"sha256:{'0' * 64}", it["rootfs"]["diff_ids"][1]]))
    error = one.refused()
    assert error.code == "layer-damaged"
    assert "the configuration says sha256:000" in error.message


def test_diff_ids_of_another_number(one: Image) -> None:
    one.config(lambda it: it["rootfs"]["diff_ids"].pop())
    assert one.refused().code == "image-unreadable"


Made = tuple[Callable[[], bytes], str]
CUT: dict[str, Made] = {
    "gzip": (lambda: gzip.compress(GOOD[0])[:-9], GZIP),
    "gzip without its checksum": (lambda: gzip.compress(GOOD[0])[:-8], GZIP),
    "gzip with another's checksum": (lambda: gzip.compress(GOOD[0])[:-8] + gzip.compress(b"x")[-8:], GZIP),
    "a gzip header alone": (lambda: gzip.compress(GOOD[0])[:10], GZIP),
    "zstd": (lambda: zstandard.ZstdCompressor().compress(GOOD[0])[:-4], ZSTD),
    "a zstd magic number alone": (lambda: zstandard.ZstdCompressor().compress(GOOD[0])[:4], ZSTD),
    "nothing": (lambda: b"", GZIP),
    "gzip in gzip": (lambda: gzip.compress(gzip.compress(GOOD[0])), GZIP),
    "gzip, then anything": (lambda: gzip.compress(GOOD[0]) + b"anything", GZIP),
    "half of a tar": (lambda: gzip.compress(GOOD[0][:2000]), GZIP),
}


@pytest.mark.parametrize("case", CUT)
def test_a_blob_of_the_right_digest_that_is_cut_inside(one: Image, case: str) -> None:
    content, media_type = CUT[case]
    one.repack(content(), media_type)
    assert one.refused().code in BROKEN


READ: dict[str, Made] = {
    "two gzip members": (lambda: gzip.compress(GOOD[0][:700]) + gzip.compress(GOOD[0][700:]), GZIP),
    "an empty gzip member first": (lambda: gzip.compress(b"") + gzip.compress(GOOD[0]), GZIP),
    "a gzip member with a name and a comment": (
        lambda: b"\x1f\x8b\x08\x18" + bytes(6) + b"name\0comment\0" + gzip.compress(GOOD[0], mtime=0)[10:],
        GZIP,
    ),
    "two zstd frames": (
        lambda: zstandard.ZstdCompressor().compress(GOOD[0][:700]) + zstandard.ZstdCompressor().compress(GOOD[0][700:]),
        ZSTD,
    ),
    "plain, called gzip": (lambda: GOOD[0], GZIP),
    "gzip, called zstd": (lambda: gzip.compress(GOOD[0]), ZSTD),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_odd_and_means_something_is_read(one: Image, case: str) -> None:
    content, media_type = READ[case]
    one.repack(content(), media_type)
    assert one.squashed() == TOLD


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[]", b"null", b"{}", b'{"schemaVersion":2}', b"\xff", b"[" * 100_000, b'{"layers": 5}']
)
def test_a_manifest_that_is_none(one: Image, said: bytes) -> None:
    made = one.here.put(documents.OCI_MANIFEST, said)
    one.here.lay("web", Descriptor(documents.OCI_MANIFEST, made.digest, made.size))
    one.refused()


@pytest.mark.parametrize(
    "edit",
    [
        lambda it: it.update(layers=None),
        lambda it: it.update(layers="x"),
        lambda it: it.update(layers=[{}]),
        lambda it: it.update(layers=[None]),
        lambda it: it.update(config=None),
        lambda it: it.update(config={"mediaType": documents.OCI_CONFIG}),
        lambda it: it["layers"][0].update(digest="sha256:" + "../" * 20),
        lambda it: it["layers"][0].update(digest="md5:abc"),
        lambda it: it["layers"][0].update(digest=5),
        lambda it: it["layers"][0].update(size=-1),
        lambda it: it["layers"][0].update(size="many"),
    ],
)
def test_a_manifest_with_odd_fields(one: Image, edit: Callable[[dict[str, Any]], None]) -> None:
    edit(one.manifest)
    one.lay()
    one.refused()


@pytest.mark.parametrize(
    "edit",
    [
        lambda it: it.update(rootfs=None),
        lambda it: it.update(rootfs=[]),
        lambda it: it["rootfs"].update(diff_ids=None),
        lambda it: it["rootfs"].update(diff_ids=[1, 2]),
    ],
)
def test_a_configuration_with_an_odd_root(one: Image, edit: Callable[[dict[str, Any]], None]) -> None:
    one.config(edit)
    one.refused()


@pytest.mark.parametrize("odd", [[1], "x", 5, {"Labels": ["a"]}, {"Labels": "a"}])
def test_a_configuration_with_odd_settings(one: Image, odd: Any) -> None:
    one.config(lambda it: it.update(config=odd))
    one.refused()


ODD_HISTORY: dict[str, Any] = {
    "none": None,
    "empty": [],
    "longer than the layers": [{"created_by": str(it)} for it in range(9)],
    "shorter": [{"created_by": "x"}],
    "with empty layers": [{"empty_layer": True}, {}, {"empty_layer": True}, {}],
    "of nulls": [None, None],
    "no list": "x",
}


@pytest.mark.parametrize("case", ODD_HISTORY)
def test_an_odd_history(one: Image, case: str) -> None:
    """As many entries say that they made a layer as there are layers, where there is a history at all."""
    one.config(lambda it: it.update(history=ODD_HISTORY[case]))
    try:
        made = squash(one.here, one.there)
    except PaasError:
        assert case in ("of nulls", "no list")
        return
    config = document(one.there, document(one.there, made.root)["config"])
    entries = config.get("history") or []
    assert sum(not it.get("empty_layer") for it in entries) == len(config["rootfs"]["diff_ids"]) == 1


def test_broken_tars_are_never_a_traceback() -> None:
    """Bytes of headers changed at random, checksums mended so that the fields are read."""
    pool = [list(it.layers) for it in CASES.values() if sum(map(len, it.layers)) < 20_000]
    pool += [tars(image(7, number)) for number in range(60)]
    told_: set[str] = set()
    for number in range(1500):
        random = Random(number)
        layers = list(random.choice(pool))
        at = random.randrange(len(layers))
        layers[at] = _broken(bytearray(layers[at]), random)
        try:
            squash_indexed(indexed(layers), layers, number % 2, 1)
            told_.add("squashed")
        except PaasError as error:
            told_.add(error.code)
    assert told_ == {"squashed", "unsafe-layer", "layer-damaged"}


_ODD = bytes([0, 255, 0x80, 0x20, 0x30, 0x37, 0x39, 0x3D, 0x0A, 0x2F])


def _broken(tar: bytearray, random: Random) -> bytes:
    for _ in range(random.randint(1, 3)):
        if tar:
            random.choice(_WAYS)(tar, random)
    for block in range(0, len(tar) - BLOCK + 1, BLOCK):
        if tar[block + 257 : block + 262] == b"ustar":
            tar[block + 148 : block + 156] = b" " * 8
            tar[block + 148 : block + 156] = b"%06o\0 " % sum(tar[block : block + BLOCK])
    return bytes(tar)


def _cut(tar: bytearray, random: Random) -> None:
    del tar[random.randrange(len(tar)) :]


def _left_out(tar: bytearray, random: Random) -> None:
    at = _block(tar, random)
    del tar[at : at + BLOCK]


def _repeated(tar: bytearray, random: Random) -> None:
    at = _block(tar, random)
    tar[at:at] = tar[at : at + BLOCK]


def _sized(tar: bytearray, random: Random) -> None:
    tar[min(_block(tar, random) + 124 + random.randrange(12), len(tar) - 1)] = random.choice(_ODD)


def _typed(tar: bytearray, random: Random) -> None:
    tar[min(_block(tar, random) + 156, len(tar) - 1)] = random.choice(b"0123456LKxgSXM7\0")


def _changed(tar: bytearray, random: Random) -> None:
    tar[random.randrange(len(tar))] = random.choice(_ODD)


def _block(tar: bytearray, random: Random) -> int:
    return random.randrange(len(tar)) // BLOCK * BLOCK


_WAYS = (_cut, _left_out, _repeated, _sized, _typed, _changed)


def test_a_digest_in_the_index_that_lies(one: Image) -> None:
    other = f"sha256:{hashlib.sha256(b'other').hexdigest()}"
    one.blob(other).write_bytes(json.dumps(one.manifest).encode())
    one.here.lay("web", Descriptor(documents.OCI_MANIFEST, other, len(json.dumps(one.manifest))))
    one.refused()
