"""A program for the JVM, in Jib's layers: what changes seldom below what changes with every build."""

from __future__ import annotations

import hashlib
import os
import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from paasctl.adapters.layers.found import Found, Ground
from paasctl.adapters.layers.writing import open_zip
from paasctl.errors import ConfigError
from paasctl.model.layer import JvmLayer
from paasctl.oci.building.compose import Given, OnDisk, Piece, Source
from paasctl.oci.building.packages import Package, purl

_CLASSPATH = "classpath"


def find_jvm(layer: JvmLayer, ground: Ground) -> Found:
    """Dependencies, snapshots, resources, classes, and the class path: five layers, or as many as are not empty."""
    libs, classes = ground.fill(layer.libs), ground.fill(layer.classes)
    jars = [it for it in ground.context.find(libs, ignoring=False) if _is_jar(it)] if libs else []
    own = ground.context.find(classes, ignoring=False) if classes else []
    if not any(it.kind == "file" for it in (*jars, *own)):
        where = " and ".join(it for it in (libs, classes) if it)
        raise ConfigError(f"reading {where}: no jar and no class in it", hint="build the program first")
    groups = (
        (f"dependencies of {libs}", "libs", [it for it in jars if b"SNAPSHOT" not in it.path]),
        (f"snapshot dependencies of {libs}", "libs", [it for it in jars if b"SNAPSHOT" in it.path]),
        (f"resources of {classes}", "resources", [it for it in own if not _is_class(it)]),
        (f"classes of {classes}", "classes", [it for it in own if _is_class(it)]),
        ("class path", "", _classpath(layer.dest, jars, has_own=bool(own))),
    )
    return Found(
        pieces=tuple(
            Piece(name, posixpath.join(layer.dest, folder), sources, layer.uid, layer.gid)
            for name, folder, sources in groups
            if any(it.kind == "file" for it in sources)
        ),
        packages=tuple(it for jar in jars for it in _packages(jar)),
        entrypoint=_entrypoint(layer, ground) if layer.main else (),
    )


def _is_jar(source: Source) -> bool:
    return source.kind == "file" and source.path.endswith(b".jar")


def _is_class(source: Source) -> bool:
    return source.kind == "file" and source.path.endswith(b".class")


def _classpath(dest: str, jars: Sequence[Source], *, has_own: bool) -> list[Source]:
    """A file with the class path: jars in the order of their names, as `libs/*` has no order."""
    own = [posixpath.join(dest, it) for it in ("resources", "classes") if has_own]
    libs = [posixpath.join(dest, "libs", it.path.decode("utf-8", "surrogateescape")) for it in jars]
    data = ":".join((*own, *sorted(libs))).encode("utf-8", "surrogateescape")
    return [Source(b"", "dir"), _made(_CLASSPATH, data)]


def _made(name: str, data: bytes) -> Source:
    return Source(name.encode(), "file", Given(data), len(data), digest=hashlib.sha256(data).hexdigest())


def _entrypoint(layer: JvmLayer, ground: Ground) -> tuple[str, ...]:
    home = posixpath.join(ground.environ.get("JAVA_HOME", "/nowhere"), "bin/java")
    java = "java" if ground.program("java") else home if ground.real(home) else ""
    if not java:
        raise ConfigError(
            f"starting {layer.main}: {ground.base} has no java, neither on its PATH nor in its JAVA_HOME",
            hint="name a base with a Java runtime, or write config.entrypoint",
            code="no-interpreter",
        )
    return (java, "-cp", f"@{posixpath.join(layer.dest, _CLASSPATH)}", layer.main)


def _packages(jar: Source) -> Iterator[Package]:
    """What a jar says it is: Maven's own words, of which a shaded jar has several; else its manifest, else its name."""
    assert isinstance(jar.content, OnDisk)  # noqa: S101 - jars are found on disk
    path = Path(os.fsdecode(jar.content.path))
    sums = {"SHA256": jar.digest}
    with open_zip(path) as archive:
        said = [dict(_properties(archive, it)) for it in archive.namelist() if it.endswith("/pom.properties")]
        manifest = dict(_manifest(archive))
    found = [it for it in said if it.get("artifactId") and it.get("version")]
    for it in found:
        yield Package(
            name=it["artifactId"],
            version=it["version"],
            purl=purl("maven", it["artifactId"], it["version"], it.get("groupId", "")),
            file=path.name,
            checksums=sums,
        )
    if not found:
        name = manifest.get("Bundle-SymbolicName", "").partition(";")[0] or manifest.get("Implementation-Title")
        version = manifest.get("Bundle-Version") or manifest.get("Implementation-Version") or ""
        yield Package(name=name or path.stem, version=version, file=path.name, checksums=sums)


def _properties(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, str]]:
    for line in archive.read(name).decode("latin-1").splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            yield key.strip(), value.strip()


def _manifest(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    try:
        text = archive.read("META-INF/MANIFEST.MF").decode("utf-8", "replace")
    except KeyError:
        return
    for line in text.replace("\r\n", "\n").replace("\n ", "").split("\n"):
        key, colon, value = line.partition(":")
        if not line.strip():
            return  # what follows is about single files
        if colon:
            yield key, value.strip()
