"""`python -m mutants find [CASE…] | add FILE | check [--sample N]`, at the top of the repository.

`add` takes changes that somebody thought of: a JSON line each, {"case", "file", "anchor", "old", "new"}, where `anchor`
is the stripped line on which `old` begins. Those that their case alone notices are kept.
"""

from __future__ import annotations

import argparse
import ast
import fnmatch
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mutants.change import Change, changes
from mutants.forked import Asked, run
from mutants.kept import Kept, load, store
from mutants.live import constants
from mutants.suite import ROOT, SUITE, Seen, observe


def main(argv: Sequence[str] | None = None) -> int:
    """0: every kept change is noticed by its case alone; 1: not so, or (find) a case has none."""
    given = _parser().parse_args(argv)
    seen = observe((given.suite,))
    say(f"{len(seen.tests)} cases, {len(seen.cases)} lines of the embedded world are run by them")
    verbs: dict[str, Callable[[Seen, argparse.Namespace], int]] = {"find": _find, "add": _add, "check": _check}
    return verbs[given.verb](seen, given)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="mutants", description=__doc__)
    made.add_argument("verb", choices=("find", "add", "check"))
    made.add_argument("cases", nargs="*", metavar="CASE", help="only these, * and ? allowed")
    made.add_argument(
        "--most", type=int, default=60, help="find: lines that more cases run are left alone [%(default)s]"
    )
    made.add_argument("--least", type=int, default=1, help="find: and those that fewer run [%(default)s]")
    made.add_argument("--minutes", type=float, default=60, help="find: how long to look [%(default)s]")
    made.add_argument(
        "--tried", default="", metavar="FILE", help="find: what was in vain, so that the next one goes on"
    )
    made.add_argument("--sample", type=int, default=0, help="check: so many, chosen anew each time [all]")
    made.add_argument("--seed", type=int, default=None, help="check: which sample")
    made.add_argument("--jobs", type=int, default=2)
    made.add_argument(
        "--suite",
        default=SUITE,
        metavar="PATH",
        help="a part of the suite that shares no code with others [%(default)s]",
    )
    return made


@dataclass
class _Find:
    """Tries changes where the fewest cases go, until every case has one of its own."""

    seen: Seen
    given: argparse.Namespace
    kept: dict[str, Kept]
    wanted: set[str]
    hangs: set[tuple[str, int]] = field(default_factory=set)
    tried: int = 0

    def __post_init__(self) -> None:
        self._tried = Path(self.given.tried or os.devnull)
        self._vain = set(self._tried.read_text().splitlines()) if self._tried.is_file() else set[str]()
        self._ends = time.monotonic() + 60 * self.given.minutes
        self._left = self._candidates()

    def next(self) -> Asked | None:
        """As in `Asks`."""
        return next(self._left, None) if self.wanted and time.monotonic() < self._ends else None

    def told(self, asked: Asked, noticed: frozenset[str] | None) -> None:
        """As in `Asks`."""
        self.tried += 1
        if not self.tried % 200:
            say(f"...  {self.tried:5} tried, of lines that {len(asked.cases)} cases run")
        if noticed is None:
            self.hangs.add((asked.file, asked.change.line))
        case = next(iter(noticed)) if noticed and len(noticed) == 1 else ""
        with self._tried.open("a") as vain:
            vain.write(_named(asked.file, asked.source, asked.change) + "\n")
        if case in self.wanted:
            file = str(Path(asked.file).resolve().relative_to(Path.cwd()))
            self.kept[case] = found = Kept.of(case, file, asked.source, asked.change)
            self.wanted.discard(case)
            store(list(self.kept.values()))
            say(f"ok   {self.tried:5} {case}  {found.old!r} -> {found.new!r}")

    def _candidates(self) -> Iterator[Asked]:
        found = {**_of_constants(self.seen), **self.seen.cases}
        places = sorted((len(cases), file, line) for (file, line), cases in found.items() if cases)
        for many, file, line in places:
            cases = found[file, line]
            if not self.given.least <= many <= self.given.most or not cases & self.wanted:
                continue
            source = Path(file).read_text()
            for change in changes(source, line):
                is_old = _named(file, source, change) in self._vain or (file, line) in self.hangs
                if not is_old and cases & self.wanted and _parses(change.made(source)):
                    yield Asked(file, source, change, cases)


def _named(file: str, source: str, change: Change) -> str:
    """A change by the text that it changes, which may move."""
    line = source.splitlines()[change.line - 1].strip()
    return json.dumps([Path(file).name, line, source[change.start : change.end], change.text])


def _of_constants(seen: Seen) -> dict[tuple[str, int], frozenset[str]]:
    """(file, line) of modules' constants -> the cases that run a line on which the constant is named."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    for file in {file for file, _ in seen.cases}:
        source = Path(file).read_text()
        tree = ast.parse(source)
        used = [it for it in ast.walk(tree) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Load)]
        for line, name in constants(source).items():
            near = [seen.cases.get((file, it.lineno), frozenset()) for it in used if it.id == name]
            found[file, line] = frozenset().union(*near)
    return found


def _find(seen: Seen, given: argparse.Namespace) -> int:
    kept = {it.case: it for it in load() if it.case in seen.tests or not it.case.startswith(given.suite)}
    wanted = {it for it in seen.tests if it not in kept and _chosen(it, given.cases)}
    looking = _Find(seen, given, kept, wanted)
    run(looking, given.jobs, [given.suite])
    for it in sorted(looking.wanted):
        say(f"NONE {it}")
    say(f"{len(kept.keys() & seen.tests)} of {len(seen.tests)} cases have a change that only they notice")
    return 1 if looking.wanted else 0


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _add(seen: Seen, given: argparse.Namespace) -> int:
    lines = [json.loads(it) for file in given.cases for it in Path(file).read_text().splitlines() if it.strip()]
    unknown = [it["case"] for it in lines if it["case"] not in seen.tests]
    made = [Kept.said(**it) for it in lines if it["case"] in seen.tests]
    asked = {it: _asked(it, seen) for it in made}
    for it in made:
        if asked[it] is None:
            say(f"GONE {it.case}: {it.file} has no {it.old!r} from {it.anchor!r} on")
    checking = _Check([it for it in asked.values() if it], [])
    run(checking, given.jobs, [given.suite])
    for line in (*checking.wrong, *(f"there is no case {it}" for it in unknown)):
        say(f"NO   {line}")
    store(list({it.case: it for it in (*load(), *checking.right)}.values()))
    say(f"{len(checking.right)} of {len(lines)} are kept")
    return 0 if len(checking.right) == len(lines) else 1


@dataclass
class _Check:
    """Makes each kept change again."""

    left: list[Asked]
    wrong: list[str]
    right: list[Kept] = field(default_factory=list)

    def next(self) -> Asked | None:
        """As in `Asks`."""
        return self.left.pop() if self.left else None

    def told(self, asked: Asked, noticed: frozenset[str] | None) -> None:
        """As in `Asks`."""
        kept: Kept = asked.about
        if noticed != frozenset([kept.case]):
            said = "nobody can tell" if noticed is None else f"it is noticed by {sorted(noticed)}"
            self.wrong.append(f"{kept.case}: {kept.old!r} -> {kept.new!r}: {said}")
        else:
            self.right.append(kept)
        how = "ok  " if noticed == frozenset([kept.case]) else "NONE" if noticed is None else "NO  "
        say(f"{how} {len(self.left):4} to go  {kept.case.rpartition('/')[2]}  ({len(asked.cases)} asked)")


def _check(seen: Seen, given: argparse.Namespace) -> int:
    kept = [it for it in load() if it.case.startswith(given.suite) and _chosen(it.case, given.cases)]
    if given.sample:
        seed = random.randrange(10**6) if given.seed is None else given.seed
        say(f"--sample {given.sample} --seed {seed}")
        kept = random.Random(seed).sample(kept, min(given.sample, len(kept)))
    asked = {it.case: _asked(it, seen) for it in kept}
    gone = [f"{it.case}: {it.file} no longer has {it.anchor!r} (find it again)" for it in kept if not asked[it.case]]
    checking = _Check([it for it in asked.values() if it], gone)
    run(checking, given.jobs, [given.suite])
    for line in checking.wrong:
        say(line)
    say(f"{len(kept) - len(checking.wrong)} passed, {len(checking.wrong)} failed")
    return 1 if checking.wrong or not kept else 0


def _asked(kept: Kept, seen: Seen) -> Asked | None:
    """The change in today's source; None: its line is no longer there."""
    file = str(Path(kept.file).resolve())
    source = Path(file).read_text()
    change = kept.change(source)
    if change is None:
        return None
    cases = {**_of_constants(seen), **seen.cases}.get((file, change.line), ())
    return Asked(file, source, change, {*cases, kept.case}, kept)


def _chosen(case: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatch(case, it) for it in patterns)


def say(text: str) -> None:
    """One line."""
    out = sys.__stdout__  # sys.stdout is pytest's meanwhile
    if out:
        out.write(text + "\n")
        out.flush()


if __name__ == "__main__":
    assert ROOT.is_dir(), "run it at the top of the repository"
    sys.exit(main())
