"""Ended anywhere, cut anywhere: no name leads to nothing, and the same command goes on to the same end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.errors import Exit
from paasctl.model.cleanup import SWEEP_TAG
from paasctl.planning.cleanup.decide import Cap
from support.cleaning import Dump, dump_in
from support.copying import put_index
from support.promoting import outcome

ALL = Cap(number=1000, share=1.0)


def _arranged(dump: Dump) -> None:
    """An index with what it lists, so that something goes that no tag tells of."""
    here = dump.registry
    old = [here.put_image("shop/web", it, config=b'{"created": "2020-01-01T00:00:00Z"}') for it in (b"amd", b"arm")]
    put_index(here, "shop/web", (old[0], "linux/amd64"), (old[1], "linux/arm64"), tag="0.0.1")


@pytest.mark.parametrize("api", [True, False], ids=["referrers", "tags of clients"])
def test_stopped_after_any_delete_the_next_run_goes_on(tmp_path: Path, *, api: bool) -> None:
    survived = 0
    while True:
        with dump_in(tmp_path / str(survived), releases=2, api=api) as dump:
            _arranged(dump)
            wanted = dump.wanted
            gone = _fail_after(dump, survived)
            status, events = dump.clean(cap=ALL)
            dump.registry.running.faults.clear()
            dump.whole()
            if status is Exit.OK:
                assert survived > 8, "it was ended after each of them"
                return
            assert dict(outcome(events).facts)["deleted"] == str(len(gone)), "also of those beside the one that failed"
            assert any(tag.startswith(SWEEP_TAG) for tag in dump.registry.tags["shop"])
            assert dump.clean(cap=ALL)[0] is Exit.OK, survived
            assert dump.state == wanted, survived
            assert outcome(dump.clean(cap=ALL)[1]).status == "nothing-to-do"
        survived += 1


def _fail_after(dump: Dump, survived: int) -> list[str]:
    """Let that many deletes through, then refuse all; digests of those that went."""
    folder, left = dump.registry.folder, [survived]
    gone: list[str] = []
    real = folder.delete_manifest

    def delete(repository: str, digest: str) -> bool:
        if not digest.endswith("0" * 40):
            if not left[0]:
                dump.registry.rules.deletes = False
                raise PermissionError(13, "it went away")
            left[0] -= 1
            gone.append(digest)
        return real(repository, digest)

    folder.delete_manifest = delete  # type: ignore[method-assign]  # the fault
    clear = dump.registry.running.faults.clear

    def mended() -> None:
        folder.delete_manifest = real  # type: ignore[method-assign]  # mended
        dump.registry.rules.deletes = True
        clear()

    dump.registry.running.faults.clear = mended  # type: ignore[method-assign]  # with it
    return gone


FAULTS: dict[str, Callable[[Dump], None]] = {
    "a tag list that is cut": lambda it: it.registry.fault("GET tags", cut=5),
    "503 while reading": lambda it: it.registry.fault("GET manifests", status=503, times=3),
    "429 while reading": lambda it: it.registry.fault("GET manifests", status=429, headers={"Retry-After": "1"}),
    "503 while deleting": lambda it: it.registry.fault("DELETE manifests", status=503, times=3),
    "429 while deleting": lambda it: it.registry.fault("DELETE manifests", status=429, headers={"Retry-After": "1"}),
    "404 while deleting: gone already": lambda it: it.registry.fault("DELETE manifests shop", status=404, times=2),
    "an answer that is lost": lambda it: it.registry.fault("DELETE manifests", mute=True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_passes_is_waited_for(tmp_path: Path, fault: str) -> None:
    with dump_in(tmp_path / "one", releases=2) as dump:
        _arranged(dump)
        wanted = dump.wanted
        FAULTS[fault](dump)
        status, _ = dump.clean(cap=ALL)
        dump.registry.running.faults.clear()
        assert status is Exit.OK
        dump.whole()
        assert dump.clean(cap=ALL)[0] is Exit.OK
        assert dump.state == wanted


STOPS: dict[str, tuple[Callable[[Dump], None], Exit]] = {
    "the registry is down": (lambda it: it.registry.fault("GET tags", status=503, times=100), Exit.UNAVAILABLE),
    "a manifest can't be read": (
        lambda it: it.registry.fault("GET manifests", status=500, times=1000),
        Exit.UNAVAILABLE,
    ),
    "a record's document is altered": (
        lambda it: it.registry.fault("GET blobs", flip=True, times=100),
        Exit.UNAVAILABLE,
    ),
    "referrers are refused": (lambda it: it.registry.fault("GET referrers", status=403, times=100), Exit.FORBIDDEN),
    "deleting is refused": (lambda it: it.registry.fault("DELETE manifests", status=403, times=100), Exit.FORBIDDEN),
}


@pytest.mark.parametrize("fault", STOPS)
def test_what_could_not_be_found_out_stops_it_before_anything(tmp_path: Path, fault: str) -> None:
    with dump_in(tmp_path / "one", releases=2) as dump:
        before = dump.state
        arrange, wanted = STOPS[fault]
        arrange(dump)
        status, events = dump.clean(cap=ALL)
        assert status is wanted
        assert outcome(events).problems
        dump.registry.running.faults.clear()
        assert dump.state == before


def test_another_apps_note_is_let_be(tmp_path: Path) -> None:
    with dump_in(tmp_path / "one", releases=2) as dump:
        made = dump.registry.put_blob("shop", b'{"format":1,"manifests":[]}')
        note = {
            "schemaVersion": 2,
            "artifactType": "application/vnd.paasctl.sweep.v1+json",
            "config": {"mediaType": made.media_type, "digest": made.digest, "size": made.size},
            "layers": [],
            "annotations": {"org.opencontainers.image.title": "blog"},
        }
        held = dump.registry.put_manifest("shop", json.dumps(note).encode(), tag=f"{SWEEP_TAG}0")
        assert dump.clean(cap=ALL)[0] is Exit.OK
        assert held.digest in dump.registry.manifests["shop"]
