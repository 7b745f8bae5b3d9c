from __future__ import annotations

import pytest

from paasctl.adapters.docker.dockerfile import base_of, bases

TWO = """\
FROM golang:1.22 AS build
RUN make
FROM alpine:3 as Final
COPY --from=build /x /x
FROM final
"""


@pytest.mark.parametrize(
    ("text", "target", "args", "base"),
    [
        ("FROM alpine:3", "", {}, "alpine:3"),
        ("from alpine", "", {}, "alpine"),
        ("# a comment\n\n  FROM --platform=linux/amd64 alpine\n", "", {}, "alpine"),
        ("FROM scratch\nCOPY a /", "", {}, "scratch"),
        (TWO, "", {}, "alpine:3"),
        (TWO, "build", {}, "golang:1.22"),
        (TWO, "BUILD", {}, "golang:1.22"),
        (TWO, "0", {}, "golang:1.22"),
        (TWO, "2", {}, "alpine:3"),
        (TWO, "nowhere", {}, None),
        (TWO, "9", {}, None),
        ("ARG V=3\nFROM alpine:$V", "", {}, "alpine:3"),
        ("ARG V=3\nFROM alpine:${V}", "", {"V": "4"}, "alpine:4"),
        ('ARG V="3"\nARG W=${V}.1\nFROM alpine:${W}', "", {}, "alpine:3.1"),
        ("ARG V\nFROM alpine:${V:-3}", "", {}, "alpine:3"),
        ("ARG V=\nFROM alpine${V:+:$V}x", "", {}, "alpinex"),
        ("ARG V=1\nFROM alpine${V:+:2}", "", {}, "alpine:2"),
        ("FROM alpine AS a\nARG V=3\nFROM b:$V", "", {"V": "4"}, "b:"),
        ("FROM \\\n  # between\n  alpine \\\n  AS a\n", "", {}, "alpine"),
        ("# escape=`\nFROM `\n alpine", "", {}, "alpine"),
        ("\ufeffFROM alpine", "", {}, "alpine"),
        ("RUN nothing", "", {}, None),
        ("", "", {}, None),
    ],
)
def test_b4_the_base_of_the_last_stage(text: str, target: str, args: dict[str, str], base: str | None) -> None:
    assert base_of(text, target, args) == base


def test_all_bases() -> None:
    text = "FROM a AS one\nFROM one\nFROM b\nFROM scratch\nFROM a"
    assert bases(text, {}) == ("a", "b")
