"""`paasctl promote` as it is typed: what it prints, its JSON, its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paasctl.errors import Exit
from support.promoting import VERSION, Stops, Wide


def _paasctl(stops: Stops, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {name: it for name, it in os.environ.items() if not name.startswith("PAASCTL_")}
    return subprocess.run(
        [sys.executable, "-m", "paasctl", "-C", str(stops.world.project), *words],
        env={**environ, "HOME": "/nonexistent", **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _json(stops: Stops, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_paasctl(stops, *words, "--output", "json").stdout)
    return found


def test_a_dry_run_a_promotion_and_nothing_to_do(stops: Stops) -> None:
    dry = _json(stops, "promote", VERSION, "--to", "rc", "--dry-run")
    assert (dry["status"], dry["exit"]) == ("dry-run", 0)
    assert [it["do"] for it in dry["left"]] == ["carryOver", "carryOver", "notePromotion", "tagImage", "tagRecord"]
    assert stops.there.writes == 0
    done = _paasctl(stops, "promote", VERSION, "--to", "rc", "--reason", "tested")
    assert (done.returncode, done.stdout) == (0, f"{VERSION}\n")
    assert "name the record" in done.stderr
    again = _json(stops, "promote", VERSION, "--to", "rc")
    assert (again["status"], again["exit"]) == ("nothing-to-do", 0)
    assert again["facts"]["image.web"] == f"{stops.there.host}/shop/web@{stops.digest()}"
    assert _paasctl(stops, "promote", VERSION, "--to", "rc", "--exit-code", "--dry-run").returncode == Exit.OK


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("promote", VERSION), Exit.USAGE),
        (("promote", "--to", "rc"), Exit.USAGE),
        (("promote", VERSION, "--to", "nowhere"), Exit.USAGE),
        (("promote", "9.9.9", "--to", "rc"), Exit.REFUSED),
        (("promote", VERSION, "--to", "rc", "--dry-run", "--exit-code"), Exit.CHANGES),
        (("promote", VERSION, "--to", "rc", "--cluster", "testbed"), Exit.USAGE),
        (("promote", VERSION, "--to", "rc", "--deploy"), Exit.USAGE),
        (("promote", "--all-missing", "--to", "rc", "--deploy"), Exit.USAGE),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_its_exit_codes(stops: Stops, words: tuple[str, ...], status: Exit) -> None:
    assert _paasctl(stops, *words).returncode == status
    assert stops.there.writes == 0


def test_several_end_with_a_table(stops: Stops) -> None:
    stops.release()
    stops.there.put_image("shop/web", b"other", tag=VERSION)
    done = _paasctl(stops, "promote", "--all-missing", "--to", "rc")
    assert done.returncode == Exit.FAILED
    assert "  0.1.0  refused: tag-taken\n  0.1.1  promoted\n" in done.stderr


def test_several_goals_end_with_a_table_that_has_the_goal_and_json_has_a_row_for_each(wide: Wide) -> None:
    wide.release()
    wide.eu.put_image("shop/web", b"other", tag=VERSION)
    dry = _json(wide, "promote", "--all-missing", "--to", "rc", "--to", "eu", "--dry-run")
    assert (dry["status"], dry["exit"]) == ("dry-run", Exit.REFUSED)
    assert [(it["version"], it["goal"], it["state"], it["after"]) for it in dry["rows"]] == [
        ("0.1.0", "rc", "planned", ""),
        ("0.1.1", "rc", "planned", ""),
        ("0.1.0", "eu", "refused", "rc"),
        ("0.1.1", "eu", "planned", "rc"),
    ]
    done = _paasctl(wide, "promote", "--all-missing", "--to", "rc", "--to", "eu")
    assert done.returncode == Exit.FAILED
    assert "goal 2 of 2: eu, from rc\n" in done.stderr
    told = "  0.1.0  rc  promoted\n  0.1.1  rc  promoted\n  0.1.0  eu  refused: tag-taken\n  0.1.1  eu  promoted\n"
    assert told in done.stderr
    lines = _paasctl(wide, "promote", "0.1.1", "--to", "rc", "--to", "us", "--output", "jsonl", "--from", "dev")
    events = [json.loads(it) for it in lines.stdout.splitlines()]
    assert [it["plan"].get("goal", "") for it in events if it["event"] == "planned"] == ["rc", "us"]
    assert [(it["goal"], it["state"], it["exit"]) for it in events[-1]["rows"]] == [
        ("rc", "nothing to do", 0),
        ("us", "promoted", 0),
    ]


def test_a_version_that_is_named_twice_counts_once(wide: Wide) -> None:
    dry = _json(wide, "promote", VERSION, VERSION, "--to", "rc", "--to", "eu", "--dry-run")
    assert [(it["version"], it["goal"]) for it in dry["rows"]] == [(VERSION, "rc"), (VERSION, "eu")]


def test_a_ci_job_is_told_what_each_goal_has(wide: Wide, tmp_path: Path) -> None:
    found, page = tmp_path / "outputs", tmp_path / "page"
    words = ("promote", VERSION, "--to", "rc", "--to", "eu")
    assert _paasctl(wide, *words, GITHUB_OUTPUT=str(found), GITHUB_STEP_SUMMARY=str(page)).returncode == Exit.OK
    said = dict(it.split("=", 1) for it in found.read_text().splitlines())
    assert said["version_0_1_0_eu"] == "promoted"
    assert said["record_rc"].startswith(f"{wide.there.host}/shop@sha256:")
    assert said["digest_eu_web"] == wide.digest()
    assert f"| {VERSION} | eu | promoted |" in page.read_text()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--to", "rc", "--to", "rc"), Exit.OK),
        (("--to", "rc", "--to", "eu", "--deploy"), Exit.USAGE),
        (("--to", "rc", "--to", "eu", "--cluster", "testbed"), Exit.USAGE),
        (("--to", "rc", "--to", "nowhere"), Exit.USAGE),
        (("--to", "rc", "--to", "eu", "--dry-run", "--exit-code"), Exit.CHANGES),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_exit_codes_of_several_goals(wide: Wide, words: tuple[str, ...], status: Exit) -> None:
    assert _paasctl(wide, "promote", VERSION, *words).returncode == status
