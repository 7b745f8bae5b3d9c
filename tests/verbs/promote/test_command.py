"""`paasctl promote` as it is typed: what it prints, its JSON, its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from paasctl.errors import Exit
from support.promoting import VERSION, Stops


def _paasctl(stops: Stops, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: it for name, it in os.environ.items() if not name.startswith("PAASCTL_")}
    return subprocess.run(
        [sys.executable, "-m", "paasctl", "-C", str(stops.world.project), *words],
        env={**environ, "HOME": "/nonexistent"},
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
