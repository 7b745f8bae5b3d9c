"""Lock files of Python: which versions are wanted, and the hashes that their wheels must have."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import read_regular
from paasctl.adapters.layers.reading import reading
from paasctl.adapters.layers.tags import Python, applies, pinned, same_name
from paasctl.errors import ConfigError
from paasctl.values import dataclass

_HASH = re.compile(r"--hash[= ]sha256:([0-9a-f]{64})")
_IGNORED = (
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--only-binary",
    "--no-binary",
    "--pre",
    "--trusted-host",
)
"""Options that say where packages come from: here they come from the folder of wheels."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package that a lock wants. Its wheel has one of the hashes (sha256, hex)."""

    name: str
    version: str
    hashes: frozenset[str]
    where: str


def read_lock(path: Path, python: Python) -> tuple[Locked, ...]:
    """What the lock wants for this Python. `ConfigError` where it can't be read, or pins too little."""
    with reading(path):
        content = read_regular(path)
    try:
        text = content.decode()
        if path.name == "uv.lock":
            return tuple(_uv(_toml(text), path, python))
        if path.suffix == ".toml":
            return tuple(_pylock(_toml(text), path, python))
        return tuple(_requirements(text, path, python))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = error if type(error) is ValueError else f"it is no lock as its tool writes it ({error!r})"
        raise ConfigError(
            f"reading {path}: {why}", hint="have its tool write it anew", where=str(path), code="lock-unreadable"
        ) from error


def _toml(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)


def _requirements(text: str, path: Path, python: Python) -> Iterator[Locked]:
    """A requirements file with hashes, as pip-compile and `uv export` write it."""
    for number, line in _lines(text):
        where = f"{path}:{number}"
        if line.startswith(_IGNORED) or line.split()[0] in ("-i", "-f"):
            continue
        if line.startswith("-"):
            raise ConfigError(f"reading {where}: {line.split()[0]} is not read here", hint=_COMPILE, where=where)
        try:
            found = pinned(line.split(" --")[0].strip(), python)
        except ValueError as error:
            raise ConfigError(
                f"reading {where}: {error}", hint=_COMPILE, where=where, code="lock-unreadable"
            ) from error
        hashes = frozenset(_HASH.findall(line))
        if found and not hashes:
            raise ConfigError(
                f"reading {where}: {found[0]} has no hash", hint=_COMPILE, where=where, code="lock-unreadable"
            )
        if found:
            yield Locked(*found, hashes, where)


_COMPILE = "write it with `pip-compile --generate-hashes` or `uv export --no-emit-project -o requirements.txt`"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first: joined at backslashes, without comments."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if joined else number
        joined += re.sub(r"(^|\s)#.*$", "", line)
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        if joined.strip():
            yield first, joined.strip()
        joined = ""
    if joined.strip():
        yield first, joined.strip()


def _pylock(said: Mapping[str, Any], path: Path, python: Python) -> Iterator[Locked]:
    """`pylock.toml` (PEP 751)."""
    for it in said["packages"]:
        if "marker" in it and not applies(it["marker"], python):
            continue
        hashes = frozenset(wheel["hashes"]["sha256"] for wheel in it.get("wheels", ()))
        yield Locked(same_name(it["name"]), str(it["version"]), hashes, str(path))


def _uv(said: Mapping[str, Any], path: Path, python: Python) -> Iterator[Locked]:
    """`uv.lock`: what the project itself needs, and what that needs; groups and extras of the project do not count."""
    packages: list[Mapping[str, Any]] = said["package"]
    todo = [(it, "") for it in packages if {"virtual", "editable"} & set(it.get("source", {}))]
    own = {it["name"] for it, _ in todo}
    seen: set[tuple[str, str]] = set()
    while todo:
        package, extra = todo.pop()
        wanted = (
            package.get("dependencies", ()) if not extra else package.get("optional-dependencies", {}).get(extra, ())
        )
        for it in wanted:
            if "marker" in it and not applies(it["marker"], python, extra):
                continue
            found = _named(packages, it)
            for key in ("", *it.get("extra", ())):
                if (found["name"] + "@" + found.get("version", ""), key) not in seen:
                    seen.add((found["name"] + "@" + found.get("version", ""), key))
                    todo.append((found, key))
                    if not key and found["name"] not in own:
                        yield _locked(found, path)


def _named(packages: list[Mapping[str, Any]], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    fitting = [
        it
        for it in packages
        if it["name"] == wanted["name"] and wanted.get("version", it.get("version")) == it.get("version")
    ]
    if not fitting:
        raise ValueError(f"it needs {wanted['name']} and does not have it")
    return fitting[0]


def _locked(package: Mapping[str, Any], path: Path) -> Locked:
    hashes = frozenset(it["hash"].removeprefix("sha256:") for it in package.get("wheels", ()))
    return Locked(same_name(package["name"]), str(package["version"]), hashes, str(path))
