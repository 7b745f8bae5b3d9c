"""What the builder promises, asked of a real Docker Engine: the one that PAASCTL_TEST_DOCKER_HOST names.

It needs PAASCTL_TEST_REGISTRY too, with `base/busybox:1` in it. Where they are not set nothing here is collected; the
same promises are asked of a small engine in `adapters/docker/test_builder.py`.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import tarfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.adapters.docker.connect import connect, engine_version
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.adapters.registry import RegistryClient
from paasctl.engine.cancel import Cancel
from paasctl.errors import BuildFailed, Cancelled, ConfigError
from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor, Repository, parse_reference
from paasctl.model.plan import Build
from paasctl.oci.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME
from support.registry_client import CountingClock

HOST = os.environ.get("PAASCTL_TEST_DOCKER_HOST", "")
REGISTRY = os.environ.get("PAASCTL_TEST_REGISTRY", "")
GUARDED = os.environ.get("PAASCTL_TEST_REGISTRY_AUTH", "")
BASE = f"{REGISTRY}/base/busybox:1"
STEP = Build(image=Image(name="web"), version="1.2.3", revision="c0ffee", epoch=1_700_000_000)


class Bench:
    """One project and one layout."""

    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        self.project.mkdir()
        self.layout: FolderLayout = create_layout(root / "layout")
        self.log: list[str] = []
        self.environ = {"DOCKER_HOST": HOST, "DOCKER_CONFIG": str(root / "docker")}
        (root / "docker").mkdir()
        (root / "docker/config.json").write_text("{}")

    def write(self, **files: str) -> None:
        for name, content in files.items():
            (self.project / name).write_text(content)

    def build(self, dockerfile: str, cancel: Cancel | None = None, **image: Any) -> Descriptor:
        self.write(Dockerfile=dockerfile)
        step = replace(STEP, image=replace(STEP.image, **image))
        builder = EngineBuilder(self.environ)
        return builder.build(step, self.project, self.layout, log=self.log.append, cancel=cancel or Cancel())

    def manifest(self, made: Descriptor) -> dict[str, Any]:
        return dict(json.loads(self.layout.read(made)))

    def config(self, made: Descriptor) -> dict[str, Any]:
        said = self.manifest(made)["config"]
        return dict(json.loads(self.layout.read(Descriptor(said["mediaType"], said["digest"], said["size"]))))

    def files(self, made: Descriptor) -> Mapping[str, str]:
        """Text files of all layers, later ones over earlier ones, whiteouts not looked at; small files only."""
        found: dict[str, str] = {}
        for said in self.manifest(made)["layers"]:
            content = self.layout.read(Descriptor(said["mediaType"], said["digest"], said["size"]))
            with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as layer:
                for member in layer:
                    text = layer.extractfile(member) if member.isreg() and member.size < 10_000 else None
                    if text is not None:
                        found[member.name] = text.read().decode()
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.contract
class TestRealEngine:
    __test__ = bool(HOST and REGISTRY)

    @pytest.fixture(params=["BuildKit", "classic"])
    def either(self, request: pytest.FixtureRequest, bench: Bench) -> Bench:
        if request.param == "classic":
            bench.environ["DOCKER_BUILDKIT"] = "0"
        return bench

    def test_it_says_what_it_is(self, bench: Bench) -> None:
        assert engine_version(bench.environ).startswith("Docker Engine ")

    def test_an_image_comes_out_whole(self, either: Bench) -> None:
        either.write(app="code", secret="no", **{".dockerignore": "secret"})
        made = either.build(
            f"FROM {BASE}\nARG WHO\nCOPY . /app/\nRUN echo for $WHO > /out && ls /app\n", args={"WHO": "ann"}
        )
        files = either.files(made)
        assert files["app/app"] == "code"
        assert files["out"] == "for ann\n"
        assert "app/secret" not in files
        labels = either.config(made)["config"]["Labels"]
        assert labels["org.opencontainers.image.revision"] == "c0ffee"
        assert labels["org.opencontainers.image.version"] == "1.2.3"
        assert any("app" in line for line in either.log)

    def test_b4_the_base_is_recorded_as_the_registry_has_it(self, either: Bench) -> None:
        made = either.build(f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n", squash=Squash(base="keep"))
        there = RegistryClient(REGISTRY, clock=CountingClock(), environ=either.environ).resolve(parse_reference(BASE))
        assert there is not None
        said = either.manifest(made)["annotations"]
        assert (said[BASE_NAME], said[BASE_DIGEST], said[BASE_LAYERS]) == (BASE, there.digest, "1")

    def test_b4_the_base_of_the_last_stage(self, either: Bench) -> None:
        made = either.build(f"FROM {BASE} AS build\nRUN echo hi > /x\nFROM scratch\nCOPY --from=build /x /\n")
        assert either.files(made) == {"x": "hi\n"}
        assert either.manifest(made)["annotations"][BASE_LAYERS] == "0"

    def test_a_target(self, either: Bench) -> None:
        made = either.build(f"FROM {BASE} AS one\nRUN echo 1 > /x\nFROM one\nRUN echo 2 > /x\n", target="one")
        assert either.files(made)["x"] == "1\n"

    def test_a_layer_that_occurs_twice(self, bench: Bench) -> None:
        made = bench.build(f"FROM {BASE}\nRUN true\nRUN true\nRUN true\n")
        layers = [it["digest"] for it in bench.manifest(made)["layers"]]
        assert len(layers) == len(bench.config(made)["rootfs"]["diff_ids"]) == 4
        assert len(set(layers)) < 4

    def test_the_same_build_again_is_cached_and_the_same(self, bench: Bench) -> None:
        text = f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n"
        assert bench.build(text) == bench.build(text)
        assert any(line.endswith(" CACHED") for line in bench.log)

    def test_the_engines_image_is_removed(self, bench: Bench) -> None:
        made = bench.build(f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n")
        with connect(bench.environ) as engine:
            assert engine.json(f"/images/{bench.manifest(made)['config']['digest']}/json") is None

    def test_b2_b3_a_step_that_fails(self, either: Bench) -> None:
        with pytest.raises(BuildFailed) as caught:
            either.build(f"FROM {BASE}\nRUN for i in $(seq 20); do echo line $i; done; echo why >&2; exit 3\n")
        assert "RUN for i in" in caught.value.message
        assert "3" in caught.value.message
        assert {"why", "line 20"} <= set(caught.value.evidence)
        assert len(caught.value.evidence) <= 40
        assert either.layout.place("web") is None

    def test_a_dockerfile_that_cannot_be_read(self, either: Bench) -> None:
        with pytest.raises(ConfigError) as caught:
            either.build(f"FROM {BASE}\n\nMAEK it\n")
        assert caught.value.where == "Dockerfile:3:1"

    def test_a_base_that_is_not_there(self, either: Bench) -> None:
        with pytest.raises(BuildFailed, match=r"base/nothing.*not found"):
            either.build(f"FROM {REGISTRY}/base/nothing:1\nRUN true\n")

    def test_a_cancel_stops_a_silent_step(self, either: Bench) -> None:
        cancel = Cancel()
        marker = f"{uuid.uuid4()}"
        threading.Timer(2.0, cancel.ask).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            either.build(f"FROM {BASE}\nRUN echo {marker}; sleep 300\n", cancel)
        assert time.monotonic() - began < 20
        assert any(marker in line for line in either.log)
        assert self.gone(marker)

    @staticmethod
    def gone(marker: str) -> bool:
        """Whether no process of the step is left (engine on this machine)."""
        for _ in range(100):
            found = [it for it in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in _read(it)]
            if not found:
                return True
            threading.Event().wait(0.1)
        return False

    def test_a_private_base(self, either: Bench) -> None:
        if not GUARDED:
            pytest.fail("PAASCTL_TEST_REGISTRY_AUTH is not set: no registry with a login to ask")
        user, password = (os.environ[f"PAASCTL_TEST_REGISTRY_AUTH_{it}"] for it in ("USER", "PASSWORD"))
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        config = Path(either.environ["DOCKER_CONFIG"]) / "config.json"
        config.write_text(json.dumps({"auths": {GUARDED: {"auth": login}}}))
        made = either.build(f"FROM {BASE}\nRUN echo {uuid.uuid4()} > /x\n")
        repository = Repository(GUARDED, f"contract/{uuid.uuid4().hex}")
        client = RegistryClient(GUARDED, clock=CountingClock(), environ=either.environ)
        manifest = either.manifest(made)
        for said in (manifest["config"], *manifest["layers"]):
            client.push_blob(repository, Descriptor(said["mediaType"], said["digest"], said["size"]), either.layout)
        client.put_manifest(repository, made.media_type, either.layout.read(made), tag="1")
        again = either.build(f"FROM {repository}:1\nRUN cp /x /y\n")
        assert either.files(again)["y"] == either.files(made)["x"]
        assert either.manifest(again)["annotations"][BASE_DIGEST] == made.digest


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
