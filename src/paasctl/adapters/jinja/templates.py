"""The `Templates` port: the project's templates before ours, each compiled once per process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from paasctl.adapters.jinja.blame import compiled, line_number, run, shown, source_place
from paasctl.adapters.jinja.environment import Source, environment
from paasctl.adapters.jinja.kept import kept_beside
from paasctl.errors import ConfigError
from paasctl.ports.files import Files

Parse = Callable[[str, str], Sequence[dict[str, Any]]]
"""(YAML text, its name) -> the mappings in it. Raises `ConfigError` at `NAME:LINE:COLUMN`, or at `NAME` alone."""

FOLDER = "templates"
_RENDERED = "what came out"
_MARKS = ("{{", "{%", "{#")


def builtin_templates() -> Path:
    """The folder of the templates that come with paasctl: inside the wheel, or beside `src/` in a checkout."""
    package = Path(__file__).resolve().parents[2]
    shipped = package / FOLDER
    return shipped if shipped.is_dir() else package.parents[1] / FOLDER


class JinjaTemplates:
    """The `Templates` port. `builtin` is the folder of our own templates, `parse` the YAML library's one function."""

    def __init__(self, builtin: Path, parse: Parse) -> None:
        self._builtin = builtin
        self._parse = parse
        self._projects: dict[int, tuple[Files, ImmutableSandboxedEnvironment]] = {}
        self._ours = environment(self._builtin_source, kept_beside(builtin))
        self._compiled: dict[str, Template] = {}

    def render(self, name: str, names: Mapping[str, Any], files: Files) -> Sequence[dict[str, Any]]:
        """The documents of the project's `templates/NAME`, or else of ours; an empty template makes none.

        Raises `ConfigError` with the template's file and line: bad syntax, an undefined name, a failing expression,
        output that is no YAML or holds something that is no mapping.
        """
        template = self._template(name, files)
        text = run(template, names, "")
        try:
            return self._parse(text, _RENDERED)
        except ConfigError as error:
            line = line_number(error)
            raise ConfigError(
                f"rendering {name}: {error.message}{shown(text, line)}",
                hint="put values in with tojson: {{ … | tojson }}",
                where=source_place(template, names, line),
                code="template-invalid",
            ) from error

    def expand(self, text: str, names: Mapping[str, Any], where: str) -> str:
        """`text` with its `{{ … }}` expanded; without any it comes back as it is.

        `where` is a place in `paas.yaml`, or a file: then the line within it is added to what goes wrong.
        """
        if not any(mark in text for mark in _MARKS):
            return text
        if text not in self._compiled:
            self._compiled[text] = compiled(lambda: self._ours.from_string(text), where)
        return run(self._compiled[text], names, where)

    def documents(self, text: str, where: str) -> Sequence[dict[str, Any]]:
        """The mappings in a YAML text that is no template; empty documents are left out."""
        try:
            return self._parse(text, where)
        except ConfigError as error:
            message = f"reading {where}: {error.message}{shown(text, line_number(error))}"
            raise ConfigError(message, hint=error.hint, where=error.where, code="yaml-invalid") from error

    def _template(self, name: str, files: Files) -> Template:
        if id(files) not in self._projects:
            self._projects[id(files)] = (files, self._project(files))
        project = self._projects[id(files)][1]
        return compiled(lambda: project.get_template(name), f"{FOLDER}/{name}")

    def _project(self, files: Files) -> ImmutableSandboxedEnvironment:
        """Projects without templates of their own share what is compiled already."""
        if not files.below(FOLDER):
            return self._ours
        return environment(lambda name: self._own_source(name, files) or self._builtin_source(name))

    @staticmethod
    def _own_source(name: str, files: Files) -> Source | None:
        own = files.read(f"{FOLDER}/{name}")
        return None if own is None else (_text(own, f"{FOLDER}/{name}"), f"{FOLDER}/{name}", _is_current)

    def _builtin_source(self, name: str) -> Source | None:
        ours = self._builtin / name
        return (ours.read_text(encoding="utf-8"), f"paasctl/{FOLDER}/{name}", _is_current) if ours.is_file() else None


def _is_current() -> bool:
    return True  # files don't change under a run


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"reading {where}: it is not UTF-8 text", where=where, code="template-invalid") from error
