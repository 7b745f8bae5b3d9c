"""The reference of `paas.yaml` as Markdown, made from the table of keys: a section of the README."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from paasctl.config.shape import Choice, Either, Free, Items, Key, Kinds, Named, Number, Section, Switch, Text, Type
from paasctl.config.table.top import TOP
from paasctl.config.unknown import sections
from paasctl.config.words import either

_NOTES = """\
`paas.yaml` is YAML 1.2: `yes`, `no`, `on`, `off` and `1:20` are texts, `true` and `false` are not. A text that YAML
reads as a number or as `true` or `false` must stand in quotes, and `0644` is refused, since some read it as octal and
some as decimal. Unknown keys are errors. Durations are written `90s`, `5m`, `1h30m` or `3d`."""


def reference() -> str:
    """Markdown: one table per section, keys in their order, each with what it holds, its default and its sentence."""
    parts = [_NOTES]
    for spot, section in sections(TOP, ""):
        rows = [_row(key) for key in section.keys]
        note = f"\nExactly one of {either(f'`{it}`' for it in section.one_of)}.\n" if section.one_of else ""
        title = f"#### `{spot}`" if spot else "#### The file"
        parts.append("\n".join((title, note, "| key | holds | default | what |", "|---|---|---|---|", *rows)))
    return "\n\n".join(parts) + "\n"


def keys() -> Iterator[tuple[str, Key]]:
    """Every key of the table by its whole path, as in `services.SERVICE.scale.min` and `images.IMAGE.layers[].src`."""
    for spot, section in sections(TOP, ""):
        yield from ((f"{spot}.{key.name}".removeprefix("."), key) for key in section.keys)


def _row(key: Key) -> str:
    default = "**required**" if key.required else "" if key.default in (None, [], {}) else f"`{_written(key.default)}`"
    cells = (f"`{key.name}`", _holds(key.type), default, key.doc)
    return "| " + " | ".join(it.replace("|", "\\|") for it in cells) + " |"


def _holds(kind: Type) -> str:  # noqa: C901 - one arm per type
    match kind:
        case Text():
            return kind.form.words
        case Number():
            return f"{kind.least} to {kind.most:,}" if kind.most < 1_000_000 else f"a number from {kind.least}"
        case Switch():
            return "`true`, `false`"
        case Choice():
            return ", ".join(f"`{it}`" for it in kind.names)
        case Items():
            return f"list: {_holds(kind.of)}"
        case Named():
            return f"{kind.noun}: {_holds(kind.of)}"
        case Free() | Section() | Kinds():
            return kind.words
        case Either():
            return "; or ".join(_holds(it) for it in kind.of)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
