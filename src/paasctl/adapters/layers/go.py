"""A Go program: one file, checked against the platform, with its modules as it names them itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from paasctl.adapters.layers.elf import Program, go_modules, read_program
from paasctl.adapters.layers.found import Found, Ground
from paasctl.errors import ConfigError
from paasctl.model.layer import GoLayer
from paasctl.oci.building.compose import Piece
from paasctl.oci.building.packages import Package, purl


def find_go(layer: GoLayer, ground: Ground) -> Found:
    """The program. `ConfigError` where it is none for the platform, or wants a loader that the base does not have."""
    src = ground.fill(layer.src)
    path = ground.context.place(src)
    (source, *rest) = ground.context.find(src, ignoring=False)
    program = None if rest or source.kind != "file" else read_program(path)
    if program is None:
        raise ConfigError(f"reading {src}: it is no program", hint=_HINT, where=str(path), code="file-unsupported")
    check_program(program, src, ground)
    source.executable = True
    dest = layer.dest or f"/{path.name}"
    return Found(
        pieces=(Piece(src, dest, (source,), layer.uid, layer.gid),),
        packages=tuple(_packages(path, source.digest)),
        entrypoint=(dest,),
    )


_HINT = "build it first: CGO_ENABLED=0 GOOS=linux go build -o FILE ."


def check_program(program: Program, src: str, ground: Ground) -> None:
    """Refuse what would only say "exec format error", or "no such file or directory", when it is started."""
    platform = ground.platform
    if not program.runs_on(platform.architecture):
        raise ConfigError(
            f"reading {src}: it is for {program.architecture}, the image for {platform}",
            hint=f"GOARCH={platform.architecture} go build …; {{arch}} in src is filled in for each platform",
            code="wrong-platform",
        )
    if program.loader and ground.real(program.loader) is None:
        raise ConfigError(
            f"reading {src}: it is linked against {program.loader}, which {ground.base} does not have",
            hint="CGO_ENABLED=0 go build …, or a base with that C library",
            code="wrong-platform",
        )


def _packages(path: Path, digest: str) -> Iterator[Package]:
    """The program's own module, the modules it is linked with, and Go itself."""
    for line, after in pairwise((*go_modules(path), ("",))):
        match line, after:
            case ("go", version), _:
                number = version.removeprefix("go").partition(" ")[0]
                yield Package(name="stdlib", version=number, purl=purl("golang", "stdlib", number))
            case ("mod", name, version, *_), _:
                version = "" if version == "(devel)" else version
                sums = {"SHA256": digest}
                yield _package(name, version, file=path.name, sums=sums)
            case ("dep", *_), ("=>", name, version, *_):
                yield _package(name, version)
            case ("dep", name, version, *_), _:
                yield _package(name, version)
            case _:
                continue


def _package(name: str, version: str, file: str = "", sums: dict[str, str] | None = None) -> Package:
    namespace, _, last = name.rpartition("/")
    return Package(
        name=name, version=version, purl=purl("golang", last, version, namespace), file=file, checksums=sums or {}
    )
