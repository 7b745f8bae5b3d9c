"""Names of images: as Docker leaves them out, and as we want them."""

from __future__ import annotations

import pytest

from paasctl.model.image import full_name, parse_reference


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.18", "docker.io/library/alpine:3.18"),
        ("docker.io/alpine:3.18", "docker.io/library/alpine:3.18"),
        ("docker.io/shop/web", "docker.io/shop/web:latest"),
        ("shop/web", "docker.io/shop/web:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("127.0.0.1:5000/web", "127.0.0.1:5000/web:latest"),
        ("registry.example:5000/web:1", "registry.example:5000/web:1"),
    ],
)
def test_names_are_spelled_out_as_docker_does(short: str, full: str) -> None:
    assert full_name(short) == full
    assert full_name(full) == full


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("docker.io/alpine:3", "docker.io/library/alpine:3"),
        ("docker.io/shop/web:1", "docker.io/shop/web:1"),
        ("registry.example/alpine:3", "registry.example/alpine:3"),
    ],
)
def test_official_images_lie_below_library(text: str, read: str) -> None:
    assert str(parse_reference(text)) == read
