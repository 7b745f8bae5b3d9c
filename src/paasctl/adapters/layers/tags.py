"""Which wheels fit a platform and a Python. The only file that knows the `packaging` library's tags and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from paasctl.model.image import Platform
from paasctl.values import dataclass

_MACHINES = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "386": "i686",
    "arm": "armv7l",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
_GLIBC = range(5, 60)
"""Minor versions of glibc 2 that wheels are built for: those of manylinux1 to any to come."""
_OLD = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
_MUSL = range(1, 10)


@dataclass(frozen=True, slots=True)
class Python:
    """The Python that wheels are for."""

    version: tuple[int, int]
    platform: Platform
    is_musl: bool

    @property
    def machine(self) -> str:
        """As `uname -m` says it."""
        return _MACHINES.get(self.platform.architecture, self.platform.architecture)

    def __str__(self) -> str:
        libc = "musl" if self.is_musl else "glibc"
        return f"Python {self.version[0]}.{self.version[1]} on {self.platform} with {libc}"


@dataclass(frozen=True, slots=True)
class WheelName:
    """What a wheel's file name says. `name` is in its one spelling; `rank` is lower for what fits better."""

    name: str
    version: str
    build: tuple[int, str] | tuple[()]
    rank: int


def ranks(python: Python) -> Mapping[Tag, int]:
    """Every tag that runs there, and its place: what is built for it first, what runs anywhere last.

    Which glibc the base has is in none of its names, so of two wheels of a version the one for the older is taken.
    """
    major, minor = python.version
    platforms = [*_platforms(python)]
    own = cpython_tags((major, minor), abis=[f"cp{major}{minor}"], platforms=platforms)
    rest = compatible_tags((major, minor), f"cp{major}{minor}", platforms=platforms)
    return {tag: rank for rank, tag in reversed(list(enumerate((*own, *rest))))}


def _platforms(python: Python) -> Iterator[str]:
    if python.is_musl:
        yield from (f"musllinux_1_{minor}_{python.machine}" for minor in _MUSL)
    else:
        for minor in _GLIBC:
            yield f"manylinux_2_{minor}_{python.machine}"
            if minor in _OLD:
                yield f"{_OLD[minor]}_{python.machine}"
    yield f"linux_{python.machine}"


def read_name(file: str, ranked: Mapping[Tag, int]) -> WheelName | None:
    """What a wheel's name says; None: it does not fit. `ValueError` where it is no wheel's name."""
    try:
        name, version, build, tags = parse_wheel_filename(file)
    except InvalidWheelFilename as error:
        raise ValueError(str(error)) from error
    fitting = [ranked[it] for it in tags if it in ranked]
    return WheelName(name, str(version), build, min(fitting)) if fitting else None


def same_name(name: str) -> str:
    """A project's name in its one spelling."""
    return canonicalize_name(name)


def pinned(text: str, python: Python) -> tuple[str, str] | None:
    """Name and version of a requirement; None: it is not for this Python. `ValueError` where it pins nothing."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    if requirement.marker and not requirement.marker.evaluate(_environment(python)):
        return None
    exact = [
        it.version for it in requirement.specifier if it.operator in ("==", "===") and not it.version.endswith("*")
    ]
    if len(exact) != 1:
        raise ValueError(f"{requirement.name} has no exact version (want {requirement.name}==1.2.3)")
    return canonicalize_name(requirement.name), exact[0]


def applies(marker: str, python: Python, extra: str = "") -> bool:
    """Whether a marker holds there. `ValueError` where it is none."""
    try:
        return Marker(marker).evaluate({**_environment(python), "extra": extra})
    except InvalidMarker as error:
        raise ValueError(str(error).partition("\n")[0]) from error


def _environment(python: Python) -> dict[str, str]:
    """Marker variables of the container; what can't be known of it (its kernel) is empty."""
    major, minor = python.version
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{major}.{minor}.0",
        "os_name": "posix",
        "platform_machine": python.machine,
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{major}.{minor}.0",
        "platform_python_implementation": "CPython",
        "python_version": f"{major}.{minor}",
        "sys_platform": "linux",
    }
