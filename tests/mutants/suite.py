"""The contract suite as this tool sees it: its cases, and the lines each of them runs."""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("src/paasctl/embedded")
MEMORY_GIT = Path("tests/support/memory_git.py")
"""No part of the product, but held to a contract as those are: verbs' tests believe it."""
BUILDS = "tests/contract/builds/"
BUILDING = (
    *("src/paasctl/adapters/layers/*", "src/paasctl/adapters/layout.py"),
    *(
        "src/paasctl/oci/building/built.py",
        "src/paasctl/oci/building/compose.py",
        "src/paasctl/oci/documents/config.py",
        "src/paasctl/oci/building/cut.py",
    ),
    "src/paasctl/oci/building/ignore.py",
)
"""The builder that needs no engine, and what it decides by: the embedded world of builds, and of nothing else."""
SUITE = "tests/contract"
WORLDS = re.compile(r"^(embedded|small|simulated)\b")
"""What a test's parameter begins with where it names an embedded world, and no case."""
REAL = re.compile(r"\[real\b")
"""A test of a real world that needs no testbed (git): no change to another world is its business."""


@dataclass(frozen=True)
class Seen:
    """What one run of the unchanged suite showed."""

    tests: Mapping[str, tuple[str, ...]]
    """Case -> its tests, one for each embedded world."""
    cases: Mapping[tuple[str, int], frozenset[str]]
    """(file, line) -> the cases that run it, their fixtures included; what import alone runs is left out."""


def case_of(test: str) -> str:
    """A test's case: its name without the world."""
    name, _, inside = test.partition("[")
    kept = [it for it in inside.rstrip("]").split("-") if it and not WORLDS.match(it)]
    return f"{name}[{'-'.join(kept)}]" if kept else name


def counts(case: str, file: str) -> bool:
    """Whether a case is about this file: a build reads its base from the embedded registry, but is no test of it."""
    path = os.path.relpath(file)
    return case.startswith(BUILDS) == any(fnmatch.fnmatch(path, it) for it in BUILDING)


def observe(chosen: tuple[str, ...] = (SUITE,)) -> Seen:
    """Run the suite on the embedded world alone, every line noted. `RuntimeError`: it is not green."""
    with tempfile.TemporaryDirectory() as folder:
        data, rc = Path(folder, "data"), Path(folder, "rc")
        held = ", ".join((f"{ROOT}/*", str(MEMORY_GIT), *BUILDING))
        rc.write_text(f"[run]\ninclude = {held}\ndata_file = {data}\n")
        before = ("-m", "coverage", "run", f"--rcfile={rc}")
        done = _pytest(before, ("-p", "mutants.contexts", *chosen), {}, timeout=1200)
        if done.returncode:
            raise RuntimeError(f"the unchanged suite is not green:\n{done.stdout[-3000:]}")
        return _seen(data, _collected(chosen))


def _collected(chosen: tuple[str, ...]) -> list[str]:
    done = _pytest((), (*chosen, "--collect-only"), {}, timeout=120)
    return [it for it in done.stdout.splitlines() if "::" in it and not REAL.search(it)]


def _seen(data: Path, tests: list[str]) -> Seen:
    from coverage import CoverageData

    found = CoverageData(str(data))
    found.read()
    by_case: defaultdict[str, list[str]] = defaultdict(list)
    for it in tests:
        by_case[case_of(it)].append(it)
    lines: dict[tuple[str, int], frozenset[str]] = {}
    for file in found.measured_files():
        for line, contexts in found.contexts_by_lineno(file).items():
            if named := frozenset(it for it in map(case_of, contexts) if it and counts(it, file)):
                lines[file, line] = named
    return Seen({case: tuple(its) for case, its in by_case.items()}, lines)


def _pytest(
    before: tuple[str, ...], chosen: tuple[str, ...], environ: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    kept = {name: it for name, it in os.environ.items() if not name.startswith("PAASCTL_")}
    fixed = ("-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--no-header")
    return subprocess.run(
        [sys.executable, *(before or ()), *fixed, *chosen],
        env={**kept, "PYTHONPATH": os.pathsep.join(("src", "tests")), "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
