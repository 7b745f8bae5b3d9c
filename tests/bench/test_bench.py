"""The bench's own judgement: what is within a bound, what the table says, and that a broken pair is no figure."""

from __future__ import annotations

import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.cli import ROWS, main
from bench.commands import BrokenCommandError, Command, run
from bench.place import Place, missing
from bench.report import table, with_numbers
from bench.rows import Bound, Figure, Measured, Pair, Row, timed, times, verdict
from bench.shop import NotTheSameError, prove_same
from bench.traffic import counted


def _measured(ours: list[float], peer: list[float] | None = None) -> Measured:
    return Measured(ours=Figure.of(ours), peer=None if peer is None else Figure.of(peer))


@pytest.mark.parametrize(
    ("bound", "ours", "peer", "said"),
    [
        (times(3), [3.0, 9.0, 2.9], [1.0], "within"),
        (times(3), [3.1, 3.1, 0.1], [1.0], "ABOVE"),
        (times(3), [1.0], [0.0], "ABOVE"),
        (Bound("plus", 0.5), [1.4], [0.9], "within"),
        (Bound("plus", 0.5), [1.5], [0.9], "ABOVE"),
        (Bound("count", 0), [0, 0, 0], None, "within"),
        (Bound("count", 0), [0, 0, 1], None, "ABOVE"),
        (Bound(), [5.0], [1.0], "-"),
    ],
)
def test_a_verdict_is_of_medians_and_of_the_worst_count(
    bound: Bound, ours: list[float], peer: list[float] | None, said: str
) -> None:
    assert verdict(bound, _measured(ours, peer)) == said


def _python(place: Place, code: str, says: str = "") -> Command:
    return Command(argv=(sys.executable, "-c", code), folder=place.folder, environ=place.environ, says=says)


def test_a_pair_is_taken_in_turn_after_one_to_warm_up(tmp_path: Path) -> None:
    place, asked = Place(tmp_path), list[str]()

    class _Made:
        def __enter__(self) -> Pair:
            def side(name: str, number: int) -> Command:
                asked.append(f"{name}{number}")
                return _python(place, "pass")

            return Pair(partial(side, "a"), partial(side, "b"))

        def __exit__(self, *_: object) -> None:
            asked.append("end")

    measured = timed(lambda _: _Made())(place, 2)
    assert asked == ["a0", "b0", "a1", "b1", "a2", "b2", "end"]
    assert len(measured.ours.runs) == 2


def test_a_command_that_fails_or_does_nothing_is_no_figure(tmp_path: Path) -> None:
    place = Place(tmp_path)
    took, said = run(_python(place, "print('done')", says="done"))
    assert said == "done\n"
    assert took.wall > 0
    with pytest.raises(BrokenCommandError, match="exit status 3"):
        run(_python(place, "raise SystemExit(3)"))
    with pytest.raises(BrokenCommandError, match="exit status 0"):
        run(_python(place, "pass", says="done"))


def test_commands_start_as_a_user_s_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PAASCTL_OUTPUT", "json")
    names = run(_python(Place(tmp_path), "import os; print(*os.environ)"))[1].split()
    assert not [it for it in names if it.startswith(("PYTHON", "PAASCTL"))]


_A = "kind: A\nmetadata: {name: a-config-12345678}\ndata: {x: 1}\n"


def test_sides_that_make_other_objects_are_not_compared() -> None:
    prove_same(_A, f"---\n---\n{_A.replace('12345678', 'abcdefab')}")
    with pytest.raises(NotTheSameError, match=r"1 objects differ; A/a-config"):
        prove_same(_A, _A.replace("x: 1", "x: 2"))


def test_every_failed_request_counts() -> None:
    said = "noise\ncounted requests=100 status=1 connect=2 read=3 write=4 timeout=5 seconds=9.5 p99=1.5\n"
    assert (counted(said).requests, counted(said).failed) == (100, 15)
    with pytest.raises(BrokenCommandError):
        counted("unable to connect")


def _result(**given: Any) -> dict[str, Any]:
    row: Row = ROWS[0]
    told = {"row": row.name, "ours": row.ours, "peer": row.peer, "bound": str(row.bound), "verdict": "within"}
    figure = {"median": 0.05, "min": 0.04, "max": 0.06, "runs": (0.05,)}
    measured = {"ours": figure, "peer": figure, "cpu": (0.05, 0.05), "memory": (24.0, 20.0), "unit": "s", "note": ""}
    when = {"load": [0.5, 0.6], "taken": "2026-11-22T10:00:00+00:00", "ratio": 1.0, "note": ""}
    return {**told, "measured": measured, **when, **given}


def test_the_table_says_what_was_not_measured_and_why() -> None:
    lines = table([_result(), _result(measured=None, verdict="not measured", note="helm is not here")]).splitlines()
    said = "start-version 50 ms 40-60 ms 50 ms 40-60 ms 1.00x 1.00x <= 3x within"
    assert " ".join(lines[1].split()) == said
    assert lines[2].endswith("not measured")
    assert lines[-1].endswith("(helm is not here)")


def test_only_the_readme_s_block_is_written_and_twice_is_once() -> None:
    machine = {"cores": 2, "system": "Linux x86_64", "versions": {"helm": "v4.3"}}
    result = {"machine": machine, "rows": [_result(), _result(measured=None)]}
    once = with_numbers("above\n<!-- numbers -->\nold\n<!-- /numbers -->\nbelow\n", result)
    assert once.startswith("above\n<!-- numbers -->\nTaken 2026-11-22 on 2 cores, Linux x86_64; helm v4.3; load 0.5")
    assert once.endswith("\n<!-- /numbers -->\nbelow\n")
    assert once.count("| `paasctl --version` | python -c pass |") == 1
    assert with_numbers(once, result) == once
    with pytest.raises(ValueError, match="no <!-- numbers -->"):
        with_numbers("nothing", result)


@pytest.mark.parametrize(
    ("row", "block"), [("squash-proof", "image numbers"), ("version-100k", "version numbers"), ("start", "numbers")]
)
def test_rows_of_one_subject_have_a_block_of_their_own(row: str, block: str) -> None:
    result = {"machine": {"cores": 2, "system": "Linux x86_64", "versions": {}}, "rows": [_result(row=row)]}
    names = ("numbers", "version numbers", "image numbers")
    found = with_numbers("".join(f"<!-- {it} -->\nold\n<!-- /{it} -->\n" for it in names), result)
    assert f"<!-- {block} -->\nTaken 2026-11-22" in found
    assert [f"<!-- {it} -->\nold\n<!-- /{it} -->" in found for it in names] == [it != block for it in names]


def test_what_is_missing_is_told_with_what_would_bring_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [it for it in os.environ if it.startswith("PAASCTL_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "")
    assert missing(()) == ""
    assert missing(("helm",)) == "helm is not here (nox -s testbed -- peers)"
    assert missing(("REGISTRY", "helm")) == "PAASCTL_TEST_REGISTRY is not set (nox -s testbed -- up)"


def test_rows_have_names_of_their_own_and_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    names = [it.name for it in ROWS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", it) for it in names)
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.count("\n") == len(ROWS)
    assert main(["nonsense"]) == 2
