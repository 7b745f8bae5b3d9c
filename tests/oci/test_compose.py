"""A layer of files over a base: where things land, and what is repeated of the base."""

from __future__ import annotations

import pytest

from paasctl.errors import ConfigError
from paasctl.oci.building import compose as composing
from paasctl.oci.building.compose import Given, Piece, Source, compose
from paasctl.oci.building.shape import Shape, shape_of
from support.squashed import stack_of
from support.tars import Entry, entry, tar_of

MERGED = tar_of("usr/", "usr/lib/", "usr/bin/", "lib->usr/lib", "bin->/usr/bin", "opt->var/opt", "data->../../srv")


def sources(*texts: str) -> list[Source]:
    """`a` a file, `a*` an executable, `d/` a directory, `s->t` a symlink; `.` is `src` itself."""
    found = []
    for text in texts:
        name, arrow, target = text.partition("->")
        path = name.rstrip("/*").encode() if name != "." else b""
        kind = "symlink" if arrow else "dir" if name.endswith("/") or name == "." else "file"
        found.append(Source(path, kind, Given(b"123"), 3, name.endswith("*"), target.encode()))  # type: ignore[arg-type]
    return found


def below(base: bytes) -> Shape:
    return shape_of(stack_of([base]).top)


def told(it: composing.Entry) -> str:
    mark = "/" if not it.source else f"->{it.source.target.decode()}" if it.source.kind == "symlink" else ""
    return f"{it.path.decode()}{mark} {it.meta.mode:o} {it.meta.uid}:{it.meta.gid}"


def composed(base: bytes, dest: str, *texts: str, **rules: int) -> list[str]:
    piece = Piece("src", dest, sources(*texts), **rules)
    return [told(it) for it in compose(piece, below(base), 1000)]


CASES = {
    "files below a new directory": (("/app", ".", "a", "d/", "d/b*"), ["app/", "app/a", "app/d/", "app/d/b"]),
    "through a relative symlink": (("/lib", ".", "x.so"), ["usr/", "usr/lib/", "usr/lib/x.so"]),
    "through an absolute symlink": (("/bin", ".", "tool*"), ["usr/", "usr/bin/", "usr/bin/tool"]),
    "through a symlink below the destination": (("/", ".", "lib/", "lib/x.so"), ["usr/", "usr/lib/", "usr/lib/x.so"]),
    "through a dangling symlink": (("/opt/app", ".", "a"), ["var/", "var/opt/", "var/opt/app/", "var/opt/app/a"]),
    "through a symlink that climbs": (("/data", ".", "a"), ["srv/", "srv/a"]),
    "over a symlink of the base": (("/", ".", "lib->elsewhere"), ["lib->elsewhere"]),
    "in the order of bytes": (("/", ".", "a-b", "a/", "a/c", "B"), ["B", "a/", "a-b", "a/c"]),
}


@pytest.mark.parametrize("case", CASES)
def test_files_land_where_a_container_would_find_them(case: str) -> None:
    (dest, *texts), expected = CASES[case]
    assert [line.split(" ", maxsplit=1)[0] for line in composed(MERGED, dest, *texts)] == expected


@pytest.mark.parametrize(
    ("dest", "expected"),
    [("/etc/app.conf", "etc/app.conf"), ("/etc/", "etc/a"), ("/lib", "usr/lib/a"), ("/lib/x", "usr/lib/x")],
)
def test_one_file_goes_into_a_directory_or_takes_the_name(dest: str, expected: str) -> None:
    piece = Piece("d/a", dest, [Source(b"", "file", Given(b"123"), 3)])
    assert compose(piece, below(MERGED), 0)[-1].path == expected.encode()


def test_parents_keep_what_the_base_says_and_new_ones_are_roots() -> None:
    base = tar_of(Entry("srv/", b"5", mode=0o711, uid=3, gid=4, mtime=77))
    assert composed(base, "/srv/new/app", ".", "a*", "b", "s->t", uid=10, gid=20) == [
        "srv/ 711 3:4",
        "srv/new/ 755 0:0",
        "srv/new/app/ 755 10:20",
        "srv/new/app/a 755 10:20",
        "srv/new/app/b 644 10:20",
        "srv/new/app/s->t 777 10:20",
    ]


def test_a_mode_is_for_files() -> None:
    assert composed(tar_of("k=1"), "/a", ".", "x*", "y", mode=0o440) == ["a/ 755 0:0", "a/x 440 0:0", "a/y 440 0:0"]


def test_a_second_layer_finds_the_first() -> None:
    lower = below(tar_of(entry("k=1")))
    compose(Piece("one", "/app", sources(".", "a", "s->a"), uid=7), lower, 5)
    second = compose(Piece("two", "/app", sources(".", "b"), uid=9), lower, 5)
    assert [told(it) for it in second] == ["app/ 755 7:0", "app/b 644 9:0"]


def test_what_could_not_be_placed_is_not_below_the_next() -> None:
    lower = below(tar_of("k=1"))
    with pytest.raises(ConfigError):
        compose(Piece("one", "/app", sources(".", "a", ".wh.x")), lower, 5)
    assert sorted(lower.things) == [b"", b"k"]


REFUSED = {
    "a file over a directory of the base": ("/", [".", "usr"], "/usr is a directory"),
    "a symlink over a directory of the base": ("/", [".", "usr->x"], "/usr is a directory"),
    "a whiteout's name": ("/", [".", ".wh.x"], r"\.wh\."),
    "two files for one place": ("/", [".", "lib/", "lib/x", "usr/", "usr/lib/", "usr/lib/x"], "twice"),
    "a directory below a file of the base": ("/k/d", [".", "x"], "no directory"),
    "a destination that leaves the root": ("/../x", [".", "x"], "leaves the root"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_placed_is_told(case: str) -> None:
    dest, texts, why = REFUSED[case]
    base = tar_of("k=1", "usr/", "usr/lib/", "lib->usr/lib")
    with pytest.raises(ConfigError, match=rf"placing src at {dest}: .*{why}"):
        composed(base, dest, *texts)
