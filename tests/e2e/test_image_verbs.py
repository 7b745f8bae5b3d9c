"""`paasctl image` as a process: stopped and killed in the midst of it, and with the real engine and registries."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.parts import Testbed, until
from paasctl.adapters.layout import create_layout
from paasctl.embedded.http.faults import Fault
from support.images import lay_image
from support.registry import Registry
from support.tars import entry, tar_of

LAYERS = (
    tar_of("etc/", entry("etc/os=one"), entry("lib=" + "l" * 2_000_000)),
    tar_of(entry("app=first"), entry("etc/own=x")),
    tar_of(entry("app=second"), entry(".wh.lib"), entry("run->app")),
)
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
TO = ("layout", "archive", "registry")


class Here:
    """A folder to work in."""

    def __init__(self, folder: Path, registry: str, **environ: str) -> None:
        self.folder = folder
        self.registry = registry
        self.environ = {**os.environ, "TMPDIR": str(folder / "tmp"), **environ}
        (folder / "tmp").mkdir()
        lay_image(create_layout(folder / "made"), "web", LAYERS)

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "paasctl", "image", *args],
            cwd=self.folder, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def image(self, *args: str) -> str:
        """What it said, results and talk; it must go well."""
        begun = self.start(*args)
        out, err = begun.communicate(timeout=120)
        assert begun.returncode == 0, err
        return out + err

    def leftovers(self) -> list[str]:
        return [str(it) for it in (*self.folder.rglob(".tmp-*"), *(self.folder / "tmp").iterdir())]

    def target(self, kind: str) -> str:
        return {"layout": "oci:out:web", "archive": "out.tar:web:1", "registry": f"{self.registry}/out/web:1"}[kind]

    def is_there(self, kind: str, registry: Registry) -> bool:
        """Whether an image has the target's name."""
        if kind == "archive":
            return (self.folder / "out.tar").exists()
        if kind == "registry":
            return "1" in registry.tags["out/web"]
        index = self.folder / "out" / "index.json"
        return index.exists() and bool(json.loads(index.read_text())["manifests"])


@pytest.mark.kills
@pytest.mark.parametrize("verb", ["squash", "copy"])
@pytest.mark.parametrize("kind", TO)
@pytest.mark.parametrize("by", SIGNALS, ids=lambda it: it.name)
def test_stopped_in_the_midst_of_it_there_is_no_image_and_the_next_run_makes_it(
    tmp_path: Path, by: signal.Signals, kind: str, verb: str
) -> None:
    with Registry() as registry, Registry() as other:
        _stopped(Here(tmp_path, other.host), (registry, other), by, (kind, verb))


def _stopped(here: Here, registries: tuple[Registry, Registry], by: signal.Signals, what: tuple[str, str]) -> None:
    (registry, other), (kind, verb) = registries, what
    source, target = f"{registry.host}/shop/web:1", here.target(kind)
    here.image("copy", "oci:made:web", source)
    args = (verb, source, target, *(("--all", "--layers", "1") if verb == "squash" else ()))
    few = 3 if verb == "squash" else 1  # a squash reads the configuration twice before
    registry.running.faults.switch_on(Fault(on="GET blobs", word="slow", by=3.0, after=few, times=99))
    asked = registry.requests["GET blobs"]
    run = here.start(*args)
    until(lambda: registry.requests["GET blobs"] > asked + few, within=60)
    time.sleep(0.3)  # noqa: TID251 - it waits for what comes late
    run.send_signal(by)
    began = time.monotonic()
    _, err = run.communicate(timeout=30)
    assert time.monotonic() - began < 20
    assert run.returncode == SIGNALS[by], err
    assert not here.is_there(kind, other), err
    if by != signal.SIGKILL:
        assert here.leftovers() == [], err
        assert "stopped" in err
        assert "Traceback" not in err
    registry.running.faults.clear()
    here.image(*args)
    assert here.is_there(kind, other)
    assert here.leftovers() == []


# --- the real engine, and real registries ---------------------------------------------------------------------------


class Docker:
    """The real engine, by its own client; names are this test's alone."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.name = f"paasctl-{uuid.uuid4().hex[:8]}"

    def __call__(self, *args: str) -> bytes:
        return subprocess.run(["docker", "-H", self.host, *args], check=True, capture_output=True).stdout

    def files(self, name: str) -> list[str]:
        """What a container sees, as `tar` lists it; not what the engine itself adds."""
        made = self("create", name, "x").decode().strip()
        try:
            listed = subprocess.run(["tar", "-tvf", "-"], input=self("export", made), check=True, capture_output=True)
        finally:
            self("rm", made)
        added = (
            " dev/",
            " etc/hostname",
            " etc/hosts",
            " etc/mtab",
            " etc/resolv.conf",
            " proc/",
            " sys/",
            " .dockerenv",
        )
        lines = [it for it in listed.stdout.decode().splitlines() if not it.endswith(" etc/")]  # it was written to
        return sorted(it for it in lines if not any(name in it for name in added))

    def layers(self, name: str) -> int:
        found: list[str] = json.loads(self("inspect", name))[0]["RootFS"]["Layers"]
        return len(found)

    def remove(self) -> None:
        listed = self("images", "-q", "--filter", f"reference={self.name}").decode().split()
        if listed:
            self("rmi", "-f", *set(listed))


@pytest.fixture
def docker(real: Testbed) -> Iterator[Docker]:
    made = Docker(real.docker_host)
    yield made
    made.remove()


def test_the_real_engine_takes_images_in_and_gives_them_out(real: Testbed, docker: Docker, tmp_path: Path) -> None:
    here, name = Here(tmp_path, real.registry, DOCKER_HOST=docker.host), docker.name
    here.image("copy", "oci:made:web", f"docker:{name}:1")
    assert docker.layers(f"{name}:1") == 3
    files = docker.files(f"{name}:1")
    assert any("etc/os" in it for it in files)

    here.image("squash", f"docker:{name}:1", f"docker:{name}:2", "--all", "--layers", "1")
    assert docker.layers(f"{name}:2") == 1
    assert docker.files(f"{name}:2") == files
    here.image("squash", f"docker:{name}:1", f"docker:{name}:2", "--all", "--layers", "1")

    pushed = f"{real.registry}/{name}/web:1"
    here.image("squash", f"docker:{name}:1", pushed, "--base", "1", "--layers", "1")
    docker("pull", pushed)
    docker("tag", pushed, f"{name}:pulled")
    docker("rmi", pushed)
    assert docker.layers(f"{name}:pulled") == 2
    assert docker.files(f"{name}:pulled") == files

    docker("save", "-o", str(tmp_path / "saved.tar"), f"{name}:1")
    here.image("squash", "saved.tar", f"out.tar:{name}:loaded", "--all", "--layers", "1")
    docker("load", "-i", str(tmp_path / "out.tar"))
    assert docker.files(f"{name}:loaded") == files

    here.image("squash", f"docker:{name}:1", "--all", "--layers", "1")
    assert docker.layers(f"{name}:1") == 1
    assert docker.files(f"{name}:1") == files
    assert here.leftovers() == []


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda it: it.name)
def test_stopped_on_the_way_into_the_real_engine_nothing_is_left(
    real: Testbed, docker: Docker, tmp_path: Path, by: signal.Signals
) -> None:
    here = Here(tmp_path, real.registry, DOCKER_HOST=docker.host)
    with Registry() as registry:
        source = f"{registry.host}/shop/web:1"
        here.image("copy", "oci:made:web", source)
        registry.running.faults.switch_on(Fault(on="GET blobs", word="slow", by=3.0, after=1, times=99))
        asked = registry.requests["GET blobs"]
        run = here.start("copy", source, f"docker:{docker.name}:1")
        until(lambda: registry.requests["GET blobs"] > asked + 1, within=60)
        run.send_signal(by)
        run.communicate(timeout=30)
        assert run.returncode == SIGNALS[by]
    assert here.leftovers() == [], "a file without a name leaves nothing even when its process is killed"
    assert docker("images", "-q", docker.name) == b""
