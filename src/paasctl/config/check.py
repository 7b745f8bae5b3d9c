"""A value against its type: the checked value, or `BAD` after reporting. Keys keep the spelling of the file."""

from __future__ import annotations

import json
import re
from typing import Any, assert_never

from paasctl.config import forms
from paasctl.config.free import check_free
from paasctl.config.problems import Problems
from paasctl.config.shape import (
    BAD,
    Choice,
    Either,
    Form,
    Free,
    Items,
    Key,
    Kinds,
    Named,
    Number,
    Section,
    Switch,
    Text,
    Type,
)
from paasctl.config.unknown import report_unknown
from paasctl.config.words import guess, quoted, spell, told, wanted
from paasctl.model.config import Path
from paasctl.model.counting import count

_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def check(kind: Type, value: Any, path: Path, problems: Problems) -> Any:  # noqa: C901, PLR0911 - one arm per type
    """The value as its type has it (durations in seconds, repositories parsed), with every problem reported."""
    if value is None:
        problems.report(path, f"{spell(path)} is empty", "give it a value, or remove the key")
        return BAD
    match kind:
        case Text():
            return _text(kind, value, path, problems)
        case Number():
            return _number(kind, value, path, problems)
        case Switch():
            return value if isinstance(value, bool) else _mistyped(kind, value, path, problems)
        case Choice():
            return _choice(kind, value, path, problems)
        case Items():
            return _items(kind, value, path, problems)
        case Named():
            return _named(kind, value, path, problems)
        case Free():
            return (
                check_free(kind, value, path, problems)
                if isinstance(value, dict)
                else _mistyped(kind, value, path, problems)
            )
        case Either():
            return _either(kind, value, path, problems)
        case Section():
            return section(kind, value, path, problems)
        case Kinds():
            return _kinds(kind, value, path, problems)
        case _:
            assert_never(kind)


def _kinds(kind: Kinds, value: Any, path: Path, problems: Problems) -> Any:
    if not isinstance(value, dict):
        return _mistyped(kind, value, path, problems)
    names = Choice(tuple(name for name, _ in kind.of))
    said = check(names, value["kind"], (*path, "kind"), problems) if "kind" in value else names.names[0]
    chosen = kind.named(said) if isinstance(said, str) else None
    return section(chosen, value, path, problems) if chosen else BAD


def section(kind: Section, value: Any, path: Path, problems: Problems) -> Any:
    """A mapping with known keys, checked key by key."""
    if not isinstance(value, dict):
        return _mistyped(kind, value, path, problems)
    checked: dict[str, Any] = {}
    meant = set(value)
    for name, inner in value.items():
        if key := kind.key(name):
            checked[name] = check(key.type, inner, (*path, name), problems)
        else:
            meant.add(report_unknown(kind, name, path, problems))
    _demand(kind, meant, path, problems)
    return checked


def _demand(kind: Section, meant: set[str], path: Path, problems: Problems) -> None:
    """Required keys; `meant` are the keys that are there, misspelt ones as they were meant."""
    what = spell(path) or problems.file
    for key in kind.keys:
        if key.required and key.name not in meant:
            problems.report(path, f"{what} needs the key {quoted(key.name)}: {key.doc}", _example(key))
    given = [name for name in kind.one_of if name in meant]
    if len(given) > 1:
        problems.report((*path, given[1]), f"{what} has both {given[0]} and {given[1]}", "keep one of them")
    if kind.one_of and not given:
        problems.report(path, f"{what} needs one of {', '.join(kind.one_of)}")


def _example(key: Key) -> str:
    return f"write {key.name}: {key.type.form.example}" if isinstance(key.type, Text) else ""


def _text(kind: Text, value: Any, path: Path, problems: Problems) -> Any:
    form = kind.form
    if not isinstance(value, str):
        return _mistyped(kind, value, path, problems)
    if form.templated and forms.is_template(value):
        return value
    if why := _why_not(form, value):
        reason = "" if why == "form" else f" ({why})"
        message = f"{spell(path)} must be {form.words}, not {told(value, path)}{reason}"
        problems.report(path, message, f"for example {form.example}")
        return BAD
    return form.parse(value)


def _why_not(form: Form, text: str) -> str:
    if form.pattern and not re.fullmatch(form.pattern, text):
        return "form"
    if form.longest and len(text) > form.longest:
        return f"{count(len(text), 'character')} are more than {form.longest}"
    try:
        form.parse(text)
    except ValueError as error:
        return str(error)
    return ""


def _number(kind: Number, value: Any, path: Path, problems: Problems) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or not kind.least <= value <= kind.most:
        return _mistyped(kind, value, path, problems)
    return value


def _choice(kind: Choice, value: Any, path: Path, problems: Problems) -> Any:
    if isinstance(value, str) and value in kind.later:
        problems.later(path, f"{spell(path)}: {value}")
        return BAD
    if not isinstance(value, str) or value not in kind.names:
        return _mistyped(kind, value, path, problems)
    return value


def _items(kind: Items, value: Any, path: Path, problems: Problems) -> Any:
    if not isinstance(value, list):
        return _mistyped(kind, value, path, problems)
    if len(value) < kind.least:
        problems.report(path, f"{spell(path)} is an empty list", "give it a value, or remove the key")
    if kind.later_from and len(value) >= kind.later_from:
        problems.later((*path, kind.later_from - 1), f"{spell(path)} with more than {kind.later_from - 1}")
    return [check(kind.of, it, (*path, at), problems) for at, it in enumerate(value)]


def _named(kind: Named, value: Any, path: Path, problems: Problems) -> Any:
    if not isinstance(value, dict):
        return _mistyped(kind, value, path, problems)
    for name in value:
        if why := _why_not(kind.names, name):
            reason = "" if why == "form" else f" ({why})"
            message = f"the name {quoted(name)} in {spell(path)} must be {kind.names.words}{reason}"
            problems.report((*path, name), message, f"for example {kind.names.example}")
    return {name: check(kind.of, it, (*path, name), problems) for name, it in value.items()}


def _either(kind: Either, value: Any, path: Path, problems: Problems) -> Any:
    fitting = next((it for it in kind.of if _same_kind(it, value)), None)
    return check(fitting, value, path, problems) if fitting else _mistyped(kind, value, path, problems)


def _same_kind(kind: Type, value: Any) -> bool:
    match kind:
        case Text() | Choice():
            return isinstance(value, str)
        case Number():
            return isinstance(value, int) and not isinstance(value, bool)
        case Switch():
            return isinstance(value, bool)
        case Items():
            return isinstance(value, list)
        case Named() | Free() | Section() | Kinds():
            return isinstance(value, dict)
        case Either():
            return any(_same_kind(it, value) for it in kind.of)


def _mistyped(kind: Type, value: Any, path: Path, problems: Problems) -> Any:
    near = guess(value, kind.names) if isinstance(kind, Choice) and isinstance(value, str) else ""
    message = f"{spell(path)} must be {wanted(kind)}, not {told(value, path)}{near}"
    problems.report(path, message, _mend(kind, value, path))
    return BAD


def _mend(kind: Type, value: Any, path: Path) -> str:
    """The edit that was most likely meant; empty where none is clear."""
    name = path[-1] if path and isinstance(path[-1], str) else ""
    lead = f"{name}: " if name else ""
    form = _form(kind)
    match value:
        case bool() if form:
            return f"put it in quotes: {lead}{json.dumps(json.dumps(value))}"
        case int() | float() if form:
            free = form in (forms.ANY, forms.WORD)
            return (
                "put it in quotes: YAML reads it as a number" if free else f"for example {lead}{_written(form.example)}"
            )
        case str() if isinstance(kind, Number) and value.replace("_", "").isdecimal():
            return f"without quotes: {lead}{value.replace('_', '')}"
        case str() if isinstance(kind, Switch) and value.lower() in _YES_NO:
            return f"write {lead}{_YES_NO[value.lower()]}"
        case str() if isinstance(kind, Items) and len(value) < 40:
            return f"write {lead}[{json.dumps(value, ensure_ascii=False)}]"
        case str() if isinstance(kind, Section) and kind.one_of:
            return f"write {lead}{{{kind.one_of[0]}: …}}"
        case _:
            return ""


def _form(kind: Type) -> Form | None:
    """The grammar that a text would have here; None: no text is wanted."""
    kinds = kind.of if isinstance(kind, Either) else (kind,)
    return next((it.form for it in kinds if isinstance(it, Text)), None)


def _written(text: str) -> str:
    """A text as it must stand in the file."""
    return text if re.fullmatch(r"[A-Za-z/~][\w./:-]*|[0-9.]+[a-zA-Z]+", text) else json.dumps(text)
