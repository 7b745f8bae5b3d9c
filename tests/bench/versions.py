"""Rows of versions: on this repository, and on a history of 100,000 commits with 2,000 tags beside `git describe`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.commands import Command
from bench.place import Place
from bench.rows import Bound, Pair, Row, timed, times

_RUNS = (15, 5)
_COMMITS, _TAGS = 100_000, 2000
_ROOT = Path(__file__).parents[2]


def rows() -> tuple[Row, ...]:
    """The whole command each time. Where a tag is near, git has next to nothing to do, and our start is what counts."""
    return (
        _row("version", "this repository", Bound("count", 0.35), _of_this_repository),
        _row("version-100k", "100,000 commits, a tag 50,000 back", times(3), _of_a_long_history(_COMMITS // 2)),
        _row("version-100k-near", "100,000 commits, a tag 25 back", Bound("plus", 0.35), _of_a_long_history(_COMMITS)),
    )


def _row(name: str, where: str, bound: Bound, make: Callable[[Place], Iterator[Pair]]) -> Row:
    return Row(
        name=name,
        ours=f"paasctl version ({where})",
        peer="git describe --tags",
        bound=bound,
        runs=_RUNS,
        measure=timed(contextmanager(make)),
    )


def _of_this_repository(place: Place) -> Iterator[Pair]:
    _git(place, place.folder, "clone", "--quiet", "--no-local", str(_ROOT), "work")
    yield _pair(place, place.folder / "work", "0.1.")


def _of_a_long_history(tagged: int) -> Callable[[Place], Iterator[Pair]]:
    def make(place: Place) -> Iterator[Pair]:
        work = place.folder / "work"
        _git(place, place.folder, "init", "--quiet", "--initial-branch=main", "work")
        _git(place, work, "fast-import", "--quiet", stdin=b"".join(_stream(tagged)))
        yield _pair(place, work, f"0.{_TAGS - 1}.1-")

    return make


def _stream(tagged: int) -> Iterator[bytes]:
    """Commits a minute apart, and tags evenly on the first `tagged` of them, the last of which has none."""
    every = tagged // _TAGS
    for number in range(1, _COMMITS + 1):
        parent = f"from :{number - 1}\n" if number > 1 else ""
        who = f"bench <bench@example.com> {1_500_000_000 + 60 * number} +0000"
        yield f"commit refs/heads/main\nmark :{number}\ncommitter {who}\ndata 1\n.\n{parent}".encode()
        if number <= tagged and number % every == every // 2:
            yield f"reset refs/tags/v0.{number // every}.0\nfrom :{number}\n\n".encode()


def _pair(place: Place, work: Path, says: str) -> Pair:
    """`paas.yaml` is one of the files that git does not look at: the checkout stays clean."""
    (work / ".git/info/exclude").write_text("paas.yaml\n")
    (work / "paas.yaml").write_text("app: shop\n")
    ours = Command(argv=(place.paasctl, "version"), folder=work, environ=place.environ, says=says)
    peer = Command(argv=("git", "describe", "--tags", "--always"), folder=work, environ=place.environ)
    return Pair(lambda _: ours, lambda _: peer)


def _git(place: Place, folder: Path, *words: str, stdin: bytes = b"") -> None:
    subprocess.run(("git", *words), cwd=folder, env=place.environ, input=stdin, check=True)
