"""What a release brings, as a table: what runs there, which version is before it, which lie between, what differs."""

from __future__ import annotations

import pytest

from paasctl.config.words import is_sensitive
from paasctl.model.image import Repository
from paasctl.model.kube import Target
from paasctl.model.promoting import Brings, FileDiffers, Spot
from paasctl.model.release import Release
from paasctl.planning.promotion.brings import Base, between, is_dark, running, since, what_it_brings
from paasctl.planning.release.whereabouts import Seen

_HERE = Repository.parse("registry.example/shop")


@pytest.mark.parametrize(
    ("version", "there", "before"),
    [
        ("1.2.0", (), ""),
        ("1.2.0", ("1.1.0", "1.0.9", "latest"), "1.1.0"),
        ("1.2.0", ("1.10.0", "1.9.0"), ""),
        ("1.10.0", ("1.2.0", "1.9.0"), "1.9.0"),
        ("1.2.0", ("1.2.0-rc.1", "1.1.0"), "1.2.0-rc.1"),
        ("1.2.0", ("1.2.0",), ""),
        ("main-SNAPSHOT", ("1.2.0",), ""),
    ],
)
def test_it_stands_beside_the_highest_lower_one(version: str, there: tuple[str, ...], before: str) -> None:
    assert since(version, there) == before


def _seen(said: str) -> Seen:
    """`showcase/one: 1.2.0 1.1.0`, or `showcase/one! why` that could not be read."""
    place, _, rest = said.partition(" ")
    environment, _, cluster = place.rstrip(":!").partition("/")
    error = rest if place.endswith("!") else ""
    return Seen(environment, "rc", Target(cluster, "n", "shop"), () if error else tuple(rest.split()), error)


def _told(it: Base) -> str:
    at = ",".join(f"{of.environment}/{of.cluster}" for of in it.at)
    return f"{at}{'!' if it.unknown else ':'} {it.unknown or it.version or 'nothing'}"


RUNNING = {
    "no environment takes from there": ((), (), True),
    "one": (("show/one: 1.2.0",), ("show/one: 1.2.0",), False),
    "nothing runs there": (("show/one:",), ("show/one: nothing",), False),
    "two clusters run the same": (("prod/eu: 1.2.0", "prod/us: 1.2.0"), ("prod/eu,prod/us: 1.2.0",), False),
    "two clusters differ": (
        ("prod/eu: 1.2.0", "prod/us: 1.1.0"),
        ("prod/eu: 1.2.0", "prod/us: 1.1.0"),
        False,
    ),
    "two environments run the same": (("a/one: 1.2.0", "b/one: 1.2.0"), ("a/one,b/one: 1.2.0",), False),
    "a deploy stopped half-way": (("show/one: 1.2.0 1.2.1",), ("show/one: 1.2.0", "show/one: 1.2.1"), False),
    "one runs, one is new, one is dead: what is known comes first": (
        ("prod/eu! no route", "prod/us:", "prod/asia: 1.2.0"),
        ("prod/asia: 1.2.0", "prod/us: nothing", "prod/eu! no route"),
        False,
    ),
    "all are dead, of one cause": (("prod/eu! no", "prod/us! no"), ("prod/eu,prod/us! no",), True),
    "all are dead, each of its own": (("a/eu! no", "b/us! why"), ("a/eu! no", "b/us! why"), True),
    "an error that reads like a version is none": (
        ("a/eu! 1.2.0", "a/us: 1.2.0"),
        ("a/us: 1.2.0", "a/eu! 1.2.0"),
        False,
    ),
}


@pytest.mark.parametrize("name", RUNNING)
def test_what_runs_there_is_said_once_for_all_places(name: str) -> None:
    live, told, dark = RUNNING[name]
    found = running([_seen(it) for it in live])
    assert (tuple(map(_told, found)), is_dark(found)) == (told, dark)


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("1.4.0", "1.1.0", ("1.3.0", "1.2.0")),
        ("1.1.0", "1.4.0", ("1.3.0", "1.2.0")),
        ("1.2.0", "1.1.0", ()),
        ("1.2.0", "1.2.0", ()),
        ("other", "1.0.0", ()),
        ("1.0.0", "", ()),
    ],
)
def test_what_lies_between_comes_highest_first(one: str, other: str, found: tuple[str, ...]) -> None:
    assert between(one, other, ("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "latest")) == found


def _release(version: str, *subjects: str, digit: str = "1", **files: bytes) -> Release:
    return Release(
        app="shop",
        version=version,
        commit="a" * 40,
        created=0,
        images={"web": _HERE.child("web").pinned(f"sha256:{digit * 64}")},
        bases={},
        subjects=subjects,
        files=files,
    )


def _brings(release: Release, before: Release | None, *skipped: Release) -> Brings:
    base = Base(version=before.version if before else "")
    return what_it_brings(release, base, before, skipped, is_secret=is_sensitive)


_AT = (Spot(environment="show", cluster="one"),)


def _at(version: str, unknown: str = "") -> Base:
    return Base(version=version, at=_AT, unknown=unknown)


def _held(release: Release, base: Base, old: Release | None = None, *skipped: Release) -> Brings:
    return what_it_brings(release, base, old, skipped, is_secret=is_sensitive)


def test_an_earlier_one_than_what_runs_goes_back_and_says_what_it_is_without() -> None:
    wanted, runs = _release("1.1.0", "one", f=b"a\n"), _release("1.3.0", "three", digit="2", f=b"b\n")
    found = _held(wanted, _at("1.3.0"), runs, _release("1.2.0", "two"))
    assert (found.since, found.at, found.back) == ("1.3.0", _AT, True)
    assert (found.commits, found.images) == (("three", "two"), ("web",))
    assert found.files == (FileDiffers(path="f", how="changed", lines=("- b", "+ a")),), "from what runs to this"


def test_what_runs_there_already_brings_nothing() -> None:
    assert _held(_release("1.1.0", "one"), _at("1.1.0")) == Brings(since="1.1.0", at=_AT)


def test_where_nothing_runs_it_is_the_first_and_brings_what_its_record_says() -> None:
    assert _held(_release("1.1.0", "one"), _at("")) == Brings(since="", at=_AT, commits=("one",))


def test_what_runs_there_is_not_known_and_nothing_is_guessed() -> None:
    assert _held(_release("1.1.0", "one"), _at("", "no route")) == Brings(since="", at=_AT, unknown="no route")


@pytest.mark.parametrize(("version", "back"), [("1.0.0", False), ("1.2.0", True)])
def test_what_runs_there_has_no_record_any_more(version: str, back: bool) -> None:
    found = _held(_release("1.1.0", "one"), _at(version))
    assert found == Brings(since=version, at=_AT, back=back, unknown=f"no registry has the record of {version}")


def test_beside_a_version_without_an_order_only_its_own_commits_are_known() -> None:
    found = _held(_release("1.1.0", "one"), _at("main-SNAPSHOT"), _release("main-SNAPSHOT", "x", digit="2"))
    assert (found.back, found.alone, found.commits, found.images) == (False, True, ("one",), ("web",))


def test_beside_a_snapshot_that_runs_the_release_of_it_is_later() -> None:
    found = _held(_release("1.1.0", "one"), _at("1.1.0-3.gabc"), _release("1.1.0-3.gabc", "zero"))
    assert (found.back, found.alone, found.commits) == (False, False, ("one",))


def test_commits_of_those_between_are_told_once_and_newest_first() -> None:
    found = _brings(_release("1.3.0", "three", "merge"), _release("1.1.0", "one"), _release("1.2.0", "two", "merge"))
    assert (found.since, found.commits, found.images) == ("1.1.0", ("three", "merge", "two"), ())


def test_files_that_differ_are_told_with_their_lines() -> None:
    old = _release("1.0.0", gone=b"x\n", same=b"s\n", text=b"a\nb\nc\n", blob=b"\xff", long=b"l\n")
    new = _release("1.1.0", digit="2", fresh=b"n\n", same=b"s\n", text=b"a\nB\nc\n", blob=b"\xfe", long=b"l\n" * 1001)
    found = _brings(new, old)
    assert found.images == ("web",)
    assert found.files == (
        FileDiffers(path="blob", how="changed"),
        FileDiffers(path="fresh", how="added", lines=("+ n",)),
        FileDiffers(path="gone", how="removed", lines=("- x",)),
        FileDiffers(path="long", how="changed"),
        FileDiffers(path="text", how="changed", lines=("- b", "+ B")),
    )


def test_what_looks_like_a_secret_is_masked() -> None:
    found = _brings(_release("1.1.0", f=b"  password: hush\nTOKEN=hush\nport: 1\n"), _release("1.0.0", f=b""))
    assert found.files[0].lines == ("+   password: ***", "+ *** (it may hold a secret)", "+ port: 1")
