from __future__ import annotations

import dataclasses
import gzip
import io
import json
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.docker import EngineBuilder
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed, Cancelled, ConfigError, PaasError, Refused, TimedOut, Unavailable
from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor, Platform
from paasctl.model.plan import Build
from paasctl.oci.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME, OCI_LAYER
from paasctl.ports.images import Builder
from support.docker_engine import IMAGE, FakeEngine, archive, docker_engine, image_id, layer, line, said, trace, vertex

BASE, TOP = layer(base="below"), layer(top="above")
NO_BUILDKIT = (500, [b'{"message": "buildkit not supported by daemon"}'])
LOGIN = json.dumps({"auths": {"registry.example": {"auth": "YW5uOnNlY3JldA=="}}})
STEP = Build(image=Image(name="web", args={"JAVA": "21"}), version="1.2.3", revision="c0ffee", epoch=1_700_000_000)
GOOD = [trace(vertex("a", "[1/2] FROM registry.example/base:1", 1.0, 2.0)), image_id()]
PINNED = "sha256:" + "cd" * 32


class Stop:
    """`ports.Cancel`, asked from the test."""

    def __init__(self, error: PaasError | None = None) -> None:
        self.error = error or Cancelled("stopped at your request")
        self.event = threading.Event()

    @property
    def asked(self) -> bool:
        return self.event.is_set()

    def check(self) -> None:
        if self.event.is_set():
            raise self.error

    def pause(self, seconds: float) -> None:
        self.event.wait(seconds)
        self.check()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    with docker_engine(tmp_path) as fake:
        fake.builds = [(200, GOOD)]
        fake.saved = archive([BASE, TOP])
        fake.objects[f"/images/{IMAGE}/json"] = {"RepoTags": []}
        yield fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM registry.example/base:1\nRUN make\n")
    (folder / "app").write_text("code")
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


@dataclasses.dataclass
class Built:
    descriptor: Descriptor
    manifest: dict[str, Any]
    log: list[str]


@dataclasses.dataclass
class Bench:
    engine: FakeEngine
    project: Path
    layout: FolderLayout
    environ: dict[str, str]

    def build(self, image: Image = STEP.image, *, network: str = "", cancel: Stop | None = None) -> Built:
        log: list[str] = []
        builder: Builder = EngineBuilder({"DOCKER_HOST": self.engine.host, **self.environ}, network)
        step = dataclasses.replace(STEP, image=image)
        made = builder.build(step, self.project, self.layout, log=log.append, cancel=cancel or Stop())
        return Built(made, json.loads(self.layout.read(made)), log)

    def fails(self, image: Image = STEP.image) -> PaasError:
        with pytest.raises(PaasError) as caught:
            self.build(image)
        return caught.value


@pytest.fixture
def bench(engine: FakeEngine, project: Path, layout: FolderLayout, tmp_path: Path) -> Bench:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text("{}")
    return Bench(engine, project, layout, {"DOCKER_CONFIG": str(tmp_path / "docker")})


# --- what comes out -------------------------------------------------------------------------------------------------


def test_an_image_lies_at_its_place(bench: Bench) -> None:
    built = bench.build()
    assert bench.layout.place("web") is not None
    assert built.descriptor.platform == Platform("linux", "amd64")
    layers = [Descriptor(it["mediaType"], it["digest"], it["size"]) for it in built.manifest["layers"]]
    assert [gzip.decompress(bench.layout.read(it)) for it in layers] == [BASE, TOP]
    assert {it.media_type for it in layers} == {OCI_LAYER}
    assert built.manifest["annotations"]["org.opencontainers.image.revision"] == "c0ffee"
    assert built.manifest["annotations"]["org.opencontainers.image.version"] == "1.2.3"
    assert built.log == ["#1 [1/2] FROM registry.example/base:1", "#1 DONE 1.0s"]


def test_the_same_build_gives_the_same_manifest(bench: Bench) -> None:
    assert bench.build().descriptor == bench.build().descriptor


def test_what_the_engine_is_asked(bench: Bench) -> None:
    bench.build(dataclasses.replace(STEP.image, target="final"))
    (asked,) = bench.engine.of("POST", "/build")
    assert json.loads(asked.query.pop("buildargs")) == {"JAVA": "21", "SOURCE_DATE_EPOCH": "1700000000"}
    assert json.loads(asked.query.pop("labels")) == {
        "org.opencontainers.image.revision": "c0ffee",
        "org.opencontainers.image.version": "1.2.3",
    }
    assert asked.query == {
        "version": "2",
        "dockerfile": "Dockerfile",
        "target": "final",
        "platform": "linux/amd64",
        "rm": "1",
        "forcerm": "1",
    }
    assert asked.headers["Content-Type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(asked.body)) as sent:
        assert sent.getnames() == ["Dockerfile", "app"]


def test_a_context_in_a_folder(bench: Bench) -> None:
    (bench.project / "sub").mkdir()
    (bench.project / "sub/web.Dockerfile").write_text("FROM scratch\n")
    bench.build(dataclasses.replace(STEP.image, context="sub", dockerfile="web.Dockerfile"))
    assert bench.engine.of("POST", "/build")[0].query["dockerfile"] == "web.Dockerfile"


def test_an_author_may_set_the_epoch(bench: Bench) -> None:
    bench.build(dataclasses.replace(STEP.image, args={"SOURCE_DATE_EPOCH": "1"}))
    assert json.loads(bench.engine.of("POST", "/build")[0].query["buildargs"]) == {"SOURCE_DATE_EPOCH": "1"}


def test_a_squash_of_everything_gets_plain_layers(bench: Bench) -> None:
    built = bench.build(dataclasses.replace(STEP.image, squash=Squash(base="squash")))
    assert {it["mediaType"] for it in built.manifest["layers"]} == {"application/vnd.oci.image.layer.v1.tar"}


# --- what stays in the engine ---------------------------------------------------------------------------------------


def test_the_engines_image_is_removed(bench: Bench) -> None:
    bench.build()
    assert len(bench.engine.of("DELETE", f"/images/{IMAGE}")) == 1


def test_an_image_that_somebody_named_stays(bench: Bench) -> None:
    bench.engine.objects[f"/images/{IMAGE}/json"] = {"RepoTags": ["mine:latest"]}
    bench.build()
    assert bench.engine.of("DELETE", f"/images/{IMAGE}") == []


# --- networks and builders ------------------------------------------------------------------------------------------


def test_an_engine_without_a_network(bench: Bench) -> None:
    del bench.engine.objects["/networks/bridge"]
    built = bench.build()
    assert bench.engine.of("POST", "/build")[0].query["networkmode"] == "none"
    assert built.log[0] == "this engine has no default network: steps run without one"


def test_a_network_by_name(bench: Bench) -> None:
    bench.build(network="host")
    assert bench.engine.of("POST", "/build")[0].query["networkmode"] == "host"


@pytest.mark.parametrize("status", [400, 500])
def test_an_engine_without_buildkit(bench: Bench, status: int) -> None:
    classic = [line(stream="Step 1/1 : FROM registry.example/base:1\n"), line(aux={"ID": IMAGE})]
    bench.engine.builds = [
        (status, [json.dumps({"message": "buildkit not supported by daemon"}).encode()]),
        (200, classic),
    ]
    built = bench.build()
    first, second = bench.engine.of("POST", "/build")
    assert (first.query["version"], second.query["version"]) == ("2", "1")
    assert "platform" not in second.query  # the engine's own; an old classic builder refuses to be told
    assert second.body == first.body
    assert "this engine has no BuildKit: building with its classic builder" in built.log
    assert bench.engine.of("DELETE", f"/images/{IMAGE}") == []  # it is the classic builder's cache


def test_the_classic_builder_gets_the_credentials(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "docker/config.json").write_text(
        json.dumps({"auths": {"registry.example": {"auth": "YW5uOnNlY3JldA=="}}})
    )
    bench.engine.builds = [NO_BUILDKIT, (200, [line(aux={"ID": IMAGE})])]
    bench.build()
    first, second = bench.engine.of("POST", "/build")
    assert "X-Registry-Config" not in first.headers
    assert "X-Registry-Config" in second.headers


@pytest.mark.parametrize("why", ["pull access denied, 401 Unauthorized", "no active sessions"])
def test_a_private_base_is_fetched_for_buildkit(bench: Bench, tmp_path: Path, why: str) -> None:
    (tmp_path / "docker/config.json").write_text(
        json.dumps({"auths": {"registry.example": {"auth": "YW5uOnNlY3JldA=="}}})
    )
    bench.engine.builds = [(200, [line(error=f"failed to solve: registry.example/base:1: {why}")]), (200, GOOD)]
    built = bench.build()
    (pulled,) = bench.engine.of("POST", "/images/create")
    assert pulled.query == {"fromImage": "registry.example/base", "tag": "1"}
    assert "X-Registry-Auth" in pulled.headers
    assert "fetching registry.example/base:1 with the credentials found here" in built.log


# --- the base -------------------------------------------------------------------------------------------------------


def below(bench: Bench, image: Image = STEP.image) -> tuple[str | None, str | None, str | None]:
    said = bench.build(image).manifest["annotations"]
    return said.get(BASE_NAME), said.get(BASE_DIGEST), said.get(BASE_LAYERS)


def inspected(*layers: bytes, digest: str = PINNED) -> dict[str, Any]:
    diff_ids = json.loads(_config(layers))["rootfs"]["diff_ids"]
    return {"RepoDigests": [f"registry.example/base@{digest}"], "RootFS": {"Layers": diff_ids}}


def _config(layers: tuple[bytes, ...]) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive(layers))) as saved:
        (name,) = [it for it in saved.getnames() if it.endswith(".json") and it != "manifest.json"]
        content = saved.extractfile(name)
        assert content is not None
        return content.read()


def test_b4_the_base_that_buildkit_resolved(bench: Bench) -> None:
    traced = trace(vertex("a", f"[1/2] FROM registry.example/base:1@{PINNED}", 1.0, 2.0))
    bench.engine.builds = [(200, [traced, image_id()])]
    assert below(bench) == ("registry.example/base:1", PINNED, None)


def test_b4_the_base_that_the_engine_had(bench: Bench) -> None:
    bench.engine.objects["/images/registry.example/base:1/json"] = inspected(BASE)
    assert below(bench) == ("registry.example/base:1", PINNED, "1")


def test_b4_the_engines_base_is_another_by_now(bench: Bench) -> None:
    bench.engine.objects["/images/registry.example/base:1/json"] = inspected(layer(base="moved"))
    assert below(bench) == ("registry.example/base:1", None, None)


def test_b4_a_pinned_base(bench: Bench) -> None:
    (bench.project / "Dockerfile").write_text(f"FROM registry.example/base:1@{PINNED}\n")
    assert below(bench) == ("registry.example/base:1", PINNED, None)


def test_b4_a_base_that_was_never_in_a_registry(bench: Bench) -> None:
    bench.engine.objects["/images/registry.example/base:1/json"] = {**inspected(BASE), "RepoDigests": []}
    assert below(bench) == ("registry.example/base:1", None, "1")


def test_nothing_below(bench: Bench) -> None:
    (bench.project / "Dockerfile").write_text("FROM scratch\nCOPY app /\n")
    assert below(bench) == (None, None, "0")


def test_a_squash_that_keeps_the_base_has_it_fetched_to_count_its_layers(bench: Bench) -> None:
    traced = trace(vertex("a", f"[1/2] FROM registry.example/base:1@{PINNED}", 1.0, 2.0))
    bench.engine.builds = [(200, [traced, image_id()])]
    bench.build(dataclasses.replace(STEP.image, squash=Squash(base="keep")))
    (pulled,) = bench.engine.of("POST", "/images/create")
    assert pulled.query == {"fromImage": "registry.example/base", "tag": PINNED}


# --- failures -------------------------------------------------------------------------------------------------------


def test_b2_b3_a_step_that_fails_inside_an_answer_of_200(bench: Bench) -> None:
    bench.engine.builds = [
        (
            200,
            [
                trace(vertex("c", "[2/2] RUN make", 101.0), said("c", 101.5, "main.c:1: no\n")),
                trace(vertex("c", "[2/2] RUN make", 101.0, 102.0, error="exit code: 2")),
                line(error="failed to solve with frontend dockerfile.v0: failed to solve: exit code: 2"),
            ],
        )
    ]
    error = bench.fails()
    assert isinstance(error, BuildFailed)
    assert error.message == "building image web: [2/2] RUN make: exit code: 2"
    assert error.evidence == ("main.c:1: no",)
    assert bench.layout.place("web") is None


def test_b3_a_build_that_ends_without_an_image(bench: Bench) -> None:
    bench.engine.builds = [(200, [line(stream="all fine\n")])]
    assert bench.fails().message == "building image web: the engine ended without naming an image"


@pytest.mark.parametrize(
    "said_by_engine",
    [
        "failed to solve with frontend dockerfile.v0: dockerfile parse error line 2: unknown instruction: MAEK",
        "failed to solve: failed to create LLB definition: dockerfile parse error line 2: unknown instruction: MAEK",
        "failed to solve: dockerfile parse error on line 2: unknown instruction: MAEK",
        "dockerfile parse error line 2: unknown instruction: MAEK",
    ],
)
def test_a_dockerfile_that_cannot_be_read(bench: Bench, said_by_engine: str) -> None:
    bench.engine.builds = [(200, [line(error=said_by_engine)])]
    error = bench.fails()
    assert isinstance(error, ConfigError)
    assert error.where == "Dockerfile:2:1"
    assert error.message == "building image web: Dockerfile:2:1: unknown instruction: MAEK"


def test_a_dockerfile_that_the_classic_builder_refuses(bench: Bench) -> None:
    bench.environ["DOCKER_BUILDKIT"] = "0"
    bench.engine.builds = [(400, [b'{"message": "dockerfile parse error line 2: unknown instruction: MAEK"}'])]
    error = bench.fails()
    assert isinstance(error, ConfigError)
    assert error.where == "Dockerfile:2:1"
    assert [it.query["version"] for it in bench.engine.of("POST", "/build")] == ["1"]


def test_b1_a_full_disk(bench: Bench) -> None:
    bench.engine.builds = [(200, [line(error="failed to solve: write /x: no space left on device")])]
    error = bench.fails()
    assert isinstance(error, Unavailable)
    assert (error.code, error.hint) == ("engine-disk-full", "docker system df; docker builder prune")


def test_a_registry_that_does_not_answer_is_no_failed_build(bench: Bench) -> None:
    why = "failed to do request: Head https://registry.example/v2/: dial tcp 127.0.0.1:443: connect: connection refused"
    resolving = vertex("a", "[internal] load metadata for registry.example/base:1", 1.0, 2.0, error=why)
    bench.engine.builds = [(200, [trace(resolving), line(error=f"failed to solve: {why}")])]
    assert isinstance(bench.fails(), Unavailable)


def test_an_image_that_does_not_fit_together(bench: Bench) -> None:
    bench.engine.saved = b"nonsense" * 200
    assert bench.fails().code == "image-unreadable"


def test_what_the_engine_refuses(bench: Bench) -> None:
    bench.engine.builds = [(400, [b'{"message": "invalid reference format"}'])]
    error = bench.fails()
    assert isinstance(error, Refused)
    assert "invalid reference format" in error.message


# --- the engine -----------------------------------------------------------------------------------------------------


def test_b1_no_engine(bench: Bench, tmp_path: Path) -> None:
    bench.engine.host = f"unix://{tmp_path}/nobody.sock"
    error = bench.fails()
    assert isinstance(error, Unavailable)
    assert error.code == "engine-absent"
    assert error.message == (
        f"connecting to the Docker engine at unix://{tmp_path}/nobody.sock: No such file or directory"
    )
    assert error.hint == "start the Docker engine, or set DOCKER_HOST (docker context ls)"


def test_b1_a_socket_that_nobody_listens_on(bench: Bench, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "dead.sock"))
        bench.engine.host = f"unix://{tmp_path}/dead.sock"
        assert bench.fails().message.endswith("Connection refused")


def test_b1_a_host_that_makes_no_sense(bench: Bench) -> None:
    bench.engine.host = "what://is:this"
    assert bench.fails().code == "engine-absent"


def test_b1_an_engine_that_is_too_old(bench: Bench) -> None:
    bench.engine.version["ApiVersion"] = "1.12"
    error = bench.fails()
    assert isinstance(error, Unavailable)
    assert error.code == "engine-too-old"


def test_b1_something_else_listens_there(bench: Bench) -> None:
    bench.engine.version = {}
    assert bench.fails().code == "engine-too-old"


@pytest.mark.parametrize(
    ("least", "newest", "spoken"), [("1.12", "1.41", "v1.41"), ("1.44", "1.99", "v1.47"), ("1.60", "1.99", "v1.60")]
)
def test_the_api_version_is_one_that_both_know(bench: Bench, least: str, newest: str, spoken: str) -> None:
    bench.engine.version |= {"ApiVersion": newest, "MinAPIVersion": least}
    bench.build()
    assert bench.engine.of("POST", "/build")[0].prefix == spoken


def test_a_docker_context(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(tmp_path / "docker", "remote", bench.engine.host)
    (tmp_path / "docker/config.json").write_text('{"currentContext": "remote"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    made = EngineBuilder({}).build(STEP, bench.project, bench.layout, log=lambda _: None, cancel=Stop())
    assert bench.layout.has(made.digest)


def test_b1_a_docker_context_that_is_not_there(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with pytest.raises(Unavailable, match="there is no docker context gone"):
        EngineBuilder({"DOCKER_CONTEXT": "gone"}).build(
            STEP, bench.project, bench.layout, log=lambda _: None, cancel=Stop()
        )


def context(folder: Path, name: str, host: str) -> None:
    import hashlib

    meta = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))


# --- stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Cancelled("stopped at your request"), TimedOut("the time ran out")])
def test_a_cancel_wakes_a_silent_build_and_hangs_up(bench: Bench, error: PaasError) -> None:
    bench.engine.stalls = True
    stop = Stop(error)
    bench.engine.builds = [(200, [trace(vertex("c", "[2/2] RUN sleep 9999", 101.0))])]
    log: list[str] = []

    def heard(text: str) -> None:
        log.append(text)
        stop.event.set()

    builder = EngineBuilder({"DOCKER_HOST": bench.engine.host})
    with pytest.raises(type(error)):
        builder.build(STEP, bench.project, bench.layout, log=heard, cancel=stop)
    assert log == ["#1 [2/2] RUN sleep 9999"]
    assert bench.engine.hung_up.wait(5)


def test_an_engine_that_goes_away_is_no_cancel(bench: Bench) -> None:
    bench.engine.breaks = True
    error = bench.fails()
    assert isinstance(error, Unavailable)
    assert error.code == "engine-gone"


def test_b8_a_cancel_before_anything(bench: Bench) -> None:
    stop = Stop()
    stop.event.set()
    with pytest.raises(Cancelled):
        bench.build(cancel=stop)
    assert bench.engine.asked == []
