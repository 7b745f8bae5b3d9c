"""What the kinds of layers take, made small: wheels, jars, packages of npm, ELF programs."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path


def make_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    tag: str = "py3-none-any",
    files: Mapping[str, str] | None = None,
    **more: str,
) -> Path:
    """A wheel as its specification has it. `more`: `entry_points`, `metadata` (lines), `record` (instead of ours)."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    pure = "true" if tag.endswith("any") else "false"
    content = {
        **(files or {f"{name}/__init__.py": f"name = {name!r}\n"}),
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more.get('metadata', '')}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
    }
    if entry_points := more.get("entry_points"):
        content[f"{info}/entry_points.txt"] = entry_points
    rows = [f"{it},sha256={_sum(text)},{len(text.encode())}\n" for it, text in content.items()]
    content[f"{info}/RECORD"] = more.get("record", "".join((*rows, f"{info}/RECORD,,\n")))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for it, text in content.items():
            item = zipfile.ZipInfo(it)
            item.external_attr = (0o100755 if "/scripts/" in it else 0o100644) << 16
            archive.writestr(item, text)
    return path


def _sum(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_jar(path: Path, properties: Mapping[str, str] | None = None, manifest: str = "") -> Path:
    """A jar; with Maven's properties, or with a manifest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), manifest or "Manifest-Version: 1.0\r\n")
        if properties:
            said = "#Created by Maven\n" + "".join(f"{key}={value}\n" for key, value in properties.items())
            archive.writestr(zipfile.ZipInfo("META-INF/maven/g/a/pom.properties"), said)
    return path


def make_package(folder: Path, name: str, version: str = "1.0.0", **more: object) -> Path:
    """A package of npm's, installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version, **more}))
    (folder / "index.js").write_text(f"module.exports = '{name}'\n")
    return folder


def make_program(path: Path, machine: int = 62, loader: str = "", build: str = "") -> Path:
    """As much of a 64-bit ELF file as is looked at; `build` is Go's record of modules."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = loader.encode() + b"\0"
    head = struct.pack("<4sBBB9xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 2, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    kind = 3 if loader else 1
    segment = struct.pack("<IIQQQQQQ", kind, 4, 120, 0, 0, len(name), len(name), 1)
    body = head + segment + name
    if build:
        body += bytes(-len(body) % 16)
        body += b"\xff Go buildinf:" + bytes([8, 2]) + bytes(16)
        text = bytes(16) + build.encode() + bytes(16)
        body += _varint(len(b"go1.26.1")) + b"go1.26.1" + _varint(len(text)) + text
    path.write_bytes(body)
    path.chmod(0o755)
    return path


def _varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])
