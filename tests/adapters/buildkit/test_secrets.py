from __future__ import annotations

from pathlib import Path

import pytest

from adapters.buildkit.conftest import Bench
from paasctl.errors import BuildFailed, ConfigError
from paasctl.model.config import BuildSecret
from support.buildkit_says import log, status, vertex

_WORD = "open sesame, please"


def of_env() -> tuple[BuildSecret, ...]:
    return (BuildSecret(id="key", env="KEY"),)


def values(bench: Bench, flag: str) -> list[str]:
    argv = bench.program.argv
    return [argv[at + 1] for at, it in enumerate(argv) if it == flag]


def test_a_variable_is_named_and_handed_on(bench: Bench) -> None:
    bench.environ["KEY"] = _WORD
    bench.build(secrets=of_env())
    assert values(bench, "--secret") == ["id=key,env=KEY"]
    assert bench.program.environ["KEY"] == _WORD
    assert not [it for it in bench.program.argv if _WORD in it]


def test_a_file_is_named_from_the_project_on(bench: Bench) -> None:
    (bench.project / "key").write_text(_WORD)
    bench.build(secrets=(BuildSecret(id="key", path="./key"),))
    assert values(bench, "--secret") == [f"id=key,src={bench.project}/key"]


def test_a_file_at_home(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text(_WORD)
    bench.build(secrets=(BuildSecret(id="key", path="~/key"),))
    assert values(bench, "--secret") == [f"id=key,src={tmp_path}/key"]


def test_a_variable_that_is_not_set(bench: Bench) -> None:
    error = bench.fails(secrets=of_env())
    assert isinstance(error, ConfigError)
    assert (error.code, error.hint) == ("secret-missing", "export KEY=…")
    assert not (bench.program.folder / "argv").exists()


@pytest.mark.parametrize(("name", "why"), [("gone", "No such file"), (".", "Is a directory"), ("a,b", "such a name")])
def test_a_file_that_can_t_be_had(bench: Bench, name: str, why: str) -> None:
    error = bench.fails(secrets=(BuildSecret(id="key", path=name),))
    assert isinstance(error, ConfigError)
    assert why in error.message


def test_a_file_that_is_too_big(bench: Bench) -> None:
    (bench.project / "key").write_bytes(b"x" * (500 * 1024 + 1))
    assert "BuildKit takes 512000" in bench.fails(secrets=(BuildSecret(id="key", path="key"),)).message


def test_a_secret_that_is_printed_is_not_shown(bench: Bench) -> None:
    bench.environ["KEY"] = _WORD
    bench.program.says(
        status(vertexes=[vertex("a", f"RUN echo {_WORD}", "12:00:01")], logs=[log("a", f"it is {_WORD}!\n")]),
        (bench.program.folder / "out").read_bytes(),
    )
    bench.build(secrets=of_env())
    assert bench.log[1:] == ["#1 RUN echo ***", "#1 1.00 it is ***!"]


def test_each_line_of_a_secret_is_one(bench: Bench) -> None:
    (bench.project / "key").write_text("-- begin --\nbase64 of it\nab\n")
    bench.program.says(
        status(vertexes=[vertex("a", "RUN x", "12:00:01")], logs=[log("a", "base64 of it and ab\n")]),
        (bench.program.folder / "out").read_bytes(),
    )
    bench.build(secrets=(BuildSecret(id="key", path="key"),))
    assert bench.log[-1] == "#1 1.00 *** and ab"


def test_a_secret_is_not_in_what_went_wrong(bench: Bench) -> None:
    bench.environ["KEY"] = _WORD
    bench.program.says(
        status(vertexes=[vertex("a", "RUN x", "12:00:01", "12:00:02", error="no")], logs=[log("a", f"{_WORD}\n")])
        + f"error: failed to solve: {_WORD}\n".encode(),
        b"",
        1,
    )
    error = bench.fails(secrets=of_env())
    assert isinstance(error, BuildFailed)
    assert (error.message, error.evidence) == ("building image web: RUN x: ***", ("***",))


def test_keys_of_the_agent(bench: Bench) -> None:
    bench.environ["SSH_AUTH_SOCK"] = "/agent"
    bench.build(ssh=("default",))
    assert values(bench, "--ssh") == ["default"]


def test_a_key_of_a_file(bench: Bench) -> None:
    bench.build(ssh=("deploy=keys/one,keys/two",))
    assert values(bench, "--ssh") == [f"deploy={bench.project}/keys/one,{bench.project}/keys/two"]


def test_no_agent(bench: Bench) -> None:
    error = bench.fails(ssh=("default",))
    assert isinstance(error, ConfigError)
    assert "SSH_AUTH_SOCK is not set" in error.message
