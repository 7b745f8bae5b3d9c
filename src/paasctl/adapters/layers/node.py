"""A program for Node.js: what `npm ci` installed as it lies there, and the program over it. Nothing is run.

Packages that the lock file has for development only stay behind, as after `npm prune --omit=dev`, and so do the links
in `.bin` that lead to them.
"""

from __future__ import annotations

import base64
import json
import os
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import read_regular
from paasctl.adapters.layers.elf import read_program
from paasctl.adapters.layers.found import Found, Ground
from paasctl.adapters.layers.reading import reading
from paasctl.errors import ConfigError
from paasctl.model.layer import NodeLayer
from paasctl.oci.building.compose import OnDisk, Piece, Source
from paasctl.oci.building.packages import Material, Package, purl

_LOCK = "package-lock.json"
_ALGORITHMS = {"sha512": "SHA512", "sha384": "SHA384", "sha256": "SHA256", "sha1": "SHA1"}


def find_node(layer: NodeLayer, ground: Ground) -> Found:
    """Two layers: `node_modules`, then the program. `ConfigError` where there is neither, or for another platform."""
    src = ground.fill(layer.src)
    modules = ground.fill(layer.modules)
    lock, material = _lock(src, ground)
    installed = _installed(src, modules, lock, layer, ground)
    own = ground.context.find(src, (*layer.exclude, *([f"/{modules}"] if modules else [])))
    if not any(it.kind == "file" for it in (*installed, *own)):
        raise ConfigError(f"reading {src}: there is no file in it")
    under = posixpath.join(layer.dest, posixpath.basename(modules))
    pieces = (
        Piece(f"packages of {posixpath.join(src, modules)}", under, installed, layer.uid, layer.gid),
        Piece(f"program of {src}", layer.dest, own, layer.uid, layer.gid),
    )
    return Found(
        pieces=tuple(it for it in pieces if any(source.kind == "file" for source in it.sources)),
        packages=tuple(_packages(installed, lock)),
        materials=(material,) if material else (),
    )


def _installed(src: str, modules: str, lock: Mapping[str, Any], layer: NodeLayer, ground: Ground) -> list[Source]:
    if not modules:
        return []
    where = posixpath.join(src, modules)
    if not (ground.context.root / where).is_dir():
        raise ConfigError(
            f"reading {where}: it is not there",
            hint='npm ci, or write modules: "" where the program needs no packages',
            where=where,
            code="file-unreadable",
        )
    found = ground.context.find(where, ("/.cache",), ignoring=False)
    if not layer.dev:
        found = list(_without(found, _development(lock)))
    for it in found:
        if it.path.endswith(b".node") and isinstance(it.content, OnDisk):
            _check_addon(it, ground)
    return found


def _lock(src: str, ground: Ground) -> tuple[Mapping[str, Any], Material | None]:
    """The packages of the lock file by their folders (`node_modules/a`); none where there is no lock."""
    path = ground.context.root / src / _LOCK
    if not path.is_file():
        return {}, None
    with reading(path):
        content = read_regular(path)
    digest = ground.context.hashes.of(os.fsencode(path), path.stat())
    try:
        said = json.loads(content).get("packages")
    except (ValueError, AttributeError, RecursionError) as error:
        raise ConfigError(f"reading {path}: it is no lock file of npm: {error}", where=str(path)) from error
    if not isinstance(said, dict):
        raise ConfigError(
            f"reading {path}: it lists no packages", hint="npm install --lockfile-version 3", where=str(path)
        )
    return said, Material(name=posixpath.join(src, _LOCK), digests={"sha256": digest})


def _development(lock: Mapping[str, Any]) -> set[bytes]:
    """Folders below `node_modules` of packages that only development needs."""
    gone = (name for name, it in lock.items() if isinstance(it, dict) and it.get("dev") is True)
    return {name.removeprefix("node_modules/").encode() for name in gone}


def _without(sources: Sequence[Source], gone: Collection[bytes]) -> Iterator[Source]:
    for it in sources:
        leads = it.path
        folder, _, _ = it.path.rpartition(b"/")
        if it.kind == "symlink" and folder.endswith(b".bin"):
            leads = posixpath.normpath(folder + b"/" + it.target)
        if not any(path in gone for path in (*_above(it.path), *_above(leads))):
            yield it


def _above(path: bytes) -> Iterator[bytes]:
    """The path itself, and every folder above it."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]


def _check_addon(source: Source, ground: Ground) -> None:
    assert isinstance(source.content, OnDisk)  # noqa: S101 - the caller has looked
    path = Path(os.fsdecode(source.content.path))
    program = read_program(path)
    if program and not program.runs_on(ground.platform.architecture):
        raise ConfigError(
            f"reading {path}: it is for {program.architecture}, the image for {ground.platform}",
            hint=f"npm ci --cpu={ground.platform.architecture.replace('amd64', 'x64')} into a folder of its own, and "
            "{arch} in modules",
            where=str(path),
            code="wrong-platform",
        )


def _packages(sources: Sequence[Source], lock: Mapping[str, Any]) -> Iterator[Package]:
    """Every package as its own package.json names it, with the checksum that the lock file has of its archive."""
    for it in sources:
        folder, _, name = it.path.rpartition(b"/")
        inside = folder.rpartition(b"node_modules/")[2]
        is_package = name == b"package.json" and inside.count(b"/") == inside.startswith(b"@")
        if not is_package or not folder or not isinstance(it.content, OnDisk):
            continue
        said = _read(Path(os.fsdecode(it.content.path)))
        if isinstance(said.get("name"), str):
            entry = lock.get(f"node_modules/{folder.decode('utf-8', 'surrogateescape')}")
            yield _package(said, entry if isinstance(entry, dict) else {})


def _package(said: Mapping[str, Any], entry: Mapping[str, Any]) -> Package:
    version, license_ = said.get("version"), said.get("license")
    scope, _, bare = str(said["name"]).rpartition("/")
    number = version if isinstance(version, str) else ""
    return Package(
        name=str(said["name"]),
        version=number,
        purl=purl("npm", bare, number, scope),
        license=license_ if isinstance(license_, str) else "",
        checksums=dict(_sums(str(entry.get("integrity", "")))),
    )


def _sums(integrity: str) -> Iterator[tuple[str, str]]:
    """Subresource integrity as hex digests."""
    for it in integrity.split():
        algorithm, _, text = it.partition("-")
        if algorithm in _ALGORITHMS:
            try:
                yield _ALGORITHMS[algorithm], base64.b64decode(text).hex()
            except ValueError:
                continue


def _read(path: Path) -> Mapping[str, Any]:
    with reading(path):
        content = read_regular(path)
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
