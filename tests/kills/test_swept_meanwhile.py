"""Cleanups at once, and beside a promotion and a release: none takes what another needs, or the other is told."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.clones import PAAS, Clones, outcome
from support.meanwhile import meanwhile
from support.registry import Registry
from support.striking import Strike, ended, struck

_KEEP = "keep: {releases: 1, age: 1ms}"
_PAAS = PAAS.replace('"HOST/shop"}', f'"HOST/shop", {_KEEP}}}, rc: {{repository: "HOST/rc", {_KEEP}}}')
_NOTE = "/manifests/paasctl-sweep-"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Clones]:
    """Three releases at two stops, of which the newest stays."""
    with Registry() as registry:
        made = Clones.made(tmp_path, registry, _PAAS)
        for number in range(3):
            (made.first / "site" / "run").write_text(f"{number}\n")
            made.commit(made.first, "feat: more")
            made.run(made.first, "release")
        made.run(made.first, "promote", "0.1.0", "0.1.2", "--to", "rc")
        yield made


def _cleaning(shop: Clones, stop: str) -> subprocess.Popen[str]:
    words = ("cleanup", stop, "--apply", "--yes", "--max-delete", "100%", "--output", "json")
    return shop.start(shop.first, *words)


def _names(shop: Clones, path: str) -> set[str]:
    return {it for it in shop.registry.tags[path] if not it.startswith(("sha256-", "paasctl-"))}


def _check_whole(shop: Clones, stop: str, version: str) -> None:
    """The record, its image, and what they are made of."""
    for path in (stop, f"{stop}/web"):
        digest = shop.registry.tags[path][version]
        assert digest == shop.registry.tags[path.replace("rc", "shop", 1)].get(version, digest)
        said = json.loads(shop.registry.manifests[path][digest][1])
        for it in (said["config"], *said["layers"]):
            assert it["digest"] in shop.registry.blobs[path]


def test_two_at_once_are_one(shop: Clones) -> None:
    """Or one was quicker, and the others stop at the second look: what they had planned is not there any more."""
    begun = [_cleaning(shop, "dev") for _ in range(3)]
    told = [(json.loads(it.communicate(timeout=240)[0]), it.returncode) for it in begun]
    for it, code in told:
        assert code == 0 or (code, it["problems"][0]["code"], it["done"]) == (4, "plan-stale", []), it
    assert {code for _, code in told} >= {0}
    outcome(_cleaning(shop, "dev"))
    assert (_names(shop, "shop"), _names(shop, "shop/web")) == ({"0.1.2"}, {"0.1.2"})
    _check_whole(shop, "shop", "0.1.2")
    assert outcome(_cleaning(shop, "dev"))["status"] == "nothing-to-do"


def _held(shop: Clones, act: Callable[[], object]) -> subprocess.Popen[str]:
    """A cleanup of the second stop that has looked for the last time when `act` is done, and deletes after that."""
    with meanwhile(shop.registry.running.server, _NOTE, act):
        run = _cleaning(shop, "rc")
        run.wait(timeout=240)
    return run


def test_a_promotion_that_is_ended_meanwhile_keeps_its_image(shop: Clones) -> None:
    """Killed before it named the record, its image has a name that no release explains: that would go."""
    words = ("promote", "0.1.1", "--to", "rc", "--output", "json")
    with struck(Strike(0, word="/v2/rc/manifests/0.1.1"), shop.registry.running.server) as strike:
        run = shop.start(shop.first, *words)
        ended(run, strike)
    assert run.returncode == -signal.SIGKILL
    assert ("0.1.1" in _names(shop, "rc"), "0.1.1" in _names(shop, "rc/web")) == (False, True)
    told = outcome(_held(shop, lambda: outcome(shop.start(shop.first, *words))), 75)
    assert told["problems"][0]["code"] == "needed-meanwhile"
    _check_whole(shop, "rc", "0.1.1")
    _check_whole(shop, "rc", "0.1.2")
    outcome(_cleaning(shop, "rc"))
    _check_whole(shop, "rc", "0.1.2")
    assert _names(shop, "rc") == _names(shop, "rc/web") == {"0.1.2"}


def test_a_promotion_whose_image_is_swept_as_it_is_named_is_told_and_mends_it(shop: Clones) -> None:
    words = ("promote", "0.1.1", "--to", "rc", "--output", "json")
    digest = shop.registry.tags["shop/web"]["0.1.1"]

    def sweep() -> None:
        assert shop.registry.folder.delete_manifest("rc/web", digest)

    with meanwhile(shop.registry.running.server, "/v2/rc/manifests/0.1.1", sweep):
        run = shop.start(shop.first, *words)
        told = outcome(run, 75)
    assert told["problems"][0]["code"] == "image-not-found"
    assert outcome(shop.start(shop.first, *words))["status"] == "done"
    _check_whole(shop, "rc", "0.1.1")


def test_a_release_beside_a_cleanup_is_whole(shop: Clones) -> None:
    (shop.first / "site" / "run").write_text("more\n")
    shop.commit(shop.first, "feat: more")
    begun = [_cleaning(shop, "dev"), shop.start(shop.first, "release", "--output", "json"), _cleaning(shop, "dev")]
    told = [(it, *it.communicate(timeout=240)) for it in begun]
    assert [it.returncode for it, _, _ in told][1] == 0, told[1]
    assert {it.returncode for it, _, _ in told} <= {0, 4, 75}, told
    _check_whole(shop, "shop", "0.1.3")
    outcome(_cleaning(shop, "dev"))
    _check_whole(shop, "shop", "0.1.3")
    assert _names(shop, "shop") == {"0.1.3"}
