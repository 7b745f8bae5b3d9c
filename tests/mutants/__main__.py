"""`python -m mutants find [CASE…] | check [--sample N]`, at the top of the repository."""

from __future__ import annotations

import argparse
import ast
import fnmatch
import random
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutants.change import Change, changes
from mutants.kept import Kept, load, store
from mutants.suite import ROOT, Seen, noticed, observe


def main(argv: Sequence[str] | None = None) -> int:
    """0: every kept change is noticed by its case alone; 1: not so, or (find) a case has none."""
    given = _parser().parse_args(argv)
    seen = observe()
    say(f"{len(seen.tests)} cases, {len(seen.cases)} lines of the embedded world are run by them")
    return _find(seen, given) if given.verb == "find" else _check(seen, given)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="mutants", description=__doc__)
    made.add_argument("verb", choices=("find", "check"))
    made.add_argument("cases", nargs="*", metavar="CASE", help="only these, * and ? allowed")
    made.add_argument("--tries", type=int, default=60, help="find: changes tried for a case [%(default)s]")
    made.add_argument("--sample", type=int, default=0, help="check: so many, chosen anew each time [all]")
    made.add_argument("--seed", type=int, default=None, help="check: which sample")
    made.add_argument("--jobs", type=int, default=2)
    return made


def _find(seen: Seen, given: argparse.Namespace) -> int:
    kept = {it.case: it for it in load() if it.case in seen.tests}
    wanted = [it for it in seen.tests if it not in kept and _chosen(it, given.cases)]
    with ThreadPoolExecutor(given.jobs) as pool:
        for case, found in zip(wanted, pool.map(lambda it: _one(it, seen, given.tries), wanted), strict=True):
            say(f"{'ok  ' if found else 'NONE'} {case}" + (f"  {found.old!r} -> {found.new!r}" if found else ""))
            if found:
                kept[case] = found
                store(list(kept.values()))
    say(f"{len(kept)} of {len(seen.tests)} cases have a change that only they notice")
    return 0 if all(it in kept for it in wanted) else 1


def _one(case: str, seen: Seen, tries: int) -> Kept | None:
    """A change that this case alone notices, sought where the fewest others go."""
    for file, source, change, others in _candidates(case, seen, tries):
        tests = [it for other in others for it in seen.tests[other]]
        only: frozenset[str] = frozenset([case])
        if noticed(file, source, change, seen.tests[case]) == only and noticed(file, source, change, tests) == only:
            return Kept.of(case, str(Path(file).resolve().relative_to(Path.cwd())), source, change)
    return None


def _candidates(case: str, seen: Seen, tries: int) -> Iterator[tuple[str, str, Change, frozenset[str]]]:
    places = sorted((len(cases), file, line) for (file, line), cases in seen.cases.items() if case in cases)
    left = tries
    for _, file, line in places:
        source = Path(file).read_text()
        for change in changes(source, line):
            if left and _parses(change.made(source)):
                left -= 1
                yield file, source, change, seen.cases[file, line]


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _check(seen: Seen, given: argparse.Namespace) -> int:
    kept = [it for it in load() if _chosen(it.case, given.cases)]
    if given.sample:
        seed = random.randrange(10**6) if given.seed is None else given.seed
        say(f"--sample {given.sample} --seed {seed}")
        kept = random.Random(seed).sample(kept, min(given.sample, len(kept)))
    with ThreadPoolExecutor(given.jobs) as pool:
        wrong = [it for it in pool.map(lambda it: _proved(it, seen), kept) if it]
    for it in wrong:
        say(it)
    say(f"{len(kept) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong or not kept else 0


def _proved(kept: Kept, seen: Seen) -> str:
    """Empty, or what is wrong with it."""
    source = Path(kept.file).read_text()
    change = kept.change(source)
    if change is None:
        return f"{kept.case}: {kept.file} no longer has {kept.anchor!r} (find it again)"
    cases = seen.cases.get((str(Path(kept.file).resolve()), change.line), frozenset())
    tests = [it for case in {*cases, kept.case} for it in seen.tests.get(case, ())]
    found = noticed(str(Path(kept.file).resolve()), source, change, tests)
    only: frozenset[str] = frozenset([kept.case])
    said = f"{kept.case}: {kept.old!r} -> {kept.new!r} is noticed by {sorted(found or ())}"
    return "" if found == only else said


def _chosen(case: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatch(case, it) for it in patterns)


def say(text: str) -> None:
    """One line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    assert ROOT.is_dir(), "run it at the top of the repository"
    sys.exit(main())
