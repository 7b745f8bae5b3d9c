"""Paths and values as texts; whatever may be secret is masked. Views shorten them for people."""

from __future__ import annotations

import json
import re
from typing import Any

from paasctl.model.counting import count
from paasctl.planning.fields.merge import Item, Path, Segment

MASK = "***"
_WIDTH = 1000
"""A digest is whole for scripts, a whole file is in no plan."""
_WORD = re.compile(r"[A-Za-z0-9_-]+")


def path_text(path: Path) -> str:
    """`spec.template.spec.containers[name="web"].image`, `metadata.labels['app.kubernetes.io/name']`."""
    return "".join(_segment(it) for it in path).removeprefix(".")


def _segment(segment: Segment) -> str:
    if isinstance(segment, Item):
        return str(segment)
    if isinstance(segment, int):
        return f"[{segment}]"
    return f".{segment}" if _WORD.fullmatch(segment) else f"['{segment}']"


def texts(before: Any, after: Any) -> tuple[str, str]:
    """Both values as texts; of long texts only the first line that differs."""
    if isinstance(before, str) and isinstance(after, str) and ("\n" in before or "\n" in after):
        return _line(before, after), _line(after, before)
    return text(before), text(after)


def text(value: Any) -> str:
    """A value in at most 1,000 characters."""
    if isinstance(value, str) and "\n" in value:
        return count(len(value.splitlines()), "line")
    said = value if isinstance(value, str) and value else json.dumps(value, default=str, ensure_ascii=False)
    return said if len(said) <= _WIDTH else f"{said[: _WIDTH - 1]}…"


def _line(this: str, other: str) -> str:
    lines, others = this.splitlines(), other.splitlines()
    at = next((i for i, (a, b) in enumerate(zip(lines, others, strict=False)) if a != b), min(len(lines), len(others)))
    return text(f"line {at + 1}: {lines[at]}") if at < len(lines) else count(len(lines), "line")
