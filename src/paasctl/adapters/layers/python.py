"""Python packages from a folder of wheels: the ones that fit the platform, put where the base's Python finds them."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from paasctl.adapters.layers.found import Found, Ground
from paasctl.adapters.layers.locks import Locked, read_lock
from paasctl.adapters.layers.tags import Python, WheelName, ranks, read_name
from paasctl.adapters.layers.wheel import unpack
from paasctl.errors import ConfigError
from paasctl.model.layer import PythonLayer
from paasctl.oci.building.compose import InArchive, OnDisk, Piece, Source
from paasctl.oci.building.packages import Material
from paasctl.values import dataclass

_VERSION = re.compile(r"python(3)\.(\d{1,2})")


@dataclass(frozen=True, slots=True)
class _Wheel:
    """A wheel of the folder that fits."""

    path: Path
    digest: str
    name: WheelName


def find_python(layer: PythonLayer, ground: Ground) -> Found:
    """The packages as one piece; `PYTHONPATH` names their folder."""
    interpreter, python = _interpreter(layer, ground)
    folder = ground.fill(layer.wheels)
    wheels, misfits = _wheels(folder, python, ground)
    lock = ground.context.place(ground.fill(layer.lock)) if layer.lock else None
    chosen = _locked(read_lock(lock, python), wheels, folder, python) if lock else _all(wheels, misfits, folder, python)
    found = [unpack(it.path, it.digest, interpreter) for it in chosen]
    sources = [Source(b"", "dir"), *_once([source for it in found for source in it.sources], folder)]
    before = ground.environ.get("PYTHONPATH", "")
    return Found(
        pieces=(Piece(f"wheels of {folder}", layer.dest, sources, layer.uid, layer.gid),),
        packages=tuple(it.package for it in found),
        materials=(_material(layer.lock, lock, ground),) if lock else (),
        env={"PYTHONPATH": f"{layer.dest}:{before}" if before else layer.dest},
    )


def _interpreter(layer: PythonLayer, ground: Ground) -> tuple[str, Python]:
    """What runs the scripts, and its version. `ConfigError` where the base has none, or does not say."""
    found = (layer.interpreter, ground.real(layer.interpreter)) if layer.interpreter else ground.program("python3")
    path, real = found or ("python3", None)
    if real is None:
        raise ConfigError(
            f"installing wheels of {layer.wheels}: {ground.base} has no {path}",
            hint="name a base with Python, or its path as `interpreter`",
            code="no-interpreter",
        )
    said = _VERSION.fullmatch(f"python{layer.python}" if layer.python else real.rpartition("/")[2])
    if not said:
        raise ConfigError(
            f"installing wheels of {layer.wheels}: {path} of {ground.base} does not say its version",
            hint='for example python: "3.13"',
            code="no-interpreter",
        )
    return path, Python((int(said[1]), int(said[2])), ground.platform, _is_musl(ground))


def _is_musl(ground: Ground) -> bool:
    return any(it.startswith(b"lib/ld-musl-") for it in ground.shape.things)


def _wheels(folder: str, python: Python, ground: Ground) -> tuple[dict[tuple[str, str], list[_Wheel]], list[str]]:
    """Wheels that fit by name and version, the best first; and the names of those that do not."""
    ranked = ranks(python)
    fitting: defaultdict[tuple[str, str], list[_Wheel]] = defaultdict(list)
    misfits: list[str] = []
    for it in ground.context.find(folder, ignoring=False):
        if not it.path.endswith(b".whl") or not isinstance(it.content, OnDisk):
            continue
        path = Path(os.fsdecode(it.content.path))
        try:
            name = read_name(path.name, ranked)
        except ValueError as error:
            raise ConfigError(f"reading {path}: {error}", where=str(path), code="wheel-damaged") from error
        if name is None:
            misfits.append(path.name)
        else:
            fitting[name.name, name.version].append(_Wheel(path, it.digest, name))
    for several in fitting.values():
        several.sort(key=lambda it: (it.name.rank, tuple(-number for number in it.name.build[:1]), it.path.name))
    return fitting, misfits


def _all(
    wheels: dict[tuple[str, str], list[_Wheel]], misfits: Sequence[str], folder: str, python: Python
) -> list[_Wheel]:
    """Without a lock: one wheel of every project. `ConfigError` where it can't be told which."""
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for name, version in sorted(wheels):
        versions[name].append(version)
    for name, several in versions.items():
        if len(several) > 1:
            raise ConfigError(
                f"reading {folder}: it has {name} {' and '.join(several)}",
                hint="remove one, or name a lock file",
                code="wheel-missing",
            )
    lacking = sorted(it for it in misfits if it.partition("-")[0].lower().replace("_", "-") not in versions)
    if lacking or not wheels:
        what = f"{lacking[0]} is for another" if lacking else "no wheel in it is for"
        raise ConfigError(f"reading {folder}: {what} {python}", hint=_hint(folder, python), code="wheel-missing")
    return [wheels[it][0] for it in sorted(wheels)]


def _locked(
    locked: Sequence[Locked], wheels: dict[tuple[str, str], list[_Wheel]], folder: str, python: Python
) -> list[_Wheel]:
    """The wheel of every locked package, its hash compared."""
    chosen = []
    for it in sorted(locked, key=lambda it: it.name):
        fitting = wheels.get((it.name, it.version), [])
        right = [wheel for wheel in fitting if wheel.digest in it.hashes]
        if not right:
            what = (
                f"its {fitting[0].path.name} has the sha256 {fitting[0].digest}, which the lock does not list"
                if fitting
                else f"it has no wheel of {it.name} {it.version} for {python}"
            )
            code = "wheel-damaged" if fitting else "wheel-missing"
            raise ConfigError(f"reading {folder}: {what}", hint=_hint(folder, python), where=it.where, code=code)
        chosen.append(right[0])
    return chosen


def _hint(folder: str, python: Python) -> str:
    libc = "musllinux_1_2" if python.is_musl else "manylinux_2_17"
    version = f"{python.version[0]}.{python.version[1]}"
    return (
        f"pip download -d {folder} --only-binary=:all: --python-version {version} "
        f"--platform {libc}_{python.machine} -r requirements.txt"
    )


def _once(sources: Sequence[Source], folder: str) -> Iterator[Source]:
    """Every file once. Two wheels may have the same one (`__init__.py` of a namespace), but not two of one name."""
    seen: dict[bytes, Source] = {}
    for it in sources:
        first = seen.setdefault(it.path, it)
        if first is it:
            yield it
        elif _sum(first) != _sum(it):
            raise ConfigError(
                f"installing wheels of {folder}: two of them have a file {os.fsdecode(it.path)}, not the same",
                hint="leave one of them out",
                code="wheel-damaged",
            )


def _sum(source: Source) -> tuple[str, int]:
    said = source.content.sha256 if isinstance(source.content, InArchive) else ""
    return said or source.digest, source.size


def _material(name: str, path: Path, ground: Ground) -> Material:
    digest = ground.context.hashes.of(os.fsencode(path), path.stat())
    return Material(name=name, digests={"sha256": digest})
