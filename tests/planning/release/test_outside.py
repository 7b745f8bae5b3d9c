"""Images that a release runs and does not make."""

from __future__ import annotations

import pytest

from paasctl.model.image import Repository
from paasctl.model.release import beside
from paasctl.planning.release.outside import outside_names, placeholder_outside
from support.make import pinned

PROXY = pinned("proxy", "p")
TAGGED = PROXY.repository.tagged("1.2")


@pytest.mark.parametrize(
    "text",
    [
        "containers: [{{name: proxy, image: {it}}}]",
        "initContainers:\n  - image: '{it}'\n",
        '{{"spec": {{"image": "{it}"}}}}',
        "- name: x\n  image:   {it}   # pinned\n",
        "{{% if values.proxy %}}\nimage: {it}\n{{% endif %}}\n",
    ],
)
def test_what_a_file_names(text: str) -> None:
    for it in (PROXY, TAGGED):
        files = {"pod.yml": text.format(it=it).encode()}
        assert outside_names({**files, "again.yml": files["pod.yml"]}) == {str(it): it}


def test_a_tag_beside_a_digest_is_talk() -> None:
    written = f"{PROXY.repository}:1.2@{PROXY.digest}"
    assert outside_names({"pod.yml": f"image: {written}\n".encode()}) == {written: PROXY}


def test_in_texts_only_a_digest_counts() -> None:
    files = {"app.ini": f"image: {TAGGED}\nimage: {PROXY}\n".encode()}
    assert outside_names(files, ["app.ini"]) == {str(PROXY): PROXY}


@pytest.mark.parametrize(
    "text",
    [
        f"# image: {PROXY}\n",
        f"base: {PROXY}\n",
        "image: web\n",
        "image: web:1.2\n",
        "image: other.example/web\n",
        "image: 'registry.example/{{ values.x }}@sha256:1'\n",
        "image: registry.example/web:{{ version }}\n",
        f"image: UPPER@{PROXY.digest}\n",
        "\xff\n",
    ],
)
def test_what_is_none(text: str) -> None:
    assert outside_names({"pod.yml": text.encode("latin-1")}) == {}


def test_placeholders_keep_a_digest_that_is_known() -> None:
    found = placeholder_outside({"a": PROXY, "b": TAGGED})
    assert found["a"] == PROXY
    assert found["b"] == PROXY.repository.pinned("sha256:" + "0" * 64)


@pytest.mark.parametrize(
    ("image", "lies"),
    [
        ("docker.io/library/redis", "outside/docker.io-library-redis"),
        ("127.0.0.1:5000/side", "outside/127.0.0.1-5000-side"),
        ("Registry.Example/a__b/c.d", "outside/registry.example-a-b-c.d"),
        ("[::1]:5000/a", "outside/1-5000-a"),
    ],
)
def test_a_copy_lies_beside_the_record_under_one_name(image: str, lies: str) -> None:
    where = Repository.parse("registry.example/shop")
    assert beside(where, Repository.parse(image)) == Repository.parse(f"registry.example/shop/{lies}")
