"""Releases that race or die, as processes, on a real registry and a bare repository: one tag, one release (V6, V7)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.clones import Clones, outcome
from support.registry import Registry

_MANY = 10


@pytest.fixture
def clones(tmp_path: Path) -> Iterator[Clones]:
    with Registry() as registry:
        yield Clones.made(tmp_path, registry)


def _promised(outcomes: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """What the outcomes say of the release; one and the same from all of them."""
    return {tuple(it["facts"][name] for name in ("version", "tag", "record", "image.web")) for it in outcomes}


def _check(clones: Clones, told: dict[str, Any], commit: str) -> None:
    """One tag, one record, one tag of the image, and all of it is what was told."""
    version = told["facts"]["version"]
    assert clones.tags() == {f"v{version}": commit}
    tags = {name: dict(it) for name, it in clones.registry.tags.items()}
    assert tags == {
        "shop": {version: told["facts"]["record"].partition("@")[2]},
        "shop/web": {version: told["facts"]["image.web"].partition("@")[2]},
    }


@pytest.mark.parametrize("differs", [False, True], ids=["builds are equal", "every build has other bytes"])
def test_ten_releases_of_a_commit_from_ten_clones_are_one(clones: Clones, differs: bool) -> None:
    commit = clones.git(clones.first, "rev-parse", "HEAD")
    folders = [clones.clone(f"clone-{number}", differs=differs) for number in range(_MANY)]
    begun = [clones.start(it, "release", "--output", "json") for it in folders]
    outcomes = [outcome(it) for it in begun]
    assert len(_promised(outcomes)) == 1
    built = {it["facts"].get("digest.web") for it in outcomes} - {None}  # who comes when all is there builds nothing
    assert (len(built) > 1) is differs
    _check(clones, outcomes[0], commit)
    for it in folders:  # the tag here is the remote's, or the next `git fetch --tags` would stumble over it
        assert not clones.git(it, "fetch", "--tags")
    assert clones.run(folders[3], "release")["status"] == "nothing-to-do"


def test_releases_at_once_that_sign_are_signed_and_stay_one(clones: Clones) -> None:
    key = clones.folder / "key.pem"
    words = ("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
    subprocess.run(words, check=True, capture_output=True)
    folders = [clones.clone(f"clone-{number}") for number in range(4)]
    begun = [clones.start(it, "release", "--output", "json", "--sign-key", str(key)) for it in folders]
    outcomes = [outcome(it) for it in begun]
    assert len(_promised(outcomes)) == 1
    assert clones.run(folders[0], "release", "--sign-key", str(key))["status"] == "nothing-to-do"
    for name, path in (("record", "shop"), ("image.web", "shop/web")):
        digest = outcomes[0]["facts"][name].partition("@")[2]
        assert f"{digest.replace(':', '-')}.sig" in clones.registry.tags[path]


def test_two_commits_at_once_never_share_a_tag(clones: Clones) -> None:
    """Every pair ends as two versions, or as one and a clear stop; what was stopped can go on."""
    one = clones.clone("one")
    begun = [clones.start(one, "release", "--output", "json")]
    commit = clones.commit(clones.first, "feat: two")
    begun.append(clones.start(clones.first, "release", "--output", "json"))
    told = []
    for it in begun:
        out, err = it.communicate(timeout=240)
        assert it.returncode in (0, 4), err
        told.append((it.returncode, json.loads(out)))
    won = [it for code, it in told if code == 0]
    assert won
    assert len({it["facts"]["version"] for it in won}) == len(won)
    for code, it in told:
        assert code == 0 or it["problems"][0]["hint"].startswith("git ")
    clones.git(clones.first, "fetch", "-q", "--tags")
    last = clones.run(clones.first, "release")
    assert clones.tags()[last["facts"]["tag"]] == commit
    assert len(set(clones.tags().values())) == len(clones.tags())


def test_a_tag_that_another_commit_has_just_taken_is_a_clear_stop(clones: Clones) -> None:
    """Between the look and the push: the remote's hook lets the other one in first."""
    ours = clones.clone("ours")
    other = clones.git(clones.first, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs")
    clones.git(clones.first, "push", "-q", "origin", f"{other}:refs/heads/theirs")
    hook = clones.folder / "there" / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit show-ref -q v0.1.0 || git tag v0.1.0 {other}\n")
    hook.chmod(0o755)
    told = clones.run(ours, "release", expect=4)
    assert told["problems"][0]["code"] == "would-clobber"
    assert told["problems"][0]["hint"].startswith("git pull --ff-only origin")
    assert clones.git(ours, "rev-parse", "v0.1.0^{commit}") == other  # it is no release of ours, here neither
    assert not clones.registry.tags


_MOMENTS = [(event, step) for step in range(5) for event in ("started", "ended")]


@pytest.mark.parametrize(("event", "step"), _MOMENTS, ids=[f"{event} {step}" for event, step in _MOMENTS])
def test_killed_at_any_step_another_machine_completes_the_release(clones: Clones, event: str, step: int) -> None:
    commit = clones.git(clones.first, "rev-parse", "HEAD")
    begun = clones.start(clones.first, "release", "--output", "jsonl")
    assert begun.stdout
    for line in begun.stdout:
        said = json.loads(line)
        if said["event"] == event and said["index"] == step:
            break
    begun.kill()
    begun.communicate()
    recorded = dict(clones.registry.tags.get("shop", {}))
    elsewhere = clones.run(clones.clone("elsewhere"), "release")
    assert elsewhere["facts"]["version"] == "0.1.0"
    _check(clones, elsewhere, commit)
    if recorded:
        assert dict(clones.registry.tags["shop"]) == recorded
    here = clones.run(clones.first, "release")
    assert here["status"] == "nothing-to-do"
    assert _promised([here, elsewhere]) == _promised([elsewhere])


def test_for_once_another_rule_leads_to_the_version(clones: Clones) -> None:
    clones.run(clones.first, "release")
    clones.commit(clones.first, "feat: more")
    words = ("release", "--increment", "minor")
    assert [clones.run(clones.first, *words)["facts"]["version"] for _ in range(2)] == ["0.2.0", "0.2.0"]
    assert clones.run(clones.clone("elsewhere"), *words)["status"] == "nothing-to-do"
    refused = clones.run(clones.first, *words, "--version", "3.0.0", expect=2)
    assert refused["problems"][0]["code"] == "usage"


def test_what_it_brings_is_in_the_tag_the_record_and_the_file(clones: Clones) -> None:
    clones.commit(clones.first, "fix: a thing (#12)")
    words = ("release", "--changelog", "CHANGELOG.md")
    clones.run(clones.first, *words)
    short = clones.git(clones.first, "rev-parse", "HEAD")[:7]
    message = clones.git(clones.first, "for-each-ref", "--format=%(contents)", "refs/tags/v0.1.0")
    assert message.startswith("shop 0.1.0\n\nFeatures:\n\n- begin (")
    assert f"Fixes:\n\n- a thing (#12) ({short})" in message
    written = (clones.first / "CHANGELOG.md").read_text()
    assert written.startswith("# Changelog\n\n## 0.1.0 (")
    assert f"### Fixes\n\n- a thing (#12) ({short})\n" in written
    records = [it for it in clones.registry.blobs["shop"].values() if b'"changelog":' in it]
    assert [json.loads(it)["changelog"] in written for it in records] == [True]
    assert clones.run(clones.first, *words)["status"] == "nothing-to-do"


def test_a_tag_whose_images_could_not_be_pushed_is_completed(clones: Clones) -> None:
    commit = clones.git(clones.first, "rev-parse", "HEAD")
    clones.registry.fault("PUT uploads", status=403)
    failed = clones.run(clones.first, "release", expect=77)
    assert len(failed["left"]) == 3  # push, record, the image's tag
    assert clones.tags() == {"v0.1.0": commit}
    _check(clones, clones.run(clones.first, "release"), commit)
