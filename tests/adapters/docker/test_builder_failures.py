from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.errors import BuildFailed, Cancelled, ConfigError, PaasError, Refused, TimedOut, Unavailable
from support.docker_bench import STEP, Bench, Stop
from support.docker_says import line, said, trace, vertex

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
