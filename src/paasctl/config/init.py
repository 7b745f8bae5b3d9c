"""The first `paas.yaml` of a project, from what lies in its folder. Text in, text out: the verb writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from paasctl.config.ecosystems import build_lines, default_port
from paasctl.values import dataclass

_DOCKERFILES = ("Dockerfile", "Containerfile")
_EXPOSE = re.compile(r"^\s*EXPOSE\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_NO_TEXTS = ("true", "false", "null")
"""Names that YAML would read as something else."""
_PORT = re.compile(r"^(?:\$\{\w+:-)?(\d{1,5})(?:/tcp)?\}?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found: the folder's name, files by path (`/` between names) with their text, the git remote's URL."""

    folder: str
    files: Mapping[str, str]
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One image and the service that runs it."""

    name: str
    lines: tuple[str, ...]
    port: int


def starter(found: Found) -> str:
    """A working, commented `paas.yaml`: it loads as it is, and names the two or three things to change."""
    app = app_name(found)
    parts = tuple(_parts(found, app))
    images = [line for part in parts for line in (f"  {part.name}:", *(f"    {it}" for it in part.lines))]
    services = [f"  {it.name}: {{image: {it.name}, port: {it.port}}}" for it in parts]
    return "\n".join((*_head(app), *images, "", *_SERVICES, *services, "", *_places(app))) + "\n"


def app_name(found: Found) -> str:
    """A DNS label made of the remote's last part, else of the folder's name, else `app`."""
    last = re.split(r"[/:]", found.remote.rstrip("/").removesuffix(".git"))[-1]
    return _label(last) or _label(found.folder) or "app"


def _label(text: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")
    return f"{label}-app" if label in _NO_TEXTS else label[:40].rstrip("-")


def _parts(found: Found, app: str) -> Iterator[_Part]:
    taken: dict[str, str] = {}
    for folder, file in _docker_folders(found.files):
        last = _label(folder.rpartition("/")[2]) if folder else "web"
        name = last if last and last not in taken else _label(folder) or "part"
        if name in taken:
            name = f"{name[:34]}-{len(taken)}"
        taken[name] = folder
        text = found.files[f"{folder}/{file}" if folder else file]
        yield _Part(name=name, lines=tuple(_docker_lines(folder, file)), port=_exposed(text) or 8080)
    if not taken:
        yield _Part(name="web", lines=tuple(build_lines(found.files, app)), port=default_port(found.files))


def _docker_folders(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Folders with a Dockerfile, each with the file's name: a Dockerfile goes before a Containerfile."""
    found: dict[str, str] = {}
    for file in _DOCKERFILES:
        for path in files:
            folder, _, name = path.rpartition("/")
            if name == file and path.isprintable():
                found.setdefault(folder, file)
    return sorted(found.items())


def _docker_lines(folder: str, file: str) -> Iterator[str]:
    yield f"context: {json.dumps(folder, ensure_ascii=False) if folder else '.'}"
    if file != "Dockerfile":
        yield f"dockerfile: {file}"


def _exposed(dockerfile: str) -> int:
    """The last stage's first port that is written as a number; 0: none."""
    ports: list[int] = []
    for line in dockerfile.splitlines():
        if re.match(r"\s*FROM\s", line, re.IGNORECASE):
            ports = []
        words = found[1].split() if (found := _EXPOSE.match(line)) else []
        ports += [int(it[1]) for word in words if (it := _PORT.match(word)) and 0 < int(it[1]) < 65536]
    return ports[0] if ports else 0


def _head(app: str) -> tuple[str, ...]:
    return (
        "# What to build, what to run, and where. Every key: paasctl config schema",
        "# Next: mend the lines marked CHANGE, git commit, paasctl doctor, paasctl release, paasctl deploy dev",
        f"{f'app: {app}':<27} # the namespace is {app}-ENVIRONMENT",
        "",
        "images:",
    )


_SERVICES = ("services:                   # what runs; more keys: health, hosts, env, scale, command, schedule …",)


def _places(app: str) -> tuple[str, ...]:
    return (
        "registries:                 # the promotion path, in this order",
        f"  dev: {{repository: 127.0.0.1:5000/{app}}}   # CHANGE: where your images go",
        "",
        "clusters:",
        "  local: {context: kind-local}   # CHANGE: a context of `kubectl config get-contexts`",
        "",
        "environments:",
        "  dev: {cluster: local, registry: dev}   # paasctl deploy dev",
    )
