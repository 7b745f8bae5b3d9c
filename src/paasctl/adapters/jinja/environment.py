"""How Jinja is set up: strict, sandboxed, without escapes, and with a `tojson` that YAML understands."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import BytecodeCache, FunctionLoader, StrictUndefined, TemplateRuntimeError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, object_type_repr

Source = tuple[str, str, Callable[[], bool]]
"""What Jinja asks of a loader: the text, its file's name for messages, whether it is still current."""
_UNSPEAKABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def environment(
    load: Callable[[str], Source | None], kept: BytecodeCache | None = None
) -> ImmutableSandboxedEnvironment:
    """An environment that takes templates from `load`; None: there is none of that name. `kept`: compiled before."""
    made = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=_Missing,
        autoescape=False,  # YAML, not HTML; scalars go through tojson
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=kept,
    )
    made.filters["tojson"] = _json
    return made


def _json(value: Any) -> str:
    """JSON that is YAML too: what YAML forbids in a scalar is escaped, all else stays as it is."""
    text = json.dumps(value, ensure_ascii=False, default=_refuse)
    return text if text.isascii() and "\x7f" not in text else _UNSPEAKABLE.sub(_escape, text)


def _refuse(value: Any) -> Any:
    said = str(value)  # an undefined name says so itself
    raise TypeError(f"tojson can't say {said[:80]!r}")


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


class _Missing(StrictUndefined):
    """Jinja wants a class here: the message of an undefined name, with what is there instead."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        super().__init__(hint or _undefined(obj, str(name)), obj, name, exc)


def _undefined(obj: Any, name: str) -> str:
    if obj is missing:
        return f'nothing is called "{name}"'
    if not isinstance(obj, Mapping):
        return f'{object_type_repr(obj)} has no "{name}"'
    near = difflib.get_close_matches(name, [str(it) for it in obj], n=1)
    guess = f' (did you mean "{near[0]}"?)' if near else f"; there is {', '.join(map(str, obj)) or 'nothing'}"
    return f'there is no "{name}" here{guess}'
