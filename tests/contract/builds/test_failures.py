"""What a builder does when there is no image to be had: it says why, and leaves nothing at the image's place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, ConfigError, Forbidden, PaasError, TimedOut, Unavailable
from support.bases import put_base, put_index
from support.build_worlds import World
from support.builds import ARM, Wanted, put
from support.registry import Registry

pytestmark = pytest.mark.contract


def refused(world: World, wanted: Wanted) -> PaasError:
    """The error; and nothing lies anywhere."""
    with pytest.raises(PaasError) as caught:
        world.build(wanted)
    assert world.layout.places() == ()
    assert world.leftovers() == []
    return caught.value


@pytest.fixture
def guarded() -> Iterator[Registry]:
    """A registry for `ann` alone."""
    with Registry(auth="basic", users={"ann": "secret"}) as made:
        put_base(made)
        yield made


# --- bases ----------------------------------------------------------------------------------------------------------


def test_a_base_that_is_not_there(world: World, registry: Registry) -> None:
    error = refused(world, Wanted(base=f"{registry.host}/base/nothing:1"))
    assert isinstance(error, ConfigError)
    assert error.code == "base-not-found"
    assert "base/nothing" in error.message


def test_a_tag_of_a_base_that_is_not_there(world: World, registry: Registry) -> None:
    error = refused(world, Wanted(base=f"{registry.host}/base/small:never"))
    assert (type(error), error.code) == (ConfigError, "base-not-found")


def test_a_digest_of_a_base_that_is_not_there(world: World, registry: Registry) -> None:
    error = refused(world, Wanted(base=f"{registry.host}/base/small@sha256:{'0' * 64}"))
    assert (type(error), error.code) == (ConfigError, "base-not-found")


def test_a_base_for_another_platform(world: World, registry: Registry) -> None:
    put_base(registry, "base/arm", platform=ARM)
    error = refused(world, Wanted(base=f"{registry.host}/base/arm:1"))
    assert (type(error), error.code) == (ConfigError, "base-platform")
    assert "arm64" in error.message


def test_an_index_without_the_platform(world: World, registry: Registry) -> None:
    put_index(registry, "base/arms", [put_base(registry, "base/arms", tag="", platform=ARM)])
    error = refused(world, Wanted(base=f"{registry.host}/base/arms:1"))
    assert (type(error), error.code) == (ConfigError, "base-platform")


def test_a_base_in_a_registry_that_nobody_runs(world: World) -> None:
    with Registry() as gone:
        host = gone.host
    assert isinstance(refused(world, Wanted(base=f"{host}/base/small:1")), Unavailable)


def test_a_private_base_with_a_login(world: World, guarded: Registry) -> None:
    world.logins = {guarded.host: ("ann", "secret")}
    built = world.build(Wanted(base=f"{guarded.host}/base/small:1"))
    assert built.tree()["etc/os"].content == b"small"


def test_a_private_base_without_a_login(world: World, guarded: Registry) -> None:
    error = refused(world, Wanted(base=f"{guarded.host}/base/small:1"))
    assert isinstance(error, Forbidden)


def test_a_private_base_with_a_wrong_login(world: World, guarded: Registry) -> None:
    world.logins = {guarded.host: ("ann", "wrong")}
    assert isinstance(refused(world, Wanted(base=f"{guarded.host}/base/small:1")), Forbidden)


# --- the context ----------------------------------------------------------------------------------------------------


def test_a_context_that_is_not_there(world: World) -> None:
    image = Wanted(context="nowhere")
    made = image.as_layers() if world.name == "embedded" else image.as_dockerfile(world.root / "elsewhere")
    with pytest.raises(ConfigError) as caught:
        world.make(made)
    assert "nowhere" in caught.value.message
    assert world.layout.places() == ()


def test_a_file_that_is_not_there(world: World) -> None:
    error = refused(world, Wanted(copies=(("gone/for/good", "/app"),)))
    assert "gone" in error.message


def test_a_file_that_is_left_out_is_not_there(world: World) -> None:
    error = refused(world, Wanted(files={"app/run": "x"}, copies=(("app/run", "/run"),), ignore="app\n"))
    assert "app/run" in error.message


def test_a_pattern_that_means_nothing(world: World) -> None:
    error = refused(world, Wanted(ignore="ok\n[a-\n"))
    assert isinstance(error, ConfigError)
    assert error.where == ".dockerignore:2:1"


def test_what_lay_at_the_place_stays_when_a_build_fails(world: World, registry: Registry) -> None:
    before = world.build(Wanted())
    with pytest.raises(PaasError):
        world.build(Wanted(base=f"{registry.host}/base/nothing:1"))
    kept = world.layout.place("web")
    assert kept is not None
    assert kept.digest == before.descriptor.digest


# --- stopping -------------------------------------------------------------------------------------------------------


def test_a_cancel_before_anything(world: World, base: str) -> None:
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Cancelled):
        world.build(Wanted(base=base), cancel=cancel)
    assert world.layout.places() == ()


def test_a_cancel_in_the_midst(world: World, base: str) -> None:
    cancel = Cancel()
    with pytest.raises(Cancelled):
        world.build(Wanted(base=base), cancel=cancel, heard=lambda _: cancel.ask())
    assert world.layout.places() == ()
    assert world.leftovers() == []


def test_time_that_runs_out(world: World, base: str) -> None:
    with pytest.raises(TimedOut):
        world.build(Wanted(base=base), cancel=Cancel(timeout=0.0))
    assert world.layout.places() == ()


def test_after_a_cancel_the_same_build_is_whole(world: World, base: str) -> None:
    cancel = Cancel()
    with pytest.raises(Cancelled):
        world.build(Wanted(base=base), cancel=cancel, heard=lambda _: cancel.ask())
    tree = world.build(Wanted(base=base)).tree()
    assert (tree["app/run"].content, tree["etc/os"].content) == (b"code", b"small")


# --- at once --------------------------------------------------------------------------------------------------------


def test_two_images_into_one_layout_at_once(world: World, base: str) -> None:
    wanted = [Wanted(name=it, context=it, base=base, files={"app/run": it}) for it in ("one", "two")]
    ready = threading.Barrier(2)

    def build(it: Wanted) -> bytes | None:
        it.written(world.project)
        ready.wait(20)
        return world.build(it).tree()["app/run"].content

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(build, wanted)) == [b"one", b"two"]
    assert {"one", "two"} <= {place for place, _ in world.layout.places()}


def test_the_same_image_twice_at_once(world: World, base: str) -> None:
    put(world.project / "app/run", "same")
    wanted = Wanted(base=base, files={"app/run": "same"})
    wanted.written(world.project)
    image = wanted.as_layers() if world.name == "embedded" else wanted.as_dockerfile(world.project)
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: world.make(image), range(2))
    assert one.diff_ids[:2] == two.diff_ids[:2]
    assert one.tree() == two.tree()


def test_a_build_tells_what_it_does(world: World, base: str) -> None:
    assert any("app" in it for it in world.build(Wanted(base=base)).log)


def test_a_log_has_whole_lines(world: World, base: str) -> None:
    assert not [it for it in world.build(Wanted(base=base)).log if "\n" in it or "\r" in it]


def test_a_second_build_sees_the_same_base(world: World, base: str) -> None:
    world.build(Wanted(base=base))
    built = world.build(Wanted(base=base, files={"app/more": "x"}))
    assert built.tree()["opt/second"].content == b"2"
