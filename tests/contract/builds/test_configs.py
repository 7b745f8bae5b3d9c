"""What the image says of how it is run: the configuration that was wanted, over the base's."""

from __future__ import annotations

import pytest

from paasctl.model.config import ImageConfig
from support.build_worlds import World
from support.builds import Wanted

pytestmark = pytest.mark.contract


def test_an_entrypoint(world: World) -> None:
    assert world.build(Wanted(config=ImageConfig(entrypoint=("/app/run", "-v")))).runs["Entrypoint"] == [
        "/app/run",
        "-v",
    ]


def test_arguments(world: World) -> None:
    assert world.build(Wanted(config=ImageConfig(cmd=("serve", "a b")))).runs["Cmd"] == ["serve", "a b"]


def test_variables(world: World) -> None:
    env = world.build(Wanted(config=ImageConfig(env={"MODE": "x=1 y", "LANG": "C"}))).runs["Env"]
    assert {"MODE=x=1 y", "LANG=C"} <= set(env)


def test_a_user(world: World) -> None:
    assert world.build(Wanted(config=ImageConfig(user="1000:50"))).runs["User"] == "1000:50"


def test_a_working_directory(world: World) -> None:
    assert world.build(Wanted(config=ImageConfig(workdir="/app"))).runs["WorkingDir"] == "/app"


def test_ports(world: World) -> None:
    ports = world.build(Wanted(config=ImageConfig(ports=("8080", "53/udp")))).runs["ExposedPorts"]
    assert set(ports) == {"8080/tcp", "53/udp"}


def test_a_stop_signal(world: World) -> None:
    assert world.build(Wanted(config=ImageConfig(stop_signal="SIGINT"))).runs["StopSignal"] == "SIGINT"


def test_labels_of_the_project(world: World) -> None:
    labels = world.build(Wanted(config=ImageConfig(labels={"com.example.team": "shop, and more"}))).runs["Labels"]
    assert labels["com.example.team"] == "shop, and more"


def test_the_base_s_command_stays_where_nothing_is_said(world: World, base: str) -> None:
    assert world.build(Wanted(base=base)).runs["Cmd"] == ["/bin/sh"]


def test_the_base_s_working_directory_stays(world: World, base: str) -> None:
    assert world.build(Wanted(base=base)).runs["WorkingDir"] == "/opt"


def test_the_base_s_variables_stay(world: World, base: str) -> None:
    assert {"PATH=/bin", "BELOW=1"} <= set(world.build(Wanted(base=base)).runs["Env"])


def test_the_base_s_labels_stay(world: World, base: str) -> None:
    assert world.build(Wanted(base=base)).runs["Labels"]["below"] == "yes"


def test_a_variable_goes_over_the_base_s(world: World, base: str) -> None:
    env = world.build(Wanted(base=base, config=ImageConfig(env={"BELOW": "2", "NEW": "3"}))).runs["Env"]
    assert [it for it in env if it.startswith("BELOW=")] == ["BELOW=2"]
    assert {"PATH=/bin", "NEW=3"} <= set(env)


def test_a_label_goes_over_the_base_s(world: World, base: str) -> None:
    assert world.build(Wanted(base=base, config=ImageConfig(labels={"below": "no"}))).runs["Labels"]["below"] == "no"


def test_an_entrypoint_sets_the_base_s_command_aside(world: World, base: str) -> None:
    runs = world.build(Wanted(base=base, config=ImageConfig(entrypoint=("/app/run",)))).runs
    assert runs["Entrypoint"] == ["/app/run"]
    assert not runs.get("Cmd")


def test_a_command_of_one_s_own_goes_over_the_base_s(world: World, base: str) -> None:
    assert world.build(Wanted(base=base, config=ImageConfig(cmd=("/app/run",)))).runs["Cmd"] == ["/app/run"]
