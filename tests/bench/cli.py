"""`python -m bench [ROW…]`: takes the rows, prints the table, keeps the result in a file, writes it into the README."""

from __future__ import annotations

import argparse
import compileall
import fnmatch
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paasctl
from bench import (
    building,
    copying,
    deploying,
    imagecosts,
    promoting,
    pulling,
    rendering,
    simulated,
    squashing,
    startup,
    traffic,
    versions,
)
from bench.commands import BrokenCommandError
from bench.place import Place, missing, program
from bench.report import machine, table, with_numbers
from bench.rows import Measured, Row, ratio, verdict
from bench.shop import NotTheSameError

_KINDS = (
    startup,
    versions,
    rendering,
    deploying,
    simulated,
    traffic,
    squashing,
    imagecosts,
    pulling,
    copying,
    promoting,
    building,
)
ROWS = tuple(row for kind in _KINDS for row in kind.rows())
_README = Path("README.md")
_VERSIONS = {
    "kubectl": ("version", "--client"),
    "helm": ("version", "--short"),
    "kustomize": ("version",),
    "crane": ("version",),
    "skopeo": ("--version",),
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 all within their bounds, 1 something above, 3 something could not be measured."""
    given = _parser().parse_args(argv)
    file = Path(given.json)
    if given.list:
        _say("\n".join(f"{it.name:26} {it.ours} | {it.peer} | {it.bound}" for it in ROWS) + "\n")
        return 0
    if given.readme and not given.rows:
        return _write_readme(file)
    chosen = [it for it in ROWS if not given.rows or any(fnmatch.fnmatch(it.name, said) for said in given.rows)]
    if not chosen:
        _say(f"no row is called {' '.join(given.rows)} (--list)\n")
        return 2
    results, where = [], _machine()
    for row in _ready(chosen):
        results.append(_result(row, quick=given.quick))
        _keep(file, results[-1], where)  # one by one: a bench that is stopped has not measured for nothing
    _say(f"\n{machine(where)}\n{table(results)}")
    if given.readme:
        _write_readme(file)
    found = {it["verdict"] for it in results}
    return 3 if "not measured" in found else 1 if "ABOVE" in found else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="bench", description=__doc__)
    made.add_argument("rows", nargs="*", metavar="ROW", help="rows by name, * and ? allowed [default: all]")
    made.add_argument("--quick", action="store_true", help="a third of the runs: for developing, not for quoting")
    made.add_argument("--json", default="bench.json", metavar="FILE", help="where results are kept [%(default)s]")
    made.add_argument(
        "--readme", action="store_true", help="write the kept results into the README; takes no rows alone"
    )
    made.add_argument("--list", action="store_true", help="the rows, and nothing else")
    return made


def _ready(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows, once our bytecode is compiled: a user's is, by the installer."""
    compileall.compile_dir(str(Path(paasctl.__file__).parent), quiet=1)
    return rows


def _result(row: Row, *, quick: bool) -> dict[str, Any]:
    """A row as JSON has it; where it can't be taken, why."""
    told = {"row": row.name, "ours": row.ours, "peer": row.peer, "bound": str(row.bound)}
    lacking = missing(row.needs)
    if lacking:
        return told | {"verdict": "not measured", "note": lacking}
    _say(f"{row.name} … ")
    before = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory(prefix="paasctl-bench-", ignore_cleanup_errors=True) as folder:
            measured = row.measure(Place(Path(folder)), row.runs[quick])
    except (BrokenCommandError, NotTheSameError) as error:
        _say(f"not measured: {error}\n")
        return told | {"verdict": "not measured", "note": str(error)}
    return told | _told(row, measured, before)


def _told(row: Row, measured: Measured, load: float) -> dict[str, Any]:
    found, said = ratio(measured), verdict(row.bound, measured)
    _say(f"{'' if found is None else f'{found:.2f}x '}{said}\n")
    return {
        "measured": asdict(measured),
        "ratio": found,
        "verdict": said,
        "note": measured.note,
        "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251 - the bench's own date
    }


def _machine() -> dict[str, Any]:
    versions = {"paasctl": paasctl.__version__, "Python": platform.python_version()}
    for name, args in _VERSIONS.items():
        if path := program(name):
            said = subprocess.run([path, *args], capture_output=True, text=True, check=False).stdout
            versions[name] = said.splitlines()[0].removeprefix("Client Version: ") if said else "?"
    return {"cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}", "versions": versions}


def _keep(file: Path, result: dict[str, Any], where: dict[str, Any]) -> None:
    """Rows that were not taken this time stay in the file as they were, each with its own date and load."""
    before = json.loads(file.read_text())["rows"] if file.exists() else []
    known = {it["row"]: it for it in [*before, result]}
    rows = [known[it.name] for it in ROWS if it.name in known]
    file.write_text(json.dumps({"format": 1, "machine": where, "rows": rows}, indent=1) + "\n")


def _write_readme(file: Path) -> int:
    if not file.exists():
        _say(f"there is no {file} yet: take the rows first\n")
        return 3
    _README.write_text(with_numbers(_README.read_text(), json.loads(file.read_text())))
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
