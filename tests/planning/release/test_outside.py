"""Images that a release runs and does not make."""

from __future__ import annotations

import pytest

from paasctl.planning.release.outside import outside_images
from support.make import pinned

PROXY, WEB = pinned("proxy", "p"), pinned("web", "w")


@pytest.mark.parametrize(
    "text",
    [
        f"containers: [{{name: proxy, image: {PROXY}}}]",
        f"initContainers:\n  - image: '{PROXY}'\n",
        f'{{"spec": {{"image": "{PROXY}"}}}}',
        f"- name: x\n  image:   {PROXY}   # pinned\n",
        f"{{% if values.proxy %}}\nimage: {PROXY}\n{{% endif %}}\n",
        f"image: {PROXY.repository}:1.2@{PROXY.digest}\n",
    ],
)
def test_what_a_file_names_by_digest(text: str) -> None:
    assert outside_images({"pod.yml": text.encode(), "again.yml": text.encode()}) == (PROXY,)


@pytest.mark.parametrize(
    "text",
    [
        f"# image: {PROXY}\n",
        f"base: {PROXY}\n",
        "image: web\n",
        "image: 'registry.example/{{ values.x }}@sha256:1'\n",
        f"image: UPPER@{PROXY.digest}\n",
        "\xff\n",
    ],
)
def test_what_is_none(text: str) -> None:
    assert outside_images({"pod.yml": text.encode("latin-1")}) == ()


def test_ours_are_none() -> None:
    files = {"a": f"image: {PROXY}\n---\nimage: {WEB}\n".encode()}
    assert outside_images(files, [WEB]) == (PROXY,)
