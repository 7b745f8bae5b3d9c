"""The images that the bench makes: the same each time, with as much dead in them as planned, and readable by others."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench import floor, squashing
from bench.commands import BrokenCommandError
from bench.input.kept import changed, digest, manifest_there
from bench.input.layout import write_image
from bench.input.plan import Size, count_dead, planned, tiny
from support.registry import Registry

_SIZE = Size(layers=6, live=(300, 900_000), dead=(240, 700_000), links=12)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Files to fill an image with: fewer than are asked for, so that some are taken twice."""
    folder, rng = tmp_path_factory.mktemp("material"), random.Random(1)
    for number in range(250):
        path = folder / f"d{number % 17}/e{number % 5}/file{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(70_000 if number % 9 == 0 else 200 + number))
    return (str(folder),)


@pytest.fixture(scope="module")
def image(roots: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images") / "one"
    write_image(folder, planned(_SIZE, roots=roots), lambda _: None)
    return folder


def _read(folder: Path, descriptor: str) -> bytes:
    return (folder / "blobs/sha256" / descriptor.removeprefix("sha256:")).read_bytes()


def _manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads(_read(folder, digest(folder))))


def test_of_one_seed_an_image_is_the_same_each_time(roots: tuple[str, ...], image: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "again", planned(_SIZE, roots=roots), lambda _: None)
    assert digest(tmp_path / "again") == digest(image)
    assert planned(_SIZE, seed=8, roots=roots) != planned(_SIZE, roots=roots)


def test_as_much_is_dead_as_was_planned(roots: tuple[str, ...]) -> None:
    total, dead = count_dead(planned(_SIZE, roots=roots))
    assert total == pytest.approx(1_600_000, rel=0.15)
    assert dead / total == pytest.approx(0.43, abs=0.1)


def test_every_way_to_die_and_to_link_is_there(roots: tuple[str, ...]) -> None:
    entries = [it for layer in planned(_SIZE, roots=roots) for it in layer]
    paths = Counter(it.path for it in entries if it.kind == "file" and ".wh." not in it.path)
    assert max(paths.values()) > 1
    assert {it.kind for it in entries} == {"file", "folder", "link", "symlink"}
    marks = {it.path.rpartition("/")[2] for it in entries if ".wh." in it.path}
    assert ".wh..wh..opq" in marks
    assert any(it.startswith(".wh.build") for it in marks)


def test_layers_are_tars_whose_digests_and_links_are_right(image: Path) -> None:
    manifest = _manifest(image)
    config = json.loads(_read(image, manifest["config"]["digest"]))
    assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == len(config["history"]) == 6
    for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        packed = _read(image, layer["digest"])
        assert (f"sha256:{hashlib.sha256(packed).hexdigest()}", len(packed)) == (layer["digest"], layer["size"])
        plain = gzip.decompress(packed)
        assert f"sha256:{hashlib.sha256(plain).hexdigest()}" == diff_id
        names = set[str]()
        with tarfile.open(fileobj=gzip.GzipFile(filename=str(image / "blobs/sha256" / layer["digest"][7:]))) as tar:
            for it in tar:
                assert not it.islnk() or it.linkname in names, it.name
                names.add(it.name)
        assert len(names) > 1


def test_tiny_files_are_many_and_a_tenth_of_each_layer_dies(tmp_path: Path) -> None:
    layers = tiny(1500, layers=5)
    files = [it.path for layer in layers for it in layer if it.kind == "file"]
    assert (len(set(files)), len(files)) == (1500, 1500 + 4 * 30)
    write_image(tmp_path / "tiny", layers, lambda _: None)


def test_a_changed_image_has_one_layer_more(image: Path, tmp_path: Path) -> None:
    made = changed(image, tmp_path / "changed")
    before, after = _manifest(image)["layers"], _manifest(made)["layers"]
    assert after[:-1] == before
    with tarfile.open(fileobj=gzip.GzipFile(filename=str(made / "blobs/sha256" / after[-1]["digest"][7:]))) as tar:
        assert tar.getnames()[-1] == "usr/share/changed.txt"


def _held(registry: Registry, image: Path) -> str:
    """The image in a registry of the tests."""
    manifest = _manifest(image)
    for it in (manifest["config"], *manifest["layers"]):
        registry.put_blob("a/b", _read(image, it["digest"]))
    registry.put_manifest("a/b", _read(image, digest(image)), tag="1")
    return f"{registry.host}/a/b:1"


@pytest.mark.parametrize("verb", ["inflate", "inflate-in-turn"])
def test_the_floor_inflates_all_of_it(image: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = sum(len(gzip.decompress(_read(image, it["digest"]))) for it in _manifest(image)["layers"])
    with Registry() as registry:
        floor.main(verb, _held(registry, image))
    assert capsys.readouterr().out == f"inflated {whole:,} bytes: done\n"


def test_the_floor_hashes_and_pushes_what_lives(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = [it["size"] for it in _manifest(image)["layers"]]
    with Registry() as registry:
        floor.main("squash", _held(registry, image), f"{registry.host}/a/out", "0.5")
        pushed = sum(map(len, registry.blobs["a/out"].values()))
    assert pushed == pytest.approx(sum(sizes) / 2, abs=max(sizes) / 2)
    assert f"pushed {pushed:,};" in capsys.readouterr().out


def test_a_manifest_is_read_where_it_is(image: Path) -> None:
    with Registry() as registry:
        reference = _held(registry, image)
        assert manifest_there(reference) == _manifest(image)
        with pytest.raises(BrokenCommandError, match="404"):
            manifest_there(f"{reference}2")


def test_the_rows_take_the_image_that_is_asked_for() -> None:
    assert squashing.IMAGE in {"big", "small"}
