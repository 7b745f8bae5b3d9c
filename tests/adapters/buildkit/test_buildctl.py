from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.buildkit.conftest import STEP, Bench, nobody
from paasctl.adapters.buildkit.buildctl import BuildctlBuilder
from paasctl.adapters.layout import create_layout
from paasctl.adapters.registry import RegistryClient
from paasctl.errors import BuildFailed, Cancelled, ConfigError, PaasError, TimedOut, Unavailable
from paasctl.model.config import BuildCache, Squash
from paasctl.model.image import Platform
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME
from support.bases import put_base
from support.buildkit_says import log, oci_archive, status, vertex
from support.docker_bench import Stop
from support.images import lay_image, lay_index
from support.registry import Registry
from support.registry_client import CountingClock
from support.tars import tar_of

PINNED = "sha256:" + "cd" * 32


def said_of(bench: Bench, **image: Any) -> dict[str, str]:
    return dict(json.loads(bench.layout.read(bench.build(**image)))["annotations"])


# --- what is asked --------------------------------------------------------------------------------------------------


def test_what_buildctl_is_asked(bench: Bench) -> None:
    bench.build(args={"JAVA": "21"}, target="final")
    argv = bench.program.argv
    dockerfile = argv[argv.index("--local") + 3].removeprefix("dockerfile=")
    assert argv == [
        *("--addr", "unix:///buildkit.sock", "build", "--progress", "rawjson", "--frontend", "dockerfile.v0"),
        *("--local", f"context={bench.project}", "--local", f"dockerfile={dockerfile}"),
        *("--opt", "build-arg:JAVA=21", "--opt", "build-arg:SOURCE_DATE_EPOCH=1700000000"),
        *("--opt", "filename=Dockerfile"),
        *("--opt", "label:org.opencontainers.image.revision=c0ffee"),
        *("--opt", "label:org.opencontainers.image.version=1.2.3"),
        *("--opt", "platform=linux/amd64", "--opt", "target=final"),
        *("--output", "type=oci,rewrite-timestamp=true"),
    ]
    assert not Path(dockerfile).exists()


def test_caches_are_asked_for_in_the_author_s_words(bench: Bench) -> None:
    bench.build(cache=BuildCache(sources=("type=local,src=/c",), targets=("type=local,dest=/c", "type=inline")))
    argv = bench.program.argv
    assert argv[argv.index("--import-cache") + 1] == "type=local,src=/c"
    assert [argv[at + 1] for at, it in enumerate(argv) if it == "--export-cache"] == [
        "type=local,dest=/c",
        "type=inline",
    ]


def test_an_author_may_set_the_epoch(bench: Bench) -> None:
    bench.build(args={"SOURCE_DATE_EPOCH": "1"})
    assert [it for it in bench.program.argv if "EPOCH" in it] == ["build-arg:SOURCE_DATE_EPOCH=1"]


def test_the_caller_s_environment_is_the_program_s(bench: Bench) -> None:
    bench.environ["DOCKER_CONFIG"] = "/somewhere"
    bench.build()
    assert bench.program.environ["DOCKER_CONFIG"] == "/somewhere"


@pytest.mark.parametrize("ignored_by", [".dockerignore", "Dockerfile.dockerignore"])
def test_the_staged_dockerfile_knows_what_is_left_out(
    bench: Bench, ignored_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.project / ".dockerignore").write_text("nothing\n")
    (bench.project / ignored_by).write_bytes(b"*.tmp")
    seen: dict[str, bytes] = {}

    class Looked(tempfile.TemporaryDirectory[str]):
        def cleanup(self) -> None:
            seen.update({it.name: it.read_bytes() for it in Path(self.name).iterdir()})
            super().cleanup()

        def __exit__(self, *_: object) -> None:
            self.cleanup()

    monkeypatch.setattr("paasctl.adapters.buildkit.staged.TemporaryDirectory", Looked)
    bench.build()
    assert seen == {
        "Dockerfile": (bench.project / "Dockerfile").read_bytes(),
        "Dockerfile.dockerignore": b"*.tmp\n**/.paasctl\n",
    }


# --- what comes out -------------------------------------------------------------------------------------------------


def test_an_image_lies_at_its_place(bench: Bench) -> None:
    made = bench.build()
    laid = bench.layout.place("web")
    assert laid is not None
    assert laid.digest == made.digest
    assert made.platform == Platform("linux", "amd64")


def test_the_log_says_who_builds_and_what_is_done(bench: Bench) -> None:
    bench.program.says(
        status(vertexes=[vertex("a", "[1/2] RUN make", "12:00:01")])
        + status(logs=[log("a", "cc -c main.c\n", "12:00:01.5")])
        + status(vertexes=[vertex("a", "[1/2] RUN make", "12:00:01", "12:00:03")]),
        (bench.program.folder / "out").read_bytes(),
    )
    bench.build()
    assert bench.log == [
        "building with buildctl, BuildKit at unix:///buildkit.sock",
        "#1 [1/2] RUN make",
        "#1 0.50 cc -c main.c",
        "#1 DONE 2.0s",
    ]


def test_several_platforms_are_an_index_in_their_order(bench: Bench, tmp_path: Path) -> None:
    made = create_layout(tmp_path / "several")
    platforms = Platform("linux", "arm64"), Platform("linux", "amd64")
    lay_index(made, "it", [lay_image(made, "", [tar_of(str(it))], platform=it) for it in reversed(platforms)])
    bench.program.says(b"", oci_archive(made.root))
    index = json.loads(bench.layout.read(bench.build(platforms=platforms)))
    assert [it["platform"]["architecture"] for it in index["manifests"]] == ["arm64", "amd64"]
    assert "platform=linux/arm64,linux/amd64" in bench.program.argv


def test_a_platform_that_did_not_come(bench: Bench) -> None:
    error = bench.fails(platforms=(Platform("linux", "arm64"),))
    assert isinstance(error, BuildFailed)
    assert "made it for linux/amd64, and not for linux/arm64" in error.message


# --- the base -------------------------------------------------------------------------------------------------------


def test_b4_a_base_whose_registry_does_not_answer(bench: Bench) -> None:
    traced = status(vertexes=[vertex("a", f"[1/2] FROM registry.example/base:1@{PINNED}", "12:00:01")])
    bench.program.says(traced, (bench.program.folder / "out").read_bytes())
    said = said_of(bench)
    assert (said[BASE_NAME], said[BASE_DIGEST], said.get(BASE_LAYERS)) == ("registry.example/base:1", PINNED, None)


def test_b4_a_base_that_a_squash_must_keep_has_to_be_asked_for(bench: Bench) -> None:
    traced = status(vertexes=[vertex("a", f"[1/2] FROM registry.example/base:1@{PINNED}", "12:00:01")])
    bench.program.says(traced, (bench.program.folder / "out").read_bytes())
    assert isinstance(bench.fails(squash=Squash(base="keep")), Unavailable)


@pytest.mark.parametrize(("below", "layers"), [(tar_of("below"), "1"), (tar_of("another"), None)])
def test_b4_layers_count_where_they_are_the_first(bench: Bench, below: bytes, layers: str | None) -> None:
    with Registry() as registry:
        there = put_base(registry, "base", [below])
        name = f"{registry.host}/base:1"
        (bench.project / "Dockerfile").write_text(f"FROM {name}\n")
        traced = status(vertexes=[vertex("a", f"[1/1] FROM {name}@{there.digest}", "12:00:01")])
        bench.program.says(traced, (bench.program.folder / "out").read_bytes())
        builder = BuildctlBuilder(
            environ={"PATH": bench.program.path},
            registry=lambda host: RegistryClient(host, clock=CountingClock(), environ={}),
            address="unix:///buildkit.sock",
        )
        made = builder.build(STEP, bench.project, bench.layout, log=bench.log.append, cancel=Stop())
    said = json.loads(bench.layout.read(made))["annotations"]
    assert (said[BASE_DIGEST], said.get(BASE_LAYERS)) == (there.digest, layers)


def test_nothing_below(bench: Bench) -> None:
    (bench.project / "Dockerfile").write_text("FROM scratch\n")
    said = said_of(bench)
    assert (said.get(BASE_NAME), said[BASE_LAYERS]) == (None, "0")


# --- failures -------------------------------------------------------------------------------------------------------


def test_b2_a_step_that_fails(bench: Bench) -> None:
    why = 'process "/bin/sh -c make" did not complete successfully: exit code: 2'
    bench.program.says(
        status(vertexes=[vertex("c", "[2/2] RUN make", "12:00:01")], logs=[log("c", "main.c:1: no\n")])
        + status(vertexes=[vertex("c", "[2/2] RUN make", "12:00:01", "12:00:02", error=why)])
        + f"Dockerfile:2\n-----\n   2 | >>> RUN make\n-----\nerror: failed to solve: {why}\n".encode(),
        b"",
        1,
    )
    error = bench.fails()
    assert isinstance(error, BuildFailed)
    assert error.message == f"building image web: [2/2] RUN make: {why}"
    assert error.evidence == ("main.c:1: no",)


def test_a_dockerfile_that_cannot_be_read(bench: Bench) -> None:
    said = b"error: failed to solve: dockerfile parse error on line 2: unknown instruction: MAEK\n"
    bench.program.says(said, b"", 1)
    error = bench.fails()
    assert isinstance(error, ConfigError)
    assert error.where == "Dockerfile:2:1"


def test_a_base_that_is_not_there_has_a_place(bench: Bench) -> None:
    why = "registry.example/base:1: not found"
    step = vertex("a", "[internal] load metadata for registry.example/base:1", "12:00:01", "12:00:02", error=why)
    bench.program.says(status(vertexes=[step]) + f"error: failed to solve: {why}\n".encode(), b"", 1)
    error = bench.fails()
    assert (type(error), error.code, error.where) == (ConfigError, "base-not-found", "Dockerfile:1:1")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("error: listing workers for Build: failed to list workers: Unavailable: connection error", "builder-absent"),
        ('error: Unavailable: connection error: desc = "transport: Error while dialing: dial unix"', "builder-absent"),
        ("error: invalid progress mode rawjson", "builder-too-old"),
        ("flag provided but not defined: -x\nNo help topic for 'build'", "build-failed"),
        ("", "build-failed"),
    ],
)
def test_b1_a_program_that_can_t(bench: Bench, said: str, code: str) -> None:
    bench.program.says(f"{said}\n".encode(), b"", 1)
    error = bench.fails()
    assert error.code == code
    assert error.message.strip()


def test_b1_there_is_no_such_program(bench: Bench) -> None:
    builder = BuildctlBuilder(environ={"PATH": "/nowhere"}, registry=nobody, address="unix:///x")
    with pytest.raises(Unavailable) as caught:
        builder.build(STEP, bench.project, bench.layout, log=bench.log.append, cancel=Stop())
    assert caught.value.code == "builder-absent"


def test_a_program_that_ends_well_with_half_an_image(bench: Bench, archive: bytes) -> None:
    bench.program.says(b"", archive[:2000])
    assert bench.fails().code == "image-unreadable"


def test_a_program_that_fails_with_half_an_image_says_why(bench: Bench, archive: bytes) -> None:
    bench.program.says(b"error: failed to solve: no space left on device\n", archive[:2000], 1)
    assert bench.fails().code == "engine-disk-full"


def test_words_of_a_program_that_are_no_text(bench: Bench) -> None:
    bench.program.says(b"\xff\xfe\x00 what\nerror: failed to solve: \xff\n", b"", 1)
    assert isinstance(bench.fails(), BuildFailed)


# --- stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Cancelled("stopped at your request"), TimedOut("the time ran out")])
def test_a_cancel_ends_the_program_and_its_children(
    bench: Bench, error: PaasError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    bench.program.says(status(vertexes=[vertex("a", "RUN sleep", "12:00:01")]), b"")
    bench.program.stalls()
    stop = Stop(error)

    def when_it_waits() -> None:
        while not (bench.program.folder / "child").exists() or not (bench.program.folder / "child").read_text():
            threading.Event().wait(0.02)
        stop.event.set()

    waiting = threading.Thread(target=when_it_waits)
    waiting.start()
    with pytest.raises(type(error)):
        bench.build(stop)
    waiting.join()
    assert not _runs(bench.program.child)
    assert not list((tmp_path / "temporary").iterdir())
    assert bench.layout.places() == ()


def _runs(process: int) -> bool:
    """Whether it does; a child of nobody's that has ended may stay a moment as a zombie."""
    for _ in range(100):
        try:
            os.kill(process, 0)
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return False
        if state == "Z":
            return False
        threading.Event().wait(0.05)
    os.kill(process, signal.SIGKILL)
    return True


def test_b8_a_cancel_before_anything(bench: Bench) -> None:
    stop = Stop()
    stop.event.set()
    with pytest.raises(Cancelled):
        bench.build(stop)
    assert not (bench.program.folder / "argv").exists()


def test_what_goes_wrong_in_the_log_ends_the_build(bench: Bench) -> None:
    bench.program.says(status(vertexes=[vertex("a", "RUN x", "12:00:01")]), (bench.program.folder / "out").read_bytes())
    builder = BuildctlBuilder(environ={"PATH": bench.program.path}, registry=nobody, address="unix:///x")

    def full(text: str) -> None:
        if "RUN" in text:
            raise OSError("the log is full")

    with pytest.raises(OSError, match="the log is full"):
        builder.build(replace(STEP), bench.project, bench.layout, log=full, cancel=Stop())
