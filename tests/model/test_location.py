from __future__ import annotations

import re

import pytest

from paasctl.model.image import parse_reference
from paasctl.model.location import InArchive, InEngine, InLayout, InRegistry, Location, parse_location

CASES: list[tuple[str, Location]] = [
    ("registry.example/shop:1", InRegistry(parse_reference("registry.example/shop:1"))),
    (f"r.example:5000/a/b@sha256:{'a' * 64}", InRegistry(parse_reference(f"r.example:5000/a/b@sha256:{'a' * 64}"))),
    ("oci:some/dir", InLayout("some/dir")),
    ("oci:some/dir:1.2", InLayout("some/dir", "1.2")),
    ("oci:/a:b/dir", InLayout("/a:b/dir")),
    (f"oci:some/dir@sha256:{'a' * 64}", InLayout("some/dir", digest=f"sha256:{'a' * 64}")),
    (f"oci:some/dir:1.2@sha256:{'a' * 64}", InLayout("some/dir", digest=f"sha256:{'a' * 64}")),
    ("image.tar", InArchive("image.tar")),
    ("/tmp/ä b.tar:web:1", InArchive("/tmp/ä b.tar", "web:1")),
    ("docker:shop:dev", InEngine("shop:dev")),
    ("docker://shop", InEngine("shop")),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_one_word_says_where_an_image_lies(text: str, wanted: Location) -> None:
    assert parse_location(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oci:",
        "oci:@sha256:x",
        "oci:d@sha256:x",
        "docker:",
        "shop",
        "shop:1",
        "registry.example/shop",
        "Not/An:Image",
    ],
)
def test_what_is_no_place_says_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match="oci:DIR"):
        parse_location(text)


@pytest.mark.parametrize("text", ["./dir", "dir/", "../dir", "/tmp/dir", "."])
def test_a_path_alone_may_mean_a_layout(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"did you mean oci:{text}?")):
        parse_location(text)


@pytest.mark.parametrize(
    ("text", "unpacks"),
    [
        ("image.tar.gz", "gunzip -k image.tar.gz"),
        ("./my image.tgz", "gunzip -k './my image.tgz'"),
        ("/tmp/image.tar.zst:web:1", "zstd -d /tmp/image.tar.zst"),
        ("image.tar.xz", "unxz -k image.tar.xz"),
    ],
)
def test_a_packed_archive_says_how_it_is_unpacked(text: str, unpacks: str) -> None:
    with pytest.raises(ValueError, match=f"only a plain tar is read or written: {unpacks};"):
        parse_location(text)


def test_a_tag_may_be_called_like_an_archive() -> None:
    assert parse_location("registry.example/shop:web.tgz") == InRegistry(
        parse_reference("registry.example/shop:web.tgz")
    )


@pytest.mark.parametrize("port", ["0", "65536", "99999", "999999999"])
def test_a_port_that_no_machine_has_is_none(port: str) -> None:
    """It would be tried for minutes."""
    with pytest.raises(ValueError, match="no port of a machine"):
        parse_location(f"127.0.0.1:{port}/shop:1")


@pytest.mark.parametrize("text", ["oci:d:a\nb", "oci:d:\x1b[2J", "a\x07.tar", "docker:a\x9bb", "oci:a\x00"])
def test_names_that_would_move_a_cursor_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        parse_location(text)


@pytest.mark.parametrize(
    "text", ["registry.example/shop:1", "oci:d:1", "a.tar:x", "a.tar", "docker:x:1", f"oci:d@sha256:{'a' * 64}"]
)
def test_it_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_location(text)) == text
