"""`release export` and `release import` as processes that race, are killed, and are given what is no file."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paasctl.model.promoting import PROMOTION_TYPE
from support.clones import PAAS, Clones, outcome
from support.registry import Registry
from support.striking import Strike, ended, struck

_GOALS = 40
_STOPS = "".join(f', rc{it}: {{repository: "HOST/rc{it}"}}' for it in range(_GOALS))
_PAAS = PAAS.replace('"HOST/shop"}', '"HOST/shop"}' + _STOPS)
_VERSIONS = ("0.1.0", "0.1.1")


@dataclass
class Gap:
    """Two releases at their first stop, in files, and many stops where they may arrive."""

    clones: Clones
    registry: Registry
    used: int = -1

    @property
    def folder(self) -> Path:
        return self.clones.first

    def files(self) -> list[str]:
        """What lies in the project's folder."""
        return sorted(it.name for it in self.folder.iterdir())

    def file(self, version: str) -> str:
        return f"{version}.tar"

    def goal(self) -> str:
        """A stop where nothing ever was."""
        self.used += 1
        return f"rc{self.used}"

    def taking(self, version: str, goal: str, *more: str) -> subprocess.Popen[str]:
        words = ("release", "import", self.file(version), "--to", goal, "--output", "json")
        return self.clones.start(self.folder, *words, *more)

    def exporting(self, version: str, file: str) -> subprocess.Popen[str]:
        """From the first stop: the same bytes every time."""
        words = ("release", "export", version, file, "--from", "dev", "--output", "json")
        return self.clones.start(self.folder, *words)

    def names(self, goal: str, version: str) -> Mapping[str, str]:
        """What has the version's name there: of the record "", and of its image."""
        every = {it: self.registry.tags.get(f"{goal}{it}", {}).get(version) for it in ("", "/web")}
        return {it: digest for it, digest in every.items() if digest}

    def wanted(self, version: str) -> Mapping[str, str]:
        return {it: self.registry.tags[f"shop{it}"][version] for it in ("", "/web")}

    def notes(self, goal: str, version: str) -> list[Mapping[str, Any]]:
        """The promotion records of that version that lie there."""
        every = [json.loads(content) for _, content in self.registry.manifests[goal].values()]
        subject = self.wanted(version)[""]
        return [it for it in every if it.get("artifactType") == PROMOTION_TYPE and it["subject"]["digest"] == subject]

    def check_whole(self, goal: str, version: str) -> None:
        """Whatever has a name there is what it is where it comes from, and lacks nothing."""
        names = self.names(goal, version)
        assert names.items() <= self.wanted(version).items()
        for it, digest in names.items():
            said = json.loads(self.registry.manifests[f"{goal}{it}"][digest][1])
            for layer in (said["config"], *said["layers"]):
                assert layer["digest"] in self.registry.blobs[f"{goal}{it}"]
        assert "" not in names or len(names) == 2


@pytest.fixture(scope="module")
def gap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gap]:
    with Registry() as registry:
        clones = Clones.made(tmp_path_factory.mktemp("gap"), registry, _PAAS)
        made = Gap(clones, registry)
        (made.folder / ".gitignore").write_text("*.tar\n")
        for number, version in enumerate(_VERSIONS):
            (made.folder / "site" / "run").write_bytes(random.Random(number).randbytes(3_000_000))
            clones.commit(made.folder, "feat: more")
            assert clones.run(made.folder, "release")["facts"]["version"] == version
            assert outcome(made.exporting(version, made.file(version)))["status"] == "done"
        yield made


def test_imports_of_one_file_at_once_are_one(gap: Gap) -> None:
    goal = gap.goal()
    told = [outcome(it) for it in [gap.taking("0.1.0", goal) for _ in range(4)]]
    assert {it["status"] for it in told} <= {"done", "nothing-to-do"}
    assert len({json.dumps([it["facts"][name] for name in ("record", "image.web")]) for it in told}) == 1
    assert gap.names(goal, "0.1.0") == gap.wanted("0.1.0")
    gap.check_whole(goal, "0.1.0")
    assert 1 <= len(gap.notes(goal, "0.1.0")) <= 4
    assert outcome(gap.taking("0.1.0", goal))["status"] == "nothing-to-do"


def test_imports_of_two_versions_at_once_are_both_there(gap: Gap) -> None:
    goal = gap.goal()
    for it in [gap.taking(version, goal) for version in (*_VERSIONS, *_VERSIONS)]:
        assert outcome(it)["status"] in ("done", "nothing-to-do")
    for version in _VERSIONS:
        assert gap.names(goal, version) == gap.wanted(version)
        gap.check_whole(goal, version)


def _strike(gap: Gap, strike: Strike, begin: Any) -> subprocess.Popen[str]:
    with struck(strike, gap.registry.running.server):
        run: subprocess.Popen[str] = begin()
        ended(run, strike)
    return run


def test_an_import_killed_before_any_write_is_ended_by_the_next(gap: Gap) -> None:
    every = Strike(10**6)
    goal = gap.goal()
    assert _strike(gap, every, lambda: gap.taking("0.1.0", goal)).returncode == 0
    writes = len(every.seen)
    assert writes > 15
    for at in [*range(0, writes - 5, 9), *range(writes - 5, writes)]:
        goal = gap.goal()
        run = _strike(gap, Strike(at), lambda goal=goal: gap.taking("0.1.0", goal))
        assert run.returncode == -signal.SIGKILL
        gap.check_whole(goal, "0.1.0")
        assert outcome(gap.taking("0.1.0", goal))["status"] == "done", f"killed before write {at}"
        assert gap.names(goal, "0.1.0") == gap.wanted("0.1.0")
        gap.check_whole(goal, "0.1.0")
        assert len(gap.notes(goal, "0.1.0")) == 1, f"killed before write {at}"


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_an_import_that_is_stopped_says_where_it_stands(gap: Gap, by: signal.Signals) -> None:
    goal = gap.goal()
    strike, uploads = Strike(6, by), set(gap.registry.uploads)
    with struck(strike, gap.registry.running.server):
        run = gap.taking("0.1.0", goal)
        out, said = ended(run, strike)
    told = json.loads(out)
    assert (run.returncode, told["exit"], told["status"]) == (128 + by, 128 + by, "cancelled"), said
    assert {it["do"] for it in told["left"]} >= {"notePromotion", "tagRecord"}
    assert set(gap.registry.uploads) == uploads
    gap.check_whole(goal, "0.1.0")
    assert outcome(gap.taking("0.1.0", goal))["status"] == "done"


def test_an_export_killed_in_the_midst_leaves_nothing(gap: Gap) -> None:
    before = gap.files()
    whole = _digest(gap.folder / gap.file("0.1.0"))
    every = Strike(10**6, word="/blobs/", methods=("GET ",))
    assert _strike(gap, every, lambda: gap.exporting("0.1.0", "again.tar")).returncode == 0
    assert _digest(gap.folder / "again.tar") == whole, "the same every time"
    (gap.folder / "again.tar").unlink()
    for at in range(0, len(every.seen), 3):
        strike = Strike(at, word="/blobs/", methods=("GET ",))
        assert _strike(gap, strike, lambda: gap.exporting("0.1.0", "again.tar")).returncode == -signal.SIGKILL
        assert gap.files() == before, f"killed before blob {at}"
    assert outcome(gap.exporting("0.1.0", "again.tar"))["status"] == "done"
    assert _digest(gap.folder / "again.tar") == whole
    (gap.folder / "again.tar").unlink()


def test_exports_to_one_name_at_once_leave_one_whole_file(gap: Gap) -> None:
    before = sorted([*gap.files(), "both.tar"])
    begun = [gap.exporting(it, "both.tar") for it in (*_VERSIONS, *_VERSIONS)]
    told = [(it, *it.communicate(timeout=240)) for it in begun]
    found = _digest(gap.folder / "both.tar")
    (won,) = (it for it in _VERSIONS if _digest(gap.folder / gap.file(it)) == found)
    assert gap.files() == before
    for version, (run, out, said) in zip((*_VERSIONS, *_VERSIONS), told, strict=True):
        answer = json.loads(out)
        if run.returncode:
            assert (run.returncode, answer["problems"][0]["code"]) == (4, "file-exists"), said
        else:
            assert version == won, "it was told that its file is there"
    assert 0 in {it.returncode for it, _, _ in told}
    (gap.folder / "both.tar").unlink()


def test_a_pipe_that_never_ends_is_no_file(gap: Gap) -> None:
    pipe = gap.folder / "pipe.tar"
    os.mkfifo(pipe)
    feeding = subprocess.Popen(["sh", "-c", 'exec yes > "$0"', str(pipe)])
    try:
        told = outcome(gap.clones.start(gap.folder, "release", "import", "pipe.tar", "--to", "rc0", "-o", "json"), 1)
        assert told["problems"][0]["code"] == "file-missing"
        assert "neither a file nor a folder" in told["problems"][0]["message"]
        told = outcome(gap.exporting("0.1.0", "pipe.tar"), 2)
        assert told["problems"][0]["code"] == "usage"
    finally:
        feeding.kill()
        feeding.wait()
        pipe.unlink()


def test_a_file_that_is_cut_or_changed_while_others_read_it_gives_nothing_a_name(gap: Gap) -> None:
    whole = (gap.folder / gap.file("0.1.0")).read_bytes()
    for name, content in {
        "cut.tar": whole[: len(whole) // 2],
        "changed.tar": whole[:2_000_000] + bytes([whole[2_000_000] ^ 1]) + whole[2_000_001:],
    }.items():
        (gap.folder / name).write_bytes(content)
        goal = gap.goal()
        begun = [gap.clones.start(gap.folder, "release", "import", name, "--to", goal, "-o", "json") for _ in range(2)]
        for it in begun:
            assert outcome(it, 1)["problems"][0]["code"] == "archive-damaged"
        assert goal not in list(gap.registry.tags)
        (gap.folder / name).unlink()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
