"""Who builds Dockerfiles: named by PAASCTL_BUILDER, else the first that is here, the most able ones before.

`docker buildx`, then `buildctl` where BUILDKIT_HOST says to which BuildKit, then the Docker Engine itself, which tries
its own BuildKit and then its classic builder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, assert_never

from paasctl.adapters.buildkit.buildctl import BuildctlBuilder
from paasctl.adapters.buildkit.buildx import BuildxBuilder
from paasctl.adapters.buildkit.probe import buildx_builder_in_use, buildx_version, has_program, said_by
from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.adapters.docker.connect import engine_version
from paasctl.adapters.docker.looked_up import Registry
from paasctl.errors import ConfigError, Unavailable, UsageError
from paasctl.model.config import Image
from paasctl.ports.images import Builder
from paasctl.values import dataclass

Kind = Literal["buildx", "buildctl", "engine", "classic"]
VARIABLE = "PAASCTL_BUILDER"
_KINDS: tuple[Kind, ...] = ("buildx", "buildctl", "engine", "classic")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A kind of builder, and why it is this one."""

    kind: Kind
    why: str


def choose(environ: Mapping[str, str]) -> Chosen:
    """The kind of builder for this environment. `UsageError` for a name that means nothing."""
    if named := environ.get(VARIABLE, ""):
        kind = next((it for it in _KINDS if it == named), None)
        if kind is None:
            raise UsageError(f"{VARIABLE} is {named!r}", hint=f"one of {', '.join(_KINDS)}")
        return Chosen(kind, f"{VARIABLE} says so")
    if environ.get("DOCKER_BUILDKIT") == "0":
        return Chosen("classic", "DOCKER_BUILDKIT is 0")
    if buildx_version(environ):
        return Chosen("buildx", "docker has it")
    if environ.get("BUILDKIT_HOST") and has_program("buildctl", environ):
        return Chosen("buildctl", "BUILDKIT_HOST is set")
    return Chosen("engine", "neither docker buildx is here, nor buildctl with BUILDKIT_HOST")


def dockerfile_builder(
    environ: Mapping[str, str], registry: Registry, image: Image, place: Callable[[str], str]
) -> Builder:
    """The builder for an image with a Dockerfile. `place`: where `paas.yaml` says one of its keys, "" where it doesn't.

    `ConfigError` for an image that wants more than the builder can do.
    """
    chosen = choose(environ)
    match chosen.kind:
        case "buildx":
            return BuildxBuilder(environ=environ, registry=registry)
        case "buildctl":
            return BuildctlBuilder(environ=environ, registry=registry, address=_address(environ))
        case "engine" | "classic":
            _check(image, chosen, place)
            return _engine(environ, registry, chosen)
        case _:
            assert_never(chosen.kind)


def builder_version(environ: Mapping[str, str]) -> str:
    """What builds Dockerfiles here, in a few words, and why; `Unavailable` where it does not answer."""
    chosen = choose(environ)
    return f"{_version(environ, chosen)} ({chosen.why})"


def _version(environ: Mapping[str, str], chosen: Chosen) -> str:
    match chosen.kind:
        case "buildx":
            name, driver = buildx_builder_in_use(environ)
            version = buildx_version(environ)
            if not version or not driver:
                raise Unavailable("asking docker buildx for its builder: no answer", hint="docker buildx inspect")
            return f"docker buildx {version}, builder {name} ({driver})"
        case "buildctl":
            return _buildkit(environ)
        case "engine" | "classic":
            found = engine_version(environ)
            return f"the classic builder of {found}" if chosen.kind == "classic" else found
        case _:
            assert_never(chosen.kind)


def _buildkit(environ: Mapping[str, str]) -> str:
    address = _address(environ)
    fine, said = said_by(["buildctl", "--addr", address, "debug", "info"], environ)
    if not fine:
        hint = "start buildkitd, or set BUILDKIT_HOST to another"
        raise Unavailable(f"asking BuildKit at {address}: {said}", hint=hint, code="builder-absent")
    version = " ".join(said.removeprefix("BuildKit: ").split()[1:2])
    return f"buildctl, BuildKit {version} at {address}"


def _address(environ: Mapping[str, str]) -> str:
    address = environ.get("BUILDKIT_HOST", "")
    if not address:
        raise Unavailable(
            "building with buildctl: BUILDKIT_HOST does not say where BuildKit is",
            hint="export BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock",
            code="builder-absent",
        )
    return address


def _engine(environ: Mapping[str, str], registry: Registry, chosen: Chosen) -> Builder:
    told = {**environ, "DOCKER_BUILDKIT": "0"} if chosen.kind == "classic" else environ
    return EngineBuilder(told, registry=registry)


def _check(image: Image, chosen: Chosen, place: Callable[[str], str]) -> None:
    """The Engine's API takes no secrets, keys, caches or second platform without a session."""
    wanted = {
        "secrets": bool(image.secrets),
        "ssh": bool(image.ssh),
        "cache": image.cache.sources + image.cache.targets != (),
        "platforms": len(image.platforms) > 1,
    }
    for key in (it for it, is_wanted in wanted.items() if is_wanted):
        raise ConfigError(
            f"building image {image.name}: the Docker Engine alone can't do `{key}` ({chosen.why})",
            hint="install docker buildx, or set BUILDKIT_HOST and have buildctl on the PATH",
            where=place(key),
            code="builder-unable",
        )
