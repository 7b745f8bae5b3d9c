"""A folder keeps the cluster: over kills at any moment, over torn lines and full disks, for one process at a time."""

from __future__ import annotations

import http.client
import json
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.model import By, Place, Refusal
from paasctl.embedded.kube.simulation import Simulation, simulate, start
from paasctl.embedded.kube.store.journal import FolderBrokenError, FolderBusyError
from paasctl.embedded.kube.store.store import Store
from support.journal_child import at, config_map, ensure_namespace, opened

ROOT = Path(__file__).parents[2]
BY = By("kubectl")


@contextmanager
def _open(folder: Path) -> Iterator[Store]:
    store, journal = opened(folder)
    ensure_namespace(store)
    yield store
    journal.close()


def _write(store: Store, *names: str) -> None:
    for it in names:
        store.create(at(it), config_map(it, n=it), BY)


def _names(store: Store) -> list[str]:
    return [it["metadata"]["name"] for it in store.list("", "configmaps", "default") if "n" in it["data"]]


# --- kills ---


@dataclass
class Told:
    """What a process that was killed had said."""

    kept: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Name -> version and content of what is there."""
    newest: int = 0
    count: int = 0

    def take(self, lines: list[str]) -> None:
        for word, name, version, content in (it.split() for it in lines):
            self.count += 1
            self.newest = max(self.newest, int(version))
            if word == "+":
                self.kept[name] = (int(version), content)
            else:
                self.kept.pop(name, None)


def _killed(folder: Path, seed: int, seconds: float) -> list[str]:
    """What a child said before it was killed, so long after its first write."""
    command = [sys.executable, "-m", "support.journal_child", str(folder), str(seed)]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as child:
        assert child.stdout
        first = child.stdout.readline()
        threading.Timer(seconds, child.kill).start()
        said = first + child.stdout.read()
    whole, _, _ = said.decode().rpartition("\n")
    return whole.splitlines()


def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(11)
    told = Told()
    for seed in range(5):
        before = told.newest
        lines = _killed(tmp_path, seed, chance.uniform(0.01, 0.15))
        assert all(int(it.split()[2]) > before for it in lines), "a version came back"
        told.take(lines)
        store, journal = opened(tmp_path)
        live = {it["metadata"]["name"]: it for it in store.list("", "configmaps", "default") if "n" in it["data"]}
        there = {name: (int(it["metadata"]["resourceVersion"]), it["data"]["n"]) for name, it in live.items()}
        differs = {name for name in {*there, *told.kept} if there.get(name) != told.kept.get(name)}
        # the one write that was under way may have been kept without having been told of
        assert len(differs) <= 1
        assert all(name not in there or there[name][0] > told.newest for name in differs)
        assert store.version() >= told.newest
        told.kept, told.newest = there, store.version()
        journal.close()
    assert told.count > 20


# --- torn lines ---


def test_a_torn_last_line_is_cut_off_wherever_it_breaks(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        _write(store, "one", "two")
    path = tmp_path / "objects.log"
    with _open(tmp_path) as store:
        before = path.read_bytes()
        _write(store, "three")
        after = path.read_bytes()
    for size in (len(before) + 1, len(before) + 9, (len(before) + len(after)) // 2, len(after) - 1):
        path.write_bytes(after[:size])
        with _open(tmp_path) as store:
            assert _names(store) == ["one", "two"]
            store.create(at("next"), config_map("next", n="n"), BY)
        with _open(tmp_path) as store:
            assert _names(store) == ["next", "one", "two"]


@pytest.mark.parametrize("tail", [b"\x00" * 512, b"deadbeef [1]\n", b"not a line\n", b"\n"])
def test_what_is_no_line_of_ours_at_the_end_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    with _open(tmp_path) as store:
        _write(store, "one")
    with (tmp_path / "objects.log").open("ab") as file:
        file.write(tail)
    with _open(tmp_path) as store:
        assert _names(store) == ["one"]
        _write(store, "two")
    with _open(tmp_path) as store:
        assert _names(store) == ["one", "two"]


def test_a_file_that_is_damaged_in_its_middle_is_left_as_it_is(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        _write(store, "one", "two")
    path = tmp_path / "objects.log"
    damaged = path.read_bytes().replace(b'"n":"one"', b'"n":"oNe"')
    path.write_bytes(damaged)
    for _ in range(2):  # the second time the folder is free again
        with pytest.raises(FolderBrokenError, match=r"objects\.log:\d+ is damaged, and what comes after it is not"):
            opened(tmp_path)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("said", ['[7, {"place": "of a later version"}]', '{"format": 2}', '[7, "", "pods", null]'])
def test_a_file_of_a_later_version_is_left_as_it_is(tmp_path: Path, said: str) -> None:
    content = b"%08x %b\n" % (zlib.crc32(said.encode()), said.encode())
    (tmp_path / "objects.log").write_bytes(content)
    with pytest.raises(FolderBrokenError, match=r"objects\.log:1 is in no words of this version of paasctl"):
        opened(tmp_path)
    assert (tmp_path / "objects.log").read_bytes() == content


def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "objects.log").write_text("chapter one")
    with pytest.raises(FolderBrokenError, match="holds nothing that this version of paasctl has written"):
        opened(tmp_path)
    assert (tmp_path / "objects.log").read_text() == "chapter one"


def test_a_fresh_file_that_was_never_put_in_place_is_no_harm(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        _write(store, "one")
    (tmp_path / "objects.new").write_bytes(b"half of it")
    with _open(tmp_path) as store:
        assert _names(store) == ["one"]


@contextmanager
def _full_disk(path: Path, room: int) -> Iterator[None]:
    """No file of this process grows beyond where this one is now, and so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 100])
def test_a_full_disk_loses_nothing_that_comes_when_there_is_room_again(tmp_path: Path, room: int) -> None:
    with _open(tmp_path) as store:
        _write(store, "one")
        with _full_disk(tmp_path / "objects.log", room), pytest.raises(OSError, match="File too large"):
            store.create(at("big"), config_map("big", n="x" * 1000), BY)
        assert _names(store) == ["one"]
        _write(store, "two")
    with _open(tmp_path) as store:
        assert _names(store) == ["one", "two"]


def test_what_a_full_disk_keeps_from_being_deleted_is_still_there(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        _write(store, "one")
        with _full_disk(tmp_path / "objects.log", 0), pytest.raises(OSError, match="File too large"):
            store.delete(at("one"))
        assert _names(store) == ["one"]
        store.delete(at("one"))
        assert _names(store) == []


# --- deletions that were cut off ---


def _under(store: Store, name: str, *owners: str, **more: object) -> None:
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": it, "uid": live["metadata"]["uid"]}
        for it in owners
        if (live := store.get(at(it)))
    ]
    made = config_map(name, n=name)
    store.create(at(name), {**made, "metadata": {**made["metadata"], "ownerReferences": references, **more}}, BY)


def test_a_deletion_that_was_cut_off_is_carried_out(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        _write(store, "top", "other")
        _under(store, "mid", "top")
        _under(store, "leaf", "mid")
        _under(store, "shared", "top", "other")
        _under(store, "held", "top", finalizers=["example.com/hold"])
        with store.shelf.lock:
            store.shelf.remove(at("top"))  # the first line of what a whole deletion writes
    with _open(tmp_path) as store:
        assert _names(store) == ["held", "other", "shared"]
    with _open(tmp_path) as store:
        assert _names(store) == ["held", "other", "shared"]


def test_what_is_owned_by_something_that_was_never_here_stays(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        owner = {"apiVersion": "v1", "kind": "Node", "name": "far", "uid": "of-a-live-cluster"}
        made = config_map("copied", n="1")
        metadata = {**made["metadata"], "uid": "u", "resourceVersion": "7", "ownerReferences": [owner]}
        store.shelf.restore(at("copied"), {**made, "metadata": metadata})
    with _open(tmp_path) as store:
        assert _names(store) == ["copied"]


# --- versions ---


def test_versions_go_on_even_when_nothing_is_left(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        _write(store, "one")
        store.delete(at("one"))
        newest = store.version()
    for _ in range(3):
        with _open(tmp_path) as store:
            assert store.version() == newest


def test_the_folder_does_not_grow_by_what_is_gone(tmp_path: Path) -> None:
    with _open(tmp_path) as store:
        for number in range(50):
            _write(store, f"m{number}")
            store.delete(at(f"m{number}"))
        size = (tmp_path / "objects.log").stat().st_size
    with _open(tmp_path) as store:
        assert _names(store) == []
    assert (tmp_path / "objects.log").stat().st_size < size / 10


# --- simulations ---


def _uid(sim: Simulation) -> str:
    found = sim.store.get(Place("", "namespaces", "", "kube-system"))
    assert found
    uid: str = found["metadata"]["uid"]
    return uid


def test_a_second_simulation_on_the_folder_is_refused(tmp_path: Path) -> None:
    with simulate(state=tmp_path, clock=DrivenClock()) as first:
        with pytest.raises(FolderBusyError, match=f"{tmp_path} is in use by another process"):
            simulate(state=tmp_path, clock=DrivenClock()).__enter__()
        first.store.create(at("one"), config_map("one", n="1"), BY)
    with simulate(state=tmp_path, clock=DrivenClock()) as second:
        assert _names(second.store) == ["one"]


def test_a_start_that_fails_lets_go_of_the_folder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        start(state=tmp_path, port=taken.getsockname()[1])
    with simulate(state=tmp_path, clock=DrivenClock()) as second:
        assert _uid(second)


def test_secrets_that_a_kill_left_half_written_are_made_anew(tmp_path: Path) -> None:
    for name in ("token", "server.crt", "server.key", "ca.crt"):
        (tmp_path / name).touch()
    with simulate(state=tmp_path, clock=DrivenClock()) as made:
        assert len(made.token) > 40
        assert b"BEGIN CERTIFICATE" in made.authority


def test_a_write_that_found_the_disk_full_is_answered_and_not_held_for_done(tmp_path: Path) -> None:
    with simulate(state=tmp_path, clock=DrivenClock(), tls=False) as made:
        path = "/api/v1/namespaces/default/configmaps"
        with _full_disk(tmp_path / "objects.log", 0):
            status, said = _post(made, path, config_map("one", n="x" * 1000))
        assert (status, said["reason"]) == (500, "InternalError")
        assert said["message"] == "Internal error occurred: keeping the cluster's state: File too large"
        assert _post(made, path, config_map("one", n="1"))[0] == 201


def test_whoever_writes_after_the_end_is_told_that_nothing_is_kept(tmp_path: Path) -> None:
    with simulate(state=tmp_path, clock=DrivenClock(), tls=False) as made:
        pass
    with (tmp_path / "other").open("wb"), pytest.raises(OSError, match="Bad file descriptor"):
        made.store.create(at("late"), config_map("late", n="1"), BY)
    assert (tmp_path / "other").read_bytes() == b""


def test_controllers_that_found_the_disk_full_go_on_when_there_is_room_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = DrivenClock()
    with simulate(state=tmp_path, clock=clock) as made:
        spec = {"containers": [{"name": "a", "image": "b:1"}]}
        place = Place("", "pods", "default", "one")
        made.store.create(place, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": spec}, BY)
        with _full_disk(tmp_path / "objects.log", 0):
            clock.advance(2)
        assert [it.message for it in caplog.records if it.exc_info] == []
        clock.advance(30)
        found = made.store.get(place)
        assert found
        assert found["status"]["phase"] == "Running"


def _post(sim: Simulation, path: str, body: object) -> tuple[int, dict[str, str]]:
    with closing(http.client.HTTPConnection(sim.server.host, timeout=5)) as connection:
        connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {sim.token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_a_folder_keeps_who_the_cluster_is_and_how_one_gets_in(tmp_path: Path) -> None:
    with simulate(state=tmp_path, clock=DrivenClock()) as first:
        before = (_uid(first), first.token, first.authority)
    with simulate(state=tmp_path, clock=DrivenClock()) as second:
        assert (_uid(second), second.token, second.authority) == before


def test_what_a_folder_keeps_is_its_owners_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with simulate(state=tmp_path, clock=DrivenClock()):
        open_ = [it.name for it in tmp_path.iterdir() if it.stat().st_mode & 0o077]
    assert open_ == []
    with simulate(state=tmp_path / "made", clock=DrivenClock()):
        assert (tmp_path / "made").stat().st_mode & 0o077 == 0


def test_a_watch_from_before_the_restart_is_too_old(tmp_path: Path) -> None:
    with simulate(state=tmp_path, clock=DrivenClock()) as first:
        then = first.store.version()
        first.store.create(at("one"), config_map("one", n="1"), BY)
    with (
        simulate(state=tmp_path, clock=DrivenClock()) as second,
        pytest.raises(Refusal, match="too old resource version"),
        second.store.changes(then),
    ):
        pass
