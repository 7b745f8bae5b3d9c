"""Templates by Jinja: text in, documents out. The only file that knows the library.

Templates run sandboxed: they see values, never the machine. Each is compiled once per process.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, object_type_repr

from paasctl.errors import ConfigError
from paasctl.ports.files import Files

Parse = Callable[[str, str], Sequence[dict[str, Any]]]
"""(YAML text, its name) -> the mappings in it. Raises `ConfigError` at `NAME:LINE:COLUMN`, or at `NAME` alone."""

FOLDER = "templates"
_RENDERED = "what came out"
_MARKS = ("{{", "{%", "{#")
_UNSPEAKABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_WRONG = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a template's own expressions can raise: `{{ 1 + "a" }}`, `{{ 1 / 0 }}`, a macro that calls itself."""


def builtin_templates() -> Path:
    """The folder of the templates that come with paasctl: inside the wheel, or beside `src/` in a checkout."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / FOLDER
    return shipped if shipped.is_dir() else package.parents[1] / FOLDER


class JinjaTemplates:
    """The `Templates` port. `builtin` is the folder of our own templates, `parse` the YAML library's one function."""

    def __init__(self, builtin: Path, parse: Parse) -> None:
        self._builtin = builtin
        self._parse = parse
        self._projects: dict[int, tuple[Files, ImmutableSandboxedEnvironment]] = {}
        self._texts = _environment(lambda _name: None)
        self._compiled: dict[str, Template] = {}

    def render(self, name: str, names: Mapping[str, Any], files: Files) -> Sequence[dict[str, Any]]:
        """The documents of the project's `templates/NAME`, or else of ours; an empty template makes none.

        Raises `ConfigError` with the template's file and line: bad syntax, an undefined name, a failing expression,
        output that is no YAML or holds something that is no mapping.
        """
        template = self._template(name, files)
        text = _run(template, names, "")
        try:
            return self._parse(text, _RENDERED)
        except ConfigError as error:
            line = _line_number(error)
            raise ConfigError(
                f"rendering {name}: {error.message}{_shown(text, line)}",
                hint="put values in with tojson: {{ … | tojson }}",
                where=f"{template.filename}:{_source_line(template, names, line)}",
                code="template-invalid",
            ) from error

    def expand(self, text: str, names: Mapping[str, Any], where: str) -> str:
        """`text` with its `{{ … }}` expanded; without any it comes back as it is.

        `where` is a place in `paas.yaml`, or a file: then the line within it is added to what goes wrong.
        """
        if not any(mark in text for mark in _MARKS):
            return text
        if text not in self._compiled:
            self._compiled[text] = _compile(lambda: self._texts.from_string(text), where)
        return _run(self._compiled[text], names, where)

    def documents(self, text: str, where: str) -> Sequence[dict[str, Any]]:
        """The mappings in a YAML text that is no template; empty documents are left out."""
        try:
            return self._parse(text, where)
        except ConfigError as error:
            message = f"reading {where}: {error.message}{_shown(text, _line_number(error))}"
            raise ConfigError(message, hint=error.hint, where=error.where, code="yaml-invalid") from error

    def _template(self, name: str, files: Files) -> Template:
        if id(files) not in self._projects:
            self._projects[id(files)] = (files, _environment(lambda wanted: self._source(wanted, files)))
        project = self._projects[id(files)][1]
        return _compile(lambda: project.get_template(name), f"{FOLDER}/{name}")

    def _source(self, name: str, files: Files) -> tuple[str, str, Callable[[], bool]] | None:
        """What Jinja asks of a loader: source, file name for messages, whether it is still current."""
        if (own := files.read(f"{FOLDER}/{name}")) is not None:
            return _text(own, f"{FOLDER}/{name}"), f"{FOLDER}/{name}", lambda: True
        ours = self._builtin / name
        if not ours.is_file():
            return None
        return ours.read_text(encoding="utf-8"), f"paasctl/{FOLDER}/{name}", lambda: True


class _Missing(StrictUndefined):
    """Jinja wants a class here: the message of an undefined name, with what is there instead."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, *args: Any) -> None:
        super().__init__(hint or _undefined(obj, str(name)), obj, name, *args)


def _undefined(obj: Any, name: str) -> str:
    if obj is missing:
        return f'nothing is called "{name}"'
    if not isinstance(obj, Mapping):
        return f'{object_type_repr(obj)} has no "{name}"'
    near = difflib.get_close_matches(name, [str(it) for it in obj], n=1)
    guess = f' (did you mean "{near[0]}"?)' if near else f"; there is {', '.join(map(str, obj)) or 'nothing'}"
    return f'there is no "{name}" here{guess}'


def _environment(load: Callable[[str], tuple[str, str, Callable[[], bool]] | None]) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=_Missing,
        autoescape=False,  # YAML, not HTML; scalars go through tojson
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters["tojson"] = _json
    return made


def _json(value: Any) -> str:
    """JSON that is YAML too: what YAML forbids in a scalar is escaped, all else stays as it is."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isascii() and "\x7f" not in text else _UNSPEAKABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"reading {where}: it is not UTF-8 text", where=where, code="template-invalid") from error


def _compile(make: Callable[[], Template], where: str) -> Template:
    try:
        return make()
    except TemplateSyntaxError as error:
        raise _invalid(error, _place(where, error.filename, error.lineno)) from error
    except TemplateNotFound as error:
        message = f"looking for {where}: neither the project nor paasctl has such a template"
        raise ConfigError(message, where=where, code="template-invalid") from error


def _run(template: Template, names: Mapping[str, Any], where: str) -> str:
    try:
        return template.render(names)
    except TemplateSyntaxError as error:  # of a template that this one includes
        raise _invalid(error, _place(where, error.filename, error.lineno)) from error
    except _WRONG as error:
        file, line = _deepest(error.__traceback__) or (template.filename, 1)
        raise _invalid(error, _place(where, file, line)) from error


def _invalid(error: BaseException, at: str) -> ConfigError:
    said = str(error) or type(error).__name__
    if isinstance(error, TemplateNotFound):
        said = f'no template is called "{error.name}"'
    return ConfigError(f"rendering a template: {said.rstrip('.')}", where=at, code="template-invalid")


def _place(where: str, file: str | None, line: int) -> str:
    """A text of `paas.yaml` has its place already; a text that is a file gets the line within it."""
    if file not in (None, "<template>", "<unknown>"):
        return f"{file}:{line}"
    return where if re.search(r":\d+$", where) else f"{where}:{line}"


def _deepest(trace: TracebackType | None) -> tuple[str, int] | None:
    """File and line of the innermost template frame; Jinja rewrites tracebacks so that they name templates."""
    found = None
    while trace:
        if "__jinja_template__" in trace.tb_frame.f_globals or trace.tb_frame.f_code.co_filename == "<template>":
            found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _source_line(template: Template, names: Mapping[str, Any], wanted: int) -> int:
    """The template's line that made line `wanted` of the output, as well as Jinja's debug map can tell."""
    line, source = 1, 1
    for chunk, at in _chunks(template, names):
        ends = line + chunk.count("\n")
        if ends > wanted or (ends == wanted and not chunk.endswith("\n")):
            return at + (wanted - line if at >= source else 0)
        line, source = ends, at
    return source


def _chunks(template: Template, names: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    rendering: Any = template.root_render_func(template.new_context(dict(names)))
    for chunk in rendering:
        yield chunk, template.get_corresponding_lineno(rendering.gi_frame.f_lineno)


def _line_number(error: ConfigError) -> int:
    """The line in `NAME:LINE:COLUMN`; 0 where there is none."""
    found = re.search(r":(\d+):\d+$", error.where)
    return int(found[1]) if found else 0


def _shown(text: str, number: int) -> str:
    """The line that is to blame, for the end of a message."""
    lines = text.splitlines()
    return f": line {number} is {lines[number - 1].strip()!r}" if 0 < number <= len(lines) else ""
