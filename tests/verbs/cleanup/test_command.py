"""`paasctl cleanup` as it is typed: what it prints, its JSON, its files, its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasctl.errors import Exit
from support.cleaning import Dump, dump_in

_WHOLE = ("--max-delete", "100%")


@contextmanager
def _alone(folder: Path) -> Iterator[Dump]:
    """No cluster at all, so that none need be there."""
    with dump_in(folder) as found:
        paas = found.world.project / "paas.yaml"
        kept = [line for line in paas.read_text().splitlines() if not line.startswith(("clusters", "environments"))]
        paas.write_text("\n".join(kept) + "\n")
        yield found


@pytest.fixture
def dump(tmp_path: Path) -> Iterator[Dump]:
    with _alone(tmp_path / "one") as found:
        yield found


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dump]:
    """Of which nothing is ever deleted."""
    with _alone(tmp_path_factory.mktemp("still") / "one") as found:
        yield found


def _paasctl(dump: Dump, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: it for name, it in os.environ.items() if not name.startswith("PAASCTL_")}
    return subprocess.run(
        [sys.executable, "-m", "paasctl", "-C", str(dump.world.project), *words],
        env={**environ, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_shown_saved_carried_out_and_nothing_to_do(dump: Dump) -> None:
    shown = _paasctl(dump, "cleanup", "dev", "--save", "plan.json")
    assert shown.returncode == 0
    assert "names no cluster: nothing is known of what runs" in shown.stderr
    said = json.loads(_paasctl(dump, "cleanup", "dev", "--output", "json").stdout)
    answer = said.get("answer", said)
    saved = json.loads((dump.world.project / "plan.json").read_text())
    going = len(saved["deletes"])
    does = f"paasctl cleanup dev --plan plan.json --max-delete {going}   does it"
    assert f"nothing was deleted; {does}" in shown.stdout, "as it is typed, cap and all"
    assert [it["manifest"] for it in saved["deletes"]] == [it["at"] for it in answer["doomed"]]
    refused = _paasctl(dump, "cleanup", "dev", "--plan", "plan.json")
    assert refused.returncode == Exit.REFUSED
    assert "error[too-much-to-delete]" in refused.stderr
    done = _paasctl(dump, "cleanup", "dev", "--plan", "plan.json", *_WHOLE)
    assert done.returncode == 0, done.stderr
    assert f"delete 2 release records of {dump.registry.host}/shop" in done.stderr
    assert dump.names == {"shop": {"0.1.2"}, "shop/web": {"0.1.2"}}
    again = _paasctl(dump, "cleanup", "dev", "--apply", "--yes")
    assert (again.returncode, "nothing to do" in again.stderr) == (0, True)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), Exit.OK),
        (("--exit-code",), Exit.CHANGES),
        (("--apply",), Exit.REFUSED),
        (("--apply", *_WHOLE), Exit.REFUSED),
        (("--apply", "--dry-run"), Exit.OK),
        (("--apply", "--save", "x"), Exit.USAGE),
        (("--save", "."), Exit.UNAVAILABLE),
        (("--save", "x", "--explain", "0.1.0"), Exit.USAGE),
        (("--apply", "--plan", "x"), Exit.USAGE),
        (("--plan", "nowhere"), Exit.CONFIG),
        (("--plan", "nowhere", "--dry-run"), Exit.CONFIG),
        (("--save", "paas.yaml"), Exit.REFUSED),
        (("--save", "site"), Exit.UNAVAILABLE),
        (("--save", "/dev/null"), Exit.UNAVAILABLE),
        (("--save", "nowhere/plan.json"), Exit.UNAVAILABLE),
        (("--plan", "paas.yaml", *_WHOLE), Exit.CONFIG),
        (("--max-delete", "many"), Exit.USAGE),
        (("--max-delete", "101%"), Exit.USAGE),
        (("--explain", "0.1.0"), Exit.OK),
        (("--explain", "9.9.9"), Exit.REFUSED),
        (("--context", "other"), Exit.USAGE),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_its_exit_codes(still: Dump, words: tuple[str, ...], status: Exit) -> None:
    before, paas = still.state, (still.world.project / "paas.yaml").read_bytes()
    done = _paasctl(still, "cleanup", "dev", *words)
    assert done.returncode == status, done.stderr
    assert still.state == before
    assert (still.world.project / "paas.yaml").read_bytes() == paas


def test_a_plan_takes_the_place_of_a_plan_only(still: Dump) -> None:
    plan = still.world.project / "here.json"
    for _ in range(2):
        assert _paasctl(still, "cleanup", "dev", "--save", "here.json").returncode == 0
    assert json.loads(plan.read_text())["verb"] == "cleanup"
    plan.write_text('{"mine": 1}')
    refused = _paasctl(still, "cleanup", "dev", "--save", "here.json")
    assert refused.returncode == Exit.REFUSED
    assert "error[file-exists]" in refused.stderr
    assert plan.read_text() == '{"mine": 1}'


def test_a_dry_run_of_a_plan_is_about_that_plan(still: Dump) -> None:
    assert _paasctl(still, "cleanup", "dev", "--save", "less.json").returncode == 0
    plan = still.world.project / "less.json"
    plan.write_text("\n".join(it for it in plan.read_text().splitlines() if '"0.1.1"' not in it))
    before = still.state
    shown = _paasctl(still, "cleanup", "dev", "--plan", "less.json", "--dry-run", "--exit-code", *_WHOLE)
    assert shown.returncode == Exit.CHANGES, shown.stderr
    assert "delete 1 release record" in shown.stderr
    assert "0.1.1" not in shown.stderr
    assert still.state == before


def test_a_registry_that_nobody_knows_and_one_without_rules(dump: Dump) -> None:
    assert _paasctl(dump, "cleanup", "deb").returncode == Exit.USAGE
    assert _paasctl(dump, "cleanup").returncode == Exit.USAGE
    paas = dump.world.project / "paas.yaml"
    lines = paas.read_text().splitlines()
    (said,) = [number for number, line in enumerate(lines, 1) if "keep: {" in line]
    paas.write_text(paas.read_text().replace(", keep: {releases: 1, snapshots: 0}", ""))
    refused = _paasctl(dump, "cleanup", "dev")
    assert refused.returncode == Exit.CONFIG
    assert "error[nothing-to-keep]: " in refused.stderr
    assert f"paas.yaml:{said}:" in refused.stderr
