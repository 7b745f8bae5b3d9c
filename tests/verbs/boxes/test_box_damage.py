"""Files that are not what they should be: said clearly, and nothing is written at the destination."""

from __future__ import annotations

import hashlib
import json
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.errors import Exit
from support.boxing import FILE, Gap, changed, contents, other, written
from support.promoting import VERSION, outcome

_MOST = 100_000
_NAME = "org.opencontainers.image.ref.name"
Damage = Callable[[Path], None]


def _cut(at: float) -> Damage:
    def damage(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * at)])

    return damage


def _flip(path: Path) -> None:
    """One bit of the largest blob."""
    content = bytearray(path.read_bytes())
    with tarfile.open(path) as tar:
        largest = max((it for it in tar if it.name.startswith("blobs/")), key=lambda it: it.size)
    content[largest.offset_data + largest.size // 2] ^= 1
    path.write_bytes(content)


def _without_a_layer(path: Path) -> None:
    files = contents(path)
    entries = json.loads(files["index.json"])["manifests"]
    web = next(it["digest"] for it in entries if it["annotations"].get(_NAME) == f"web:{VERSION}")
    layer = json.loads(files[f"blobs/{web.replace(':', '/')}"])["layers"][0]["digest"]
    del files[f"blobs/{layer.replace(':', '/')}"]
    written(path, files)


def _without_a_manifest(path: Path) -> None:
    files = contents(path)
    entry = next(it for it in json.loads(files["index.json"])["manifests"] if "artifactType" in it)
    del files[f"blobs/{entry['digest'].replace(':', '/')}"]
    written(path, files)


def _version(files: dict[str, bytes]) -> None:
    files["oci-layout"] = b'{"imageLayoutVersion":"2.0.0"}'


def _unlabelled(files: dict[str, bytes]) -> None:
    index = json.loads(files["index.json"])
    del index["annotations"]
    files["index.json"] = json.dumps(index).encode()


def _another_app(files: dict[str, bytes]) -> None:
    index = json.loads(files["index.json"])
    index["annotations"]["dev.paasctl.export.app"] = "other"
    files["index.json"] = json.dumps(index).encode()


def _other_record(files: dict[str, bytes]) -> None:
    """What has the version's name is no record."""
    index = json.loads(files["index.json"])
    web = next(it for it in index["manifests"] if it["annotations"].get(_NAME) == f"web:{VERSION}")
    for it in [*index["manifests"]]:
        if it["annotations"].get(_NAME) == VERSION:
            nameless = {key: said for key, said in it["annotations"].items() if key != _NAME}
            index["manifests"].append({**it, "annotations": nameless})
            it["digest"], it["size"] = web["digest"], web["size"]
    files["index.json"] = json.dumps(index).encode()


def _listing_nothing(files: dict[str, bytes]) -> None:
    """Its label alone is left of it."""
    index = json.loads(files["index.json"])
    files.clear()
    files |= {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps({**index, "manifests": []}).encode(),
    }


def _stowaway(files: dict[str, bytes]) -> None:
    """A blob with its right digest that nobody asked for."""
    files[f"blobs/sha256/{hashlib.sha256(b'x').hexdigest()}"] = b"x"


def _changed(change: Callable[[dict[str, bytes]], object], *more: tarfile.TarInfo) -> Damage:
    return lambda path: changed(path, change, *more)


def _extra(name: str) -> Damage:
    return _changed(lambda files: files.update({name: b"x"}))


def _linked(name: str, kind: bytes, target: str) -> Damage:
    return _changed(lambda _: None, other(name, kind, target))


def _bomb(path: Path) -> None:
    """A header that promises more than any disk has."""
    whole = path.read_bytes()
    path.write_bytes(other("blobs/sha256/" + "a" * 64, tarfile.REGTYPE, size=1 << 60).tobuf(tarfile.GNU_FORMAT) + whole)


def _sparse(path: Path) -> None:
    changed(path, lambda _: None, other("blobs/sha256/" + "a" * 64, tarfile.GNUTYPE_SPARSE))


def _many(path: Path) -> None:
    one = tarfile.TarInfo("blobs/").tobuf()
    path.write_bytes(one * (_MOST + 2) + bytes(1024))


def _saved(path: Path) -> None:
    written(path, {"manifest.json": b'[{"Config": "c.json", "Layers": []}]', "c.json": b"{}"})


@pytest.mark.parametrize(
    ("damage", "status", "code", "said"),
    [
        pytest.param(_cut(0.5), Exit.FAILED, "archive-damaged", FILE, id="cut in the middle"),
        pytest.param(_cut(0.0001), Exit.FAILED, "archive-damaged", FILE, id="cut in the first header"),
        pytest.param(lambda it: it.write_bytes(b""), Exit.FAILED, "archive-damaged", FILE, id="empty"),
        pytest.param(_flip, Exit.FAILED, "archive-damaged", "what should be sha256:", id="one bit is another"),
        pytest.param(_without_a_layer, Exit.FAILED, "archive-damaged", "is not in it", id="a layer is missing"),
        pytest.param(_without_a_manifest, Exit.FAILED, "archive-damaged", "not there", id="a manifest is missing"),
        pytest.param(_changed(_version), Exit.REFUSED, "image-unsupported", "'2.0.0'", id="another layout version"),
        pytest.param(
            _changed(_unlabelled), Exit.REFUSED, "archive-unsupported", "holds no release", id="only a layout"
        ),
        pytest.param(_changed(_another_app), Exit.REFUSED, "other-app", "holds other 0.1.0", id="of another app"),
        pytest.param(
            _changed(_other_record), Exit.UNAVAILABLE, "record-unreadable", "no record", id="an image as record"
        ),
        pytest.param(_saved, Exit.REFUSED, "archive-unsupported", "no oci-layout", id="what docker save wrote"),
        pytest.param(lambda it: it.write_bytes(b"PK" * 999), Exit.FAILED, "archive-damaged", "no tar", id="no tar"),
        pytest.param(
            lambda it: it.write_bytes(b"\x1f\x8b" + bytes(999)),
            Exit.REFUSED,
            "archive-unsupported",
            "packed",
            id="packed",
        ),
        pytest.param(_changed(_listing_nothing), Exit.FAILED, "archive-damaged", "has no record of it", id="no record"),
        pytest.param(_changed(_stowaway), Exit.FAILED, "archive-damaged", "nothing names it", id="a stowaway"),
        pytest.param(_extra("../../evil"), Exit.FAILED, "archive-damaged", "'../../evil'", id="a path that leads up"),
        pytest.param(_extra("/etc/cron.d/evil"), Exit.FAILED, "archive-damaged", "'/etc/cron.d", id="an absolute path"),
        pytest.param(_extra("blobs/sha256/../../x"), Exit.FAILED, "archive-damaged", "/../x'", id="up in the middle"),
        pytest.param(_extra("blobs/sha256/short"), Exit.FAILED, "archive-damaged", "short'", id="a blob of no digest"),
        pytest.param(
            _linked("blobs/sha256/" + "a" * 64, tarfile.SYMTYPE, "/etc/shadow"),
            Exit.FAILED,
            "archive-damaged",
            "no part of a release",
            id="a symlink",
        ),
        pytest.param(
            _linked("blobs/sha256/" + "a" * 64, tarfile.LNKTYPE, "index.json"),
            Exit.FAILED,
            "archive-damaged",
            "no part of a release",
            id="a hard link",
        ),
        pytest.param(
            _linked("blobs/x", tarfile.CHRTYPE, ""), Exit.FAILED, "archive-damaged", "'blobs/x'", id="a device"
        ),
        pytest.param(_bomb, Exit.FAILED, "archive-damaged", FILE, id="a size that no disk has"),
        pytest.param(_sparse, Exit.FAILED, "archive-damaged", FILE, id="a sparse file"),
        pytest.param(_many, Exit.FAILED, "archive-damaged", "more than 100,000", id="very many entries"),
        pytest.param(Path.unlink, Exit.FAILED, "file-missing", "there is no such file", id="not there"),
        pytest.param(
            lambda it: (it.unlink(), it.mkdir()), Exit.FAILED, "file-missing", "that is a folder", id="a folder"
        ),
    ],
)
def test_it_is_told_and_nothing_is_written(gap: Gap, damage: Damage, status: Exit, code: str, said: str) -> None:
    damage(gap.exported())
    found, events = gap.take()
    (problem,) = outcome(events).problems
    assert (found, problem.code) == (status, code)
    assert said in problem.message
    assert gap.stops.there.writes == 0
    assert not any(gap.stops.there.tags.values())


@pytest.mark.parametrize("seed", range(8))
def test_any_flipped_byte_is_found_or_changes_nothing_that_is_read(gap: Gap, seed: int) -> None:
    """Every byte of the tar but what pads it: names, sizes, checksums, contents."""
    whole = gap.exported().read_bytes()
    chance = random.Random(seed)
    for _ in range(12):
        broken = bytearray(whole)
        broken[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        gap.path.write_bytes(broken)
        status, events = gap.take(dry_run=True)
        assert status in (Exit.OK, Exit.FAILED, Exit.REFUSED, Exit.UNAVAILABLE)
        assert status is not Exit.OK or not outcome(events).problems
    assert gap.stops.there.writes == 0


def test_a_file_that_is_changed_after_it_was_checked_gives_nothing_a_name(gap: Gap) -> None:
    """It is read twice: what goes is verified once more as it goes."""
    from paasctl.verbs.boxes.importing import ImportRelease
    from support.conducted import go

    gap.exported()
    world = gap.stops.world.afresh()
    verb = ImportRelease(file=FILE, to="rc")
    planned = verb.next

    def then(facts: object, rounds: object) -> object:
        if not rounds:
            with gap.path.open("r+b") as file, tarfile.open(gap.path) as tar:
                largest = max((it for it in tar if it.name.startswith("blobs/")), key=lambda it: it.size)
                file.seek(largest.offset_data)
                file.write(b"\xff\xfe")
        return planned(facts, rounds)  # type: ignore[arg-type]  # passed on

    status, events = go(_Wrapped(verb, then), world)
    for it in world.clients.values():
        it.close()
    assert status is Exit.FAILED
    assert outcome(events).problems[0].code == "archive-damaged"
    assert not any(VERSION in it for it in gap.stops.there.tags.values())


class _Wrapped:
    def __init__(self, verb: object, then: Callable[[object, object], object]) -> None:
        self.read, self.end, self.next = verb.read, verb.end, then  # type: ignore[attr-defined]  # a verb's
