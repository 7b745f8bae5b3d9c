"""A squash in a real process: the same digest wherever it runs, nothing left however it ends, memory bounded."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from hostile.lay import lay, tiny
from hostile.parts import END, Part, header, layer, part, written
from hostile.processes import Ended, Room, ended

LAYERS = [
    written([part(b"\xff=1"), part("d/"), *(part(f"d/f{it}=" + "x" * it) for it in range(200))]),
    written([part("b=1"), part("s->d"), part("h==b")]),
    written(layer("d/.wh.f7 d/f8=new .wh.b")),
]


@pytest.fixture
def room() -> Iterator[Room]:
    """Not below pytest's own folder, which is closed to other users."""
    with TemporaryDirectory(prefix="hostile-") as folder:
        Path(folder).chmod(0o755)
        yield Room(Path(folder))


def _narrow() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.umask(0o077)


def _open() -> None:
    os.umask(0)


ELSEWHERE: dict[str, tuple[dict[str, str], Callable[[], None] | None]] = {
    "C": ({"LC_ALL": "C", "LANG": "C"}, None),
    "German": ({"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, None),
    "Kathmandu, with another hash seed": ({"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7"}, None),
    "hash seed 0, optimised": ({"PYTHONHASHSEED": "0", "PYTHONOPTIMIZE": "2"}, None),
    "one processor and a tight umask": ({}, _narrow),
    "an open umask": ({}, _open),
}


def test_the_same_digest_everywhere(room: Room) -> None:  # X8
    lay(room.image, LAYERS)
    digests = {}
    for name, (more, before) in ELSEWHERE.items():
        done = room.run(name, environ=room.environ(**more), preexec_fn=before)
        assert done.code == 0, done.err
        digests[name] = room.digest(name)
    assert len(set(digests.values())) == 1, digests
    assert room.left() == []


def _pythons() -> list[str]:
    """Every other Python of this machine that is new enough."""
    names = [f"python3.{minor}" for minor in range(11, 16)]
    found = [shutil.which(name, path=where) for where in ("/usr/bin", "/usr/local/bin") for name in names]
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [str(it) for name in names for it in managed.glob(f"*/bin/{name}")]
    return sorted({it for it in found if it is not None})


def test_the_same_diff_ids_on_every_python(room: Room) -> None:
    """Packed bytes are the compressor's; what they unpack to is ours, with the standard library alone, too."""
    lay(room.image, LAYERS)
    assert room.run("own").code == 0
    for number, python in enumerate(_pythons()):
        done = room.run(f"other-{number}", python=python)
        assert done.code == 0, (python, done.err)
        assert room.diff_ids(f"other-{number}") == room.diff_ids("own"), python


def _nobody(room: Room, result: str) -> Ended:
    """As a user who is not root; root's own Python may lie in a closed folder."""
    if os.getuid():
        return room.run(result)
    return room.run(result, python="/usr/bin/python3", user=65534, group=65534, extra_groups=[])


def test_the_same_digest_as_another_user(room: Room) -> None:
    lay(room.image, LAYERS)
    assert room.run("own").code == 0
    done = _nobody(room, "nobody")
    assert done.code == 0, done.err
    assert room.diff_ids("nobody") == room.diff_ids("own")


@pytest.mark.parametrize("closed", [".", "blobs/sha256", "index.json"])
def test_what_may_not_be_read_is_told(room: Room, closed: str) -> None:
    lay(room.image, LAYERS)
    (room.image / closed).chmod(0)
    try:
        done = _nobody(room, "out")
    finally:
        (room.image / closed).chmod(0o755)
    assert done.code == 77, done.err
    assert "error[forbidden]" in done.err
    assert room.left() == []


def test_the_source_date_epoch_decides_when_it_was_made(room: Room) -> None:
    lay(room.image, LAYERS)
    for name, epoch in (("one", "1700000000"), ("two", "1700000000"), ("later", "1700000001"), ("odd", "soon")):
        done = room.run(name, environ=room.environ(SOURCE_DATE_EPOCH=epoch))
        assert done.code == (2 if name == "odd" else 0), done.err
    assert room.digest("one") == room.digest("two") != room.digest("later")
    assert room.diff_ids("one") == room.diff_ids("later")


def _noise(count: int) -> list[bytes]:
    """Layers that take a while: no compressor gets anywhere with them."""
    random = Random(1)
    return [written([Part(b"f%d" % it, data=random.randbytes(6_000_000))]) for it in range(count)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("wait", [0.05, 0.5])
def test_a_signal_leaves_nothing(room: Room, number: signal.Signals, wait: float) -> None:
    lay(room.image, _noise(6), packed=False)
    process = room.start(room.command("out", "--layers", "2", "--output", "jsonl"))
    assert process.stdout is not None
    while '"started"' not in (line := process.stdout.readline()):
        assert line, process.stderr and process.stderr.read()
    signal.sigtimedwait([], wait)
    process.send_signal(number)
    done = ended(process)
    assert done.code in (0, 130, 143), done.err
    assert "Traceback" not in done.err
    assert room.left() == []
    assert room.unfinished("out") == []
    assert room.has_image("out") == (done.code == 0)


def test_success_and_failure_leave_nothing(room: Room) -> None:
    lay(room.image, LAYERS)
    assert room.run("good").code == 0
    shutil.rmtree(room.image)
    lay(room.image, [LAYERS[0], LAYERS[1][:-1500], LAYERS[2]])
    done = room.run("bad")
    assert done.code not in (0, 70)
    assert "error[layer-damaged]" in done.err
    assert room.left() == []
    assert room.unfinished("good") == room.unfinished("bad") == []
    assert room.has_image("good")
    assert not room.has_image("bad")


def test_names_that_lead_elsewhere_lead_nowhere(room: Room) -> None:
    """Nothing is ever unpacked: a layer can name what it likes, and its links lead where they like."""
    victim = room.root / "victim"
    victim.write_text("untouched")
    through = [part(b"s->" + bytes(room.root)), Part(b"s/victim", data=b"owned"), Part(bytes(victim), data=b"owned")]
    lay(room.image, [LAYERS[0], written(through)])
    assert room.run("through").code == 0
    shutil.rmtree(room.image)
    lay(room.image, [LAYERS[0], written([Part(b"../" * 30 + bytes(victim)[1:], data=b"owned")])])
    assert "leaves the root" in room.run("up").err
    assert victim.read_text() == "untouched"
    assert room.left() == []


def _bomb(size: int) -> tuple[bytes, str]:
    """A gzip of a file of zeros, and the digest of what it unpacks to."""
    packer, digest, out = zlib.compressobj(9, zlib.DEFLATED, 31), hashlib.sha256(), []
    zeros = bytes(1 << 20)
    for piece in (header(Part(b"a"), b"a", size), *[zeros] * (size >> 20), END):
        digest.update(piece)
        out.append(packer.compress(piece))
    return b"".join([*out, packer.flush()]), f"sha256:{digest.hexdigest()}"


def test_a_bomb_takes_no_memory(room: Room) -> None:
    """128 MB out of 128 KB; the memory is that of any other image."""
    bomb, digest = _bomb(128 << 20)
    small = [written([part("b=1")]), written([part("c=1")])]
    ids = [digest, *(f"sha256:{hashlib.sha256(it).hexdigest()}" for it in small)]
    packed = [zlib.compress(it, 1, 31) for it in small]
    lay(room.image, [bomb, *packed], diff_ids=ids)
    done = room.run("out", "--layers", "1")
    assert done.code == 0, done.err
    assert done.memory < 120


def test_a_tar_that_says_it_has_a_terabyte(room: Room) -> None:
    lay(room.image, [LAYERS[0], header(Part(b"a", dialect="gnu"), b"a", 1 << 40) + bytes(1 << 20)])
    done = room.run("out")
    assert "error[layer-damaged]" in done.err
    assert done.memory < 120


def test_many_tiny_entries_take_little_memory_each(room: Room) -> None:
    lay(room.image, [tiny(15_000), LAYERS[1]])
    done = room.run("out")
    assert done.code == 0, done.err
    assert done.memory < 100 + 15_000 * 1.2 / 1024
