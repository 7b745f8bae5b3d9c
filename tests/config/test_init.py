"""The first `paas.yaml`: it loads, whatever lies in the folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.reading import config_of
from paasctl.config.init import Found, app_name, starter
from paasctl.model.config import Config


def _started(files: dict[str, str], folder: str = "shop", remote: str = "") -> Config:
    return config_of(starter(Found(folder=folder, files=files, remote=remote)))


@pytest.mark.parametrize(
    ("files", "services"),
    [
        ({}, {"web": 8080}),
        ({"Dockerfile": "FROM scratch\nEXPOSE 9000"}, {"web": 9000}),
        ({"Dockerfile": "FROM a AS b\nEXPOSE 1\nFROM scratch\nexpose $PORT 5353/udp 9001/tcp"}, {"web": 9001}),
        ({"Dockerfile": "FROM scratch\nEXPOSE ${PORT:-9002}"}, {"web": 9002}),
        ({"Dockerfile": "FROM scratch\nEXPOSE 99999"}, {"web": 8080}),
        ({"Containerfile": "", "Dockerfile": "EXPOSE 80", "go.mod": ""}, {"web": 80}),
        ({"api/Dockerfile": "EXPOSE 81", "ui/Containerfile": "EXPOSE 82"}, {"api": 81, "ui": 82}),
        ({"a/web/Dockerfile": "EXPOSE 1", "b/web/Dockerfile": "EXPOSE 2"}, {"web": 1, "b-web": 2}),
        ({"Dockerfile": "EXPOSE 1", "web/Dockerfile": "EXPOSE 2"}, {"web": 1, "web-1": 2}),
        ({"build.gradle": ""}, {"web": 8080}),
        ({"build.gradle.kts": ""}, {"web": 8080}),
        ({"pom.xml": "<project/>"}, {"web": 8080}),
        ({"package.json": '{"main": "server.js"}'}, {"web": 3000}),
        ({"package.json": "not JSON"}, {"web": 3000}),
        ({"pyproject.toml": '[project]\nname = "my-shop"\n'}, {"web": 8000}),
        ({"go.mod": "module example/shop"}, {"web": 8080}),
    ],
    ids=str,
)
def test_it_loads_and_finds_the_ports(files: dict[str, str], services: dict[str, int]) -> None:
    config = _started(files)
    assert {name: it.port for name, it in config.services.items()} == services
    assert list(config.images) == list(services)
    assert list(config.environments) == ["dev"]


def test_a_dockerfile_by_another_name_is_named() -> None:
    assert _started({"Containerfile": ""}).images["web"].dockerfile == "Containerfile"


@pytest.mark.parametrize(
    ("files", "entrypoint"),
    [
        ({"go.mod": ""}, ("/shop",)),
        ({"package.json": '{"main": "src/server.js"}'}, ("node", "src/server.js")),
        ({"package.json": '{"main": "a\\nb"}'}, ("node", "index.js")),
        ({"package.json": '["main"]'}, ("node", "index.js")),
        ({"pyproject.toml": 'name = "my-shop"'}, ("python", "-m", "my_shop")),
        ({"pyproject.toml": ""}, ("python", "-m", "shop")),
        ({"pom.xml": ""}, ("java", "-jar", "/app/shop.jar")),
    ],
    ids=str,
)
def test_without_a_dockerfile_it_is_a_build_without_a_daemon(
    files: dict[str, str], entrypoint: tuple[str, ...]
) -> None:
    image = _started(files).images["web"]
    assert image.layers
    assert image.config.entrypoint == entrypoint


@pytest.mark.parametrize(
    ("folder", "remote", "name"),
    [
        ("shop", "", "shop"),
        ("My Shop_2!", "", "my-shop-2"),
        ("checkout", "git@forge.example:team/Shop.git", "shop"),
        ("checkout", "https://forge.example/team/shop/", "shop"),
        ("1234", "", "app"),
        ("", "", "app"),
        ("True", "", "true-app"),
        ("Ünïcode", "", "n-code"),
        ("x" * 70, "", "x" * 40),
    ],
)
def test_the_app_has_a_name_that_works(folder: str, remote: str, name: str) -> None:
    assert app_name(Found(folder=folder, files={}, remote=remote)) == name


def test_it_explains_itself_and_says_what_to_change() -> None:
    text = starter(Found(folder="shop", files={}))
    assert text.count("# CHANGE") == 3
    assert "paasctl deploy dev" in text
    assert "\t" not in text
    assert max(map(len, text.splitlines())) < 110


_PATHS = st.builds(
    lambda folder, name: f"{folder}/{name}" if folder else name,
    st.text(max_size=12),
    st.sampled_from(["Dockerfile", "Containerfile", "package.json", "pyproject.toml", "go.mod", "pom.xml"]),
)


@given(st.text(max_size=20), st.dictionaries(_PATHS, st.text(max_size=40), max_size=5), st.text(max_size=20))
def test_whatever_lies_there_it_loads(folder: str, files: dict[str, str], remote: str) -> None:
    assert _started(files, folder, remote).services
