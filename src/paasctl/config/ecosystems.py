"""How a project without a Dockerfile becomes an image: its build's output over a base, put there without a daemon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from paasctl.values import dataclass

Files = Mapping[str, str]

_SOURCES = "{{src: ., dest: /app, exclude: [{}, .git, .paasctl, paas.yaml]}}"
"""The project's own files, without what lies among them: the builds of before would make each image twice as large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """What tells it, the port its programs like, and the lines of its image."""

    markers: tuple[str, ...]
    port: int
    lines: Callable[[Files, str], tuple[str, ...]]


def build_lines(files: Files, app: str) -> tuple[str, ...]:
    """The lines of the image's entry in `images`, not indented."""
    found = _ecosystem(files)
    return found.lines(files, app) if found else ("context: .              # CHANGE: there is no Dockerfile yet",)


def default_port(files: Files) -> int:
    """What such a program listens on when nobody says."""
    found = _ecosystem(files)
    return found.port if found else 8080


def _ecosystem(files: Files) -> Ecosystem | None:
    return next((it for it in _ECOSYSTEMS if any(marker in files for marker in it.markers)), None)


def _image(
    base: str, layers: tuple[str, ...], entrypoint: list[str], workdir: str = "/app", change: str = ""
) -> tuple[str, ...]:
    """`change` says what of the entrypoint is a guess."""
    run = f'entrypoint: {json.dumps(entrypoint, ensure_ascii=False)}, workdir: {workdir}, user: "1000"'
    guess = f"   # CHANGE: {change}" if change else ""
    return (
        f"base: {base}",
        "layers:                 # stable ones first",
        *(f"  - {it}" for it in layers),
        f"config: {{{run}}}{guess}",
    )


def _base(name: str) -> str:
    return f"127.0.0.1:5000/base/{name}   # CHANGE: an image with what your program needs to run"


def _java(folder: str, command: str) -> Callable[[Files, str], tuple[str, ...]]:
    def lines(_files: Files, app: str) -> tuple[str, ...]:
        layer = f"{{src: {folder}, dest: /app}}   # after: {command}"
        return _image(_base("java:21"), (layer,), ["java", "-jar", f"/app/{app}.jar"], change="the jar's name")

    return lines


def _node(files: Files, _app: str) -> tuple[str, ...]:
    layers = ("{kind: node, exclude: [.git, .paasctl, paas.yaml]}   # after: npm ci",)
    main = _main(files.get("package.json", ""))
    return _image(_base("node:22"), layers, ["node", main or "index.js"], change="" if main else "what starts it")


def _main(package: str) -> str:
    """The program of `package.json`; empty: it names none."""
    try:
        said = json.loads(package)
    except (ValueError, RecursionError):
        said = {}
    main = said.get("main") if isinstance(said, dict) else None
    return main if isinstance(main, str) and re.fullmatch(r"[\w@][\w./@-]*", main) else ""


def _python(files: Files, app: str) -> tuple[str, ...]:
    named = re.search(r"""^name\s*=\s*["']([A-Za-z0-9._-]+)["']""", files.get("pyproject.toml", ""), re.MULTILINE)
    module = re.sub(r"[-.]+", "_", named[1] if named else app)
    layer = "{kind: python, wheels: vendor, dest: /app}   # after: pip wheel -w vendor ."
    return _image(_base("python:3.13"), (layer,), ["python", "-m", module])


def _requirements(_files: Files, _app: str) -> tuple[str, ...]:
    layers = (
        "{kind: python, wheels: vendor, dest: /app/lib}   # after: pip wheel -w vendor -r requirements.txt",
        _SOURCES.format("vendor"),
    )
    return _image(_base("python:3.13"), layers, ["python", "app.py"], change="what starts it")


def _go(_files: Files, app: str) -> tuple[str, ...]:
    layer = f"{{kind: go, src: bin/{app}}}   # after: CGO_ENABLED=0 go build -o bin/{app} ."
    return _image("scratch", (layer,), [f"/{app}"], workdir="/")


_ECOSYSTEMS = (
    Ecosystem(markers=("build.gradle", "build.gradle.kts"), port=8080, lines=_java("build/libs", "./gradlew build")),
    Ecosystem(markers=("pom.xml",), port=8080, lines=_java("target", "mvn package")),
    Ecosystem(markers=("package.json",), port=3000, lines=_node),
    Ecosystem(markers=("pyproject.toml", "setup.py"), port=8000, lines=_python),
    Ecosystem(markers=("go.mod",), port=8080, lines=_go),
    Ecosystem(markers=("requirements.txt",), port=8000, lines=_requirements),
)
