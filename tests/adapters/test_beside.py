"""Layers read in processes of their own: the same index, the same errors, and nothing left behind."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from paasctl.adapters import beside as module
from paasctl.adapters.beside import beside
from paasctl.adapters.codecs import MachineCodecs
from paasctl.errors import BuildFailed, Cancelled, PaasError
from paasctl.oci.tar.tape import sha256_of
from paasctl.oci.tree.columns import each_member, layer_from
from paasctl.oci.tree.indexed import index_of
from paasctl.ports.codecs import LayerReader
from support.tars import Entry, tar_of

CODECS = MachineCodecs()
TAR = tar_of(Entry("n\udcff", data=b"1" * 9000, xattrs={"user.k": "v"}), "d@5,1", "s->x", "d/f=2")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[LayerReader]:
    monkeypatch.setattr(module, "_LEAST", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with beside(2, 1) as found:
        assert found is not None
        end = time.monotonic() + 20
        while len(children()) < 2:  # a process has no command line until the kernel is through with its start
            assert time.monotonic() < end
            threading.Event().wait(0.002)
        yield found


def children(parent: int = os.getpid()) -> set[int]:
    """Processes that read layers, and are not over yet."""
    return {int(it.name) for it in Path("/proc").iterdir() if it.name.isdigit() and _reads_for(it, parent)}


def _reads_for(process: Path, parent: int) -> bool:
    with suppress(OSError):  # it ended meanwhile
        said = dict(it.split(":\t", 1) for it in (process / "status").read_text().splitlines() if ":\t" in it)
        reads = b"paasctl.adapters.beside" in (process / "cmdline").read_bytes()
        return reads and int(said["PPid"]) == parent and not said["State"].startswith("Z")
    return False


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("packed", [TAR, gzip.compress(TAR)], ids=["plain", "gzip"])
def test_the_index_is_the_one_that_would_have_been_made_here(pool: LayerReader, packed: bytes, quick: bool) -> None:
    diff_id, index = pool.read([packed[:100], b"", packed[100:]], "sha256:l", quick=quick)
    said, here = index_of(CODECS.inflate([packed], "l"), "l", CODECS.checksum if quick else sha256_of)
    assert layer_from(index, "l", stargz=False) == here
    assert diff_id == said == "sha256:" + hashlib.sha256(TAR).hexdigest()


BROKEN = {
    "bytes that are no tar": b"x" * 2000,
    "a cut gzip": gzip.compress(os.urandom(9000) + TAR)[:-4000],
    "a member above the root": tar_of("../x=1"),
    "a cut tar": TAR[: len(TAR) // 2 - 100],
}


@pytest.mark.parametrize("packed", BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_told_as_it_would_have_been_here(pool: LayerReader, packed: bytes) -> None:
    with pytest.raises(PaasError) as here:
        index_of(CODECS.inflate([packed], "sha256:l"), "sha256:l")
    with pytest.raises(PaasError) as there:
        pool.read([packed], "sha256:l", quick=False)
    expected, found = here.value, there.value
    assert type(found) is type(expected)
    assert (found.message, found.hint, found.code) == (expected.message, expected.hint, expected.code)
    assert pool.read([TAR], "next", quick=True)[0], "the next layer is read by the same process"


def _forbidden(_: str) -> int:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("step", [1 << 14, 50_001, 1 << 20, 1 << 21])
@pytest.mark.parametrize("memory", ["there", "unknown", "forbidden"])
def test_megabytes_arrive_as_they_were(monkeypatch: pytest.MonkeyPatch, step: int, memory: str) -> None:
    """More than there are slots, in chunks below, at and above the size of one; twice, as slots are used in turn.

    Where no memory can be shared they go through the pipes.
    """
    if memory == "unknown":
        monkeypatch.delattr(os, "memfd_create")
    elif memory == "forbidden":
        monkeypatch.setattr(os, "memfd_create", _forbidden)
    monkeypatch.setattr(module, "_LEAST", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    tar = tar_of(*(Entry(f"f{it}", data=os.urandom(1_500_000)) for it in range(5)))
    with beside(2, 1) as pool:
        assert pool is not None
        made = [pool.read((tar[at : at + step] for at in range(0, len(tar), step)), "l", quick=False) for _ in (1, 2)]
    said, here = index_of([tar], "l")
    assert [(name, layer_from(index, "l", stargz=False)) for name, index in made] == [(said, here)] * 2


def test_a_watcher_sees_all_of_the_index_in_parts_and_before_the_end(pool: LayerReader) -> None:
    """More members than one part has; the first part is there while the layer still comes."""
    tar = tar_of(*(f"f{it}=1" for it in range(5000)))
    parts: list[bytes] = []
    came = threading.Event()

    def saw(part: bytes) -> None:
        parts.append(part)
        came.set()

    def chunks() -> Iterator[bytes]:
        yield tar[:-2048]
        assert came.wait(20)
        yield tar[-2048:]

    found = pool.watch(chunks(), "l", quick=True, saw=saw)
    said, here = index_of([tar], "l", CODECS.checksum)
    assert found == said
    assert len(parts) == 2
    assert [it for part in parts for it in each_member(part)] == list(here.members)


def test_what_a_watcher_fails_of_is_raised_and_nobody_waits(pool: LayerReader) -> None:
    tar = tar_of(*(f"f{it}=1" for it in range(30_000)))

    def saw(_: bytes) -> None:
        raise LookupError("not this one")

    with pytest.raises(LookupError, match="not this one"):
        pool.watch((tar[at : at + 100_000] for at in range(0, len(tar), 100_000)), "l", quick=True, saw=saw)
    assert pool.read([TAR], "l", quick=True)[0]


def test_a_stop_while_somebody_watches_ends_both(pool: LayerReader) -> None:
    before = children()

    def stopped() -> Iterator[bytes]:
        yield TAR[:700]
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pool.watch(stopped(), "l", quick=True, saw=lambda _: None)
    assert len(children()) == len(before) - 1


@pytest.mark.parametrize("packed", BROKEN.values(), ids=BROKEN)
def test_a_watcher_is_told_what_is_wrong(pool: LayerReader, packed: bytes) -> None:
    with pytest.raises(PaasError) as here:
        index_of(CODECS.inflate([packed], "sha256:l"), "sha256:l")
    with pytest.raises(PaasError) as there:
        pool.watch([packed], "sha256:l", quick=False, saw=lambda _: None)
    assert there.value.message == here.value.message


def test_no_descriptor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEAST", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with beside(2, 1) as pool:
        assert pool is not None
        pool.read([TAR], "l", quick=True)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_two_layers_are_read_by_two_processes_at_once(pool: LayerReader) -> None:
    met = threading.Barrier(2, timeout=20)

    def chunks() -> Iterator[bytes]:
        yield TAR[:512]
        met.wait()  # breaks where the other layer waits for this one's end
        yield TAR[512:]

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda _: pool.read(chunks(), "l", quick=True), range(2)))
    assert made[0] == made[1]


def test_a_stop_in_the_middle_ends_the_process_that_holds_half_a_layer(pool: LayerReader) -> None:
    before = children()

    def stopped() -> Iterator[bytes]:
        yield TAR[:700]
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pool.read(stopped(), "l", quick=True)
    assert len(children()) == len(before) - 1
    assert pool.read([TAR], "l", quick=True)[0]


def test_a_process_that_is_killed_is_told_by_its_signal(pool: LayerReader) -> None:
    def killing() -> Iterator[bytes]:
        yield TAR[:700]
        for it in children():
            os.kill(it, signal.SIGKILL)
        yield from [b"\0" * (1 << 20)] * 9  # more than there is room for

    with pytest.raises(
        BuildFailed, match="reading layer sha256:l: the process that read it was ended by signal 9"
    ) as it:
        pool.read(killing(), "sha256:l", quick=True)
    assert it.value.code == "reader-died"


def test_signals_for_the_whole_group_do_not_end_it(pool: LayerReader) -> None:
    assert pool.read([TAR], "l", quick=True)[0]
    for number in (signal.SIGINT, signal.SIGTERM):
        for it in children():
            os.kill(it, number)
    assert pool.read([TAR], "l", quick=True)[0]


def test_no_process_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEAST", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with beside(2, 1) as pool:
        assert pool is not None
        pool.read([TAR], "l", quick=True)
        assert len(children()) == 2
    assert not children()


def test_a_parent_that_is_killed_leaves_none(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from paasctl.adapters import beside as module\n"
        "module._LEAST = 0; module.os.cpu_count = lambda: 2\n"
        "with module.beside(2, 1) as pool:\n"
        "    pool.read([sys.stdin.buffer.read()], 'l', quick=True)\n"
        "    print(*[it._process.pid for it in pool._idle], flush=True)\n"
        "    time.sleep(60)\n"
    )
    argv = [sys.executable, "-c", script]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as parent:
        assert parent.stdin
        assert parent.stdout
        parent.stdin.write(TAR)
        parent.stdin.close()
        pids = [int(it) for it in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    end = time.monotonic() + 20
    while any(Path(f"/proc/{it}/cmdline").exists() for it in pids) and time.monotonic() < end:
        threading.Event().wait(0.02)
    assert not [it for it in pids if Path(f"/proc/{it}").exists()]


def test_what_lies_in_the_folder_one_stands_in_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: LayerReader
) -> None:
    del pool
    for name in ("json.py", "gc.py", "traceback.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the folder')\n")
    monkeypatch.chdir(tmp_path)
    with beside(2, 1) as other:
        assert other is not None
        assert other.read([TAR], "l", quick=True)[0]


@pytest.mark.parametrize(("layers", "packed", "processors"), [(2, 1, 2), (1, 1 << 40, 2), (9, 1 << 40, 1)])
def test_few_bytes_one_layer_or_one_processor_need_none(
    monkeypatch: pytest.MonkeyPatch, layers: int, packed: int, processors: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    with beside(layers, packed) as found:
        assert found is None
    assert not children()


def test_where_no_process_can_be_had_layers_are_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(subprocess, "Popen", refused)
    with beside(2, 1 << 40) as found:
        assert found is None
