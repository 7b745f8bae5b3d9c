"""What only Dockerfiles have: steps that run, stages, arguments, secrets. Of real builders, on this machine.

PAASCTL_TEST_REGISTRY is needed too, with `base/busybox:1` in it.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.docker.connect import connect
from paasctl.engine.cancel import Cancel
from paasctl.errors import BuildFailed, Cancelled, ConfigError
from paasctl.model.config import BuildCache, BuildSecret, Image, Squash
from paasctl.model.image import parse_reference
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME
from support.build_worlds import DOCKERFILES, World
from support.builds import Built, put

REGISTRY = os.environ.get("PAASCTL_TEST_REGISTRY", "")
BASE = f"{REGISTRY}/base/busybox:1"
SESSIONS = tuple(it for it in DOCKERFILES if it.startswith("build"))
"""Those with a session: a program of BuildKit's that answers for the caller."""
pytestmark = pytest.mark.contract
sessions = pytest.mark.parametrize("world", SESSIONS, indirect=True)


@pytest.fixture(params=DOCKERFILES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(request.param, tmp_path / "world")


def build(world: World, dockerfile: str, cancel: Cancel | None = None, **image: Any) -> Built:
    put(world.project / "Dockerfile", dockerfile)
    return world.make(Image(name="web", **image), cancel=cancel)


def test_a_step_runs_with_its_arguments(world: World) -> None:
    tree = build(world, f"FROM {BASE}\nARG WHO\nRUN echo for $WHO > /out\n", args={"WHO": "ann"}).tree()
    assert tree["out"].content == b"for ann\n"


def test_what_a_step_says_is_in_the_log(world: World) -> None:
    marker = str(uuid.uuid4())
    built = build(world, f"FROM {BASE}\nRUN echo said-$(echo {marker})\n")
    assert any(f"said-{marker}" in it for it in built.log)


def test_b4_the_base_of_the_last_stage(world: World) -> None:
    built = build(world, f"FROM {BASE} AS build\nRUN echo hi > /x\nFROM scratch\nCOPY --from=build /x /\n")
    assert built.names() == {"x"}
    assert built.annotations[BASE_LAYERS] == "0"


def test_b4_the_base_is_recorded_as_the_registry_has_it(world: World) -> None:
    built = build(world, f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n", squash=Squash(base="keep"))
    there = world.registry(REGISTRY).resolve(parse_reference(BASE))
    assert there is not None
    said = built.annotations
    assert (said[BASE_NAME], said[BASE_DIGEST], said[BASE_LAYERS]) == (BASE, there.digest, "1")


def test_a_target(world: World) -> None:
    built = build(world, f"FROM {BASE} AS one\nRUN echo 1 > /x\nFROM one\nRUN echo 2 > /x\n", target="one")
    assert built.tree()["x"].content == b"1\n"


def test_a_dockerfile_of_another_name_in_a_folder(world: World) -> None:
    put(world.project / "sub/build/web.Dockerfile", "FROM scratch\nCOPY app /app\n")
    put(world.project / "sub/app", "x")
    assert world.make(Image(name="web", context="sub", dockerfile="build/web.Dockerfile")).names() == {"app"}


def test_a_dockerfile_s_own_list_of_what_is_left_out(world: World) -> None:
    put(world.project / ".dockerignore", "a\n")
    put(world.project / "Dockerfile.dockerignore", "b\n")
    put(world.project / "a", "x")
    put(world.project / "b", "x")
    names = build(world, "FROM scratch\nCOPY . /all/\n").names()
    assert "all/a" in names
    assert "all/b" not in names


def test_layers_that_occur_twice(world: World) -> None:
    built = build(world, f"FROM {BASE}\nRUN true\nRUN true\n")
    assert len(built.layers) == len(built.diff_ids)
    assert len(built.tars()) == len(built.diff_ids)


def test_the_same_build_again_is_cached(world: World) -> None:
    text = f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n"
    one, two = build(world, text), build(world, text)
    assert one.diff_ids == two.diff_ids
    assert any("CACHED" in it or "Using cache" in it for it in two.log)


def test_b2_b3_a_step_that_fails_is_named_with_the_end_of_its_log(world: World) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(world, f"FROM {BASE}\nRUN for i in $(seq 20); do echo line $i; done; echo why >&2; exit 3\n")
    assert "RUN for i in" in caught.value.message
    assert "3" in caught.value.message
    assert {"why", "line 20"} <= set(caught.value.evidence)
    assert world.layout.places() == ()


def test_b2_evidence_is_the_end_of_a_log(world: World) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(world, f"FROM {BASE}\nRUN for i in $(seq 200); do echo line $i; done; exit 3\n")
    assert "line 200" in caught.value.evidence
    assert len(caught.value.evidence) <= 40


def test_a_dockerfile_that_cannot_be_read_is_told_with_its_line(world: World) -> None:
    with pytest.raises(ConfigError) as caught:
        build(world, f"FROM {BASE}\n\nMAEK it\n")
    assert caught.value.where == "Dockerfile:3:1"


def test_a_base_that_is_not_there_is_told_with_its_line(world: World) -> None:
    with pytest.raises(ConfigError, match=r"base/nothing") as caught:
        build(world, f"# one\nFROM {BASE} AS one\n\nFROM {REGISTRY}/base/nothing:1\nRUN true\n")
    assert caught.value.where == "Dockerfile:4:1"


def test_there_is_no_dockerfile(world: World) -> None:
    with pytest.raises(ConfigError, match="there is no Dockerfile"):
        world.make(Image(name="web"))


def test_a_cancel_stops_a_silent_step(world: World) -> None:
    cancel, marker = Cancel(), str(uuid.uuid4())
    threading.Timer(3.0, cancel.ask).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        build(world, f"FROM {BASE}\nRUN echo {marker}; sleep 300\n", cancel)
    assert time.monotonic() - began < 60
    assert gone(marker)


def gone(marker: str) -> bool:
    """Whether no process of the step is left, nor one of ours (all on this machine)."""
    for _ in range(200):
        if not [it for it in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in _read(it)]:
            return True
        threading.Event().wait(0.1)
    return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("world", [it for it in DOCKERFILES if it == "dockerd"], indirect=True)
def test_the_engine_s_image_is_removed(world: World) -> None:
    built = build(world, f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n")
    with connect(world.environ) as engine:
        assert engine.json(f"/images/{built.manifest['config']['digest']}/json") is None


# --- what needs a session -------------------------------------------------------------------------------------------
_SECRET = "a very secret word"
_SHOWS = f"FROM {BASE}\nRUN --mount=type=secret,id=key cat /run/secrets/key && sha256sum < /run/secrets/key > /sum\n"
"""Each time with another line before it: a secret's value is no part of what BuildKit's cache goes by."""


def shows() -> str:
    return _SHOWS.replace("\n", f"\nENV RUN={uuid.uuid4()}\n", 1)


@sessions
def test_a_secret_of_a_variable(world: World) -> None:
    world.variables["KEY"] = _SECRET
    built = build(world, shows(), secrets=(BuildSecret(id="key", env="KEY"),))
    assert built.tree()["sum"].content == _sum(_SECRET)


@sessions
def test_a_secret_of_a_file(world: World) -> None:
    put(world.project / "key.txt", _SECRET)
    built = build(world, shows(), secrets=(BuildSecret(id="key", path="key.txt"),))
    assert built.tree()["sum"].content == _sum(_SECRET)


@sessions
def test_a_secret_is_in_no_log_and_in_no_layer(world: World) -> None:
    word = f"{_SECRET} {uuid.uuid4()}"
    world.variables["KEY"] = word
    built = build(world, shows(), secrets=(BuildSecret(id="key", env="KEY"),))
    assert any("***" in it for it in built.log)
    assert not [it for it in built.log if word in it]
    assert not [it for it in built.tars() if word.encode() in it]


@sessions
def test_a_secret_is_in_no_evidence(world: World) -> None:
    world.variables["KEY"] = _SECRET
    text = f"FROM {BASE}\nRUN --mount=type=secret,id=key cat /run/secrets/key; exit 3\n"
    with pytest.raises(BuildFailed) as caught:
        build(world, text, secrets=(BuildSecret(id="key", env="KEY"),))
    assert "***" in caught.value.evidence
    assert _SECRET not in f"{caught.value.message}{caught.value.evidence}"


@sessions
def test_a_secret_is_on_no_command_line(world: World) -> None:
    world.variables["KEY"] = word = f"secret-{uuid.uuid4()}"
    cancel = Cancel()
    seen: list[bytes] = []

    def look() -> None:
        seen.extend(_read(it) for it in Path("/proc").glob("[0-9]*/cmdline"))
        cancel.ask()

    threading.Timer(3.0, look).start()
    with pytest.raises(Cancelled):
        build(
            world,
            f"FROM {BASE}\nRUN echo {uuid.uuid4()}; sleep 300\n",
            cancel,
            secrets=(BuildSecret(id="k", env="KEY"),),
        )
    assert [it for it in seen if b"rawjson" in it]
    assert not [it for it in seen if word.encode() in it]


@sessions
def test_a_secret_that_is_not_set(world: World) -> None:
    with pytest.raises(ConfigError, match="the variable GONE is not set"):
        build(world, shows(), secrets=(BuildSecret(id="key", env="GONE"),))


@sessions
def test_a_cache_mount_is_kept_between_builds(world: World) -> None:
    name = uuid.uuid4().hex
    text = f"FROM {BASE}\nRUN --mount=type=cache,id={name},target=/c echo %s >> /c/all && cp /c/all /all\n"
    build(world, text % "one")
    assert build(world, text % "two").tree()["all"].content == b"one\ntwo\n"


@pytest.mark.parametrize("world", [it for it in SESSIONS if "dockerd" not in it], indirect=True)
def test_a_cache_in_a_registry(world: World) -> None:
    where = f"type=registry,ref={REGISTRY}/contract/cache-{uuid.uuid4().hex}:1"
    cache = BuildCache(sources=(where,), targets=(f"{where},mode=max",))
    build(world, f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n", cache=cache)
    kept = world.registry(REGISTRY).resolve(parse_reference(where.partition("ref=")[2]))
    assert kept is not None


def _sum(text: str) -> bytes:
    return f"{hashlib.sha256(text.encode()).hexdigest()}  -\n".encode()
