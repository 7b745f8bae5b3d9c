"""One wheel as it is installed: which of its files go where. The only file that knows the `installer` library.

Scripts get a shebang that holds in the container. No bytecode is made: a `.pyc` with a time in it is another one each
time, and the version that runs is not here to make one. What unpacks a wheel is packaging.python.org's specification.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import posixpath
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path
from typing import BinaryIO, Literal, cast

from installer import install
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import RecordEntry, parse_record_file
from installer.scripts import Script
from installer.sources import WheelContentElement, WheelFile
from installer.utils import Scheme, construct_record_file, fix_shebang, parse_metadata_file

from paasctl.adapters.layers.writing import open_zip
from paasctl.errors import ConfigError
from paasctl.oci.building.compose import Given, InArchive, Source
from paasctl.oci.building.packages import Package, purl
from paasctl.values import dataclass

_FOLDERS = {"purelib": "", "platlib": "", "scripts": "bin", "headers": "include", "data": ""}
"""Where the parts of a wheel go below the target, as with `pip install --target`."""
_NAME = 60
"""Characters of a license's name."""
_BYTECODE = (".pyc", ".pyo")
_INSTALLER = {"INSTALLER": b"paasctl\n"}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A wheel's files by their places below the target, and what it says it is."""

    sources: tuple[Source, ...]
    package: Package


def unpack(path: Path, digest: str, interpreter: str) -> Unpacked:
    """The wheel in a file whose sha256 is known. `ConfigError` where it is none, or damaged."""
    with open_zip(path) as archive:
        try:
            wheel = _Wheel(archive)
            wheel.validate_record(validate_contents=False)
            target = _Target(os.fsencode(path), digest, interpreter)
            install(wheel, cast("WheelDestination", target), dict(_INSTALLER))
            return Unpacked(tuple(target.sources), _package(wheel, path, digest))
        except (InstallerError, ValueError, KeyError, AssertionError, zipfile.BadZipFile) as error:
            raise ConfigError(
                f"reading {path}: it is no wheel that can be installed: {error}", where=str(path), code="wheel-damaged"
            ) from error


class _Member:
    """A member of the archive that is only read where its content matters."""

    def __init__(self, archive: zipfile.ZipFile, item: zipfile.ZipInfo, record: tuple[str, str, str]) -> None:
        self.item = item
        self.record = record
        self._archive = archive

    def read(self) -> bytes:
        return self._archive.read(self.item)


class _Wheel(WheelFile):
    """The same wheel, whose members stay closed."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(archive)
        self._archive = archive

    def get_contents(self) -> Iterator[WheelContentElement]:
        rows = parse_record_file(self.read_dist_info("RECORD").splitlines())
        recorded = {row[0]: row for row in rows}
        for item in self._archive.infolist():
            if not item.is_dir() and not item.filename.endswith(_BYTECODE):
                record = recorded.get(item.filename, (item.filename, "", ""))
                executable = bool((item.external_attr >> 16) & 0o111)
                yield record, cast("BinaryIO", _Member(self._archive, item, record)), executable


@dataclass(slots=True)
class _Target:
    """`installer`'s destination: it remembers where files would be written."""

    origin: bytes
    digest: str
    interpreter: str
    sources: list[Source] = field(default_factory=list)

    def write_script(self, name: str, module: str, attr: str, section: Literal["console", "gui"]) -> RecordEntry:
        """An entry point's script."""
        _, data = Script(name, module, attr, section).generate(self.interpreter, "posix")
        return self._given("scripts", name, data, executable=True)

    def write_file(self, scheme: str, path: str, stream: BinaryIO | _Member, is_executable: bool) -> RecordEntry:
        """A file of the wheel, or one that the installation adds."""
        if not isinstance(stream, _Member):
            return self._given(scheme, path, stream.read(), executable=is_executable)
        if scheme == "scripts":
            with fix_shebang(io.BytesIO(stream.read()), self.interpreter) as mended:
                return self._given(scheme, path, mended.read(), executable=True)
        entry = RecordEntry.from_elements(path, *stream.record[1:])
        content = InArchive(self.origin, stream.item.filename, _sha256(stream.record[1]))
        self._add(
            Source(_place(scheme, path), "file", content, stream.item.file_size, is_executable, digest=self.digest)
        )
        return entry

    def finalize_installation(
        self, scheme: str, record_file_path: str, records: Iterable[tuple[str, RecordEntry]]
    ) -> None:
        """The record of what went where, with the places as they are."""
        said = cast("Iterable[tuple[Scheme, RecordEntry]]", records)
        stream = construct_record_file(said, lambda it: f"{_FOLDERS[it]}/" if _FOLDERS[it] else None)
        self._given(scheme, record_file_path, stream.read(), executable=False)

    def _given(self, scheme: str, path: str, data: bytes, *, executable: bool) -> RecordEntry:
        digest = hashlib.sha256(data)
        self._add(Source(_place(scheme, path), "file", Given(data), len(data), executable, digest=digest.hexdigest()))
        text = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        return RecordEntry.from_elements(path, f"sha256={text}", str(len(data)))

    def _add(self, source: Source) -> None:
        if source.path.startswith((b"../", b"/")) or source.path == b"..":
            raise ValueError(f"{source.path!r} would lie outside of the target")
        self.sources.append(source)


def _place(scheme: str, path: str) -> bytes:
    return posixpath.normpath(posixpath.join(_FOLDERS[scheme], path)).encode("utf-8", "surrogateescape")


def _sha256(said: str) -> str:
    """The hex digest that a RECORD has; empty where it has none, or another kind."""
    name, _, text = said.partition("=")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex() if name == "sha256" else ""


def _package(wheel: WheelFile, path: Path, digest: str) -> Package:
    said = parse_metadata_file(wheel.read_dist_info("METADATA"))
    name, version = str(said["Name"] or wheel.distribution), str(said["Version"] or wheel.version)
    return Package(
        name=name,
        version=version,
        purl=purl("pypi", name.lower().replace("_", "-").replace(".", "-"), version),
        license=str(said["License-Expression"] or _short(said["License"])),
        file=path.name,
        checksums={"SHA256": digest},
    )


def _short(text: str | None) -> str:
    """The older field, where it is a name; some wrote their whole license there."""
    return text if text and len(text) < _NAME and "\n" not in text else ""
