"""What is wrong with a template, and on which line of which file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from paasctl.errors import ConfigError

_MARK = "\ue000"
"""A character of the private use area: no template has it."""
_WRONG = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a template's own expressions can raise: `{{ 1 + "a" }}`, `{{ 1 / 0 }}`, a macro that calls itself."""


def compiled(make: Callable[[], Template], where: str) -> Template:
    """What `make` gives. Raises `ConfigError` for a template that is no template, or is not there."""
    try:
        return make()
    except TemplateSyntaxError as error:
        raise _invalid(error, where, error.filename, error.lineno) from error
    except (SyntaxError, RecursionError) as error:  # Python's own: nested deeper than it can go
        raise ConfigError(
            "rendering a template: it is nested too deeply", where=where, code="template-invalid"
        ) from error
    except TemplateNotFound as error:
        message = f"looking for {where}: neither the project nor paasctl has such a template"
        raise ConfigError(message, where=where, code="template-invalid") from error


def run(template: Template, names: Mapping[str, Any], where: str) -> str:
    """The template's output; `where` is its place where it is no file. Raises `ConfigError` at the failing line."""
    try:
        return template.render(names)
    except TemplateSyntaxError as error:  # of a template that this one includes
        raise _invalid(error, where, error.filename, error.lineno) from error
    except _WRONG as error:
        file, line = _deepest(error.__traceback__) or (template.filename, 1)
        raise _invalid(error, where, file, line) from error


def _invalid(error: BaseException, where: str, file: str | None, line: int) -> ConfigError:
    """A text of `paas.yaml` has its place already; everything else gets the line within its file."""
    said = (str(error) or type(error).__name__).rstrip(".")
    if isinstance(error, TemplateNotFound):
        said = f'no template is called "{error.name}"'
    if isinstance(error, RecursionError):
        said = "a macro calls itself without end"
    if file in (None, "<template>", "<unknown>"):
        at = where if re.search(r":\d+$", where) else f"{where}:{line}"
        return ConfigError(f"expanding a template text: {said}", where=at, code="template-invalid")
    return ConfigError(f"rendering {Path(str(file)).name}: {said}", where=f"{file}:{line}", code="template-invalid")


def _deepest(trace: TracebackType | None) -> tuple[str, int] | None:
    """File and line of the innermost template frame; Jinja rewrites tracebacks so that they name templates."""
    found = None
    while trace:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found


class _Marking(Extension):
    """Jinja wants a class here too: every line of literal text tells where it stands in its template."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type == "data":
                pieces = enumerate(token.value.split("\n"), token.lineno)
                marked = (f"{_MARK}{stream.filename}:{line}{_MARK}{piece}" for line, piece in pieces)
                yield Token(token.lineno, "data", "\n".join(marked))
            else:
                yield token


def source_place(template: Template, names: Mapping[str, Any], wanted: int) -> str:
    """`file:line` of the template that made line `wanted` (0: the whole) of the output, as well as can be told.

    The output is made once more, with marks: only when something is wrong with it.
    """
    marking = template.environment.overlay(extensions=[_Marking], bytecode_cache=None)
    try:
        lines = marking.get_template(str(template.name)).render(names).split("\n")
    except _WRONG:
        return f"{template.filename}:1"  # it does something to its own text that marks disturb
    for line in (*lines[max(wanted, 1) - 1 :: -1], *lines):
        parts = line.split(_MARK)  # text, place, text, place, text …: of an empty text only the place is left
        said = [place for place, text in zip(parts[1::2], parts[2::2], strict=False) if text.strip()]
        if said or parts[1:]:
            return (said or parts[-2:])[0]
    return f"{template.filename}:1"


def line_number(error: ConfigError) -> int:
    """The line in `NAME:LINE:COLUMN`; 0 where there is none."""
    found = re.search(r":(\d+):\d+$", error.where)
    return int(found[1]) if found else 0


def shown(text: str, number: int) -> str:
    """The line that is to blame, for the end of a message."""
    lines = text.splitlines()
    return f": line {number} is {lines[number - 1].strip()!r}" if 0 < number <= len(lines) else ""
