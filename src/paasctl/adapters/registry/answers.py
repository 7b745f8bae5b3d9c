"""What a refusing answer says, in one line."""

from __future__ import annotations

import json
from typing import Any

from paasctl.adapters.registry.retry import spelled
from paasctl.adapters.registry.wire import Answer

_LONGEST = 300


def said(answer: Answer) -> str:
    """`404 Not Found: NAME_UNKNOWN: repository name not known to registry`."""
    return ": ".join((spelled(answer.status), *_errors(answer.body)))[:_LONGEST]


def codes(answer: Answer) -> tuple[str, ...]:
    """The error codes of the body (distribution-spec, *Error Codes*); none where it isn't one."""
    return tuple(str(it.get("code", "")).upper() for it in _entries(answer.body))


def _errors(body: bytes) -> list[str]:
    lines = [": ".join(filter(None, map(str, (it.get("code"), it.get("message"))))) for it in _entries(body)]
    return ["".join(c if c.isprintable() else " " for c in line) for line in lines if line]


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return []
    errors = document.get("errors") if isinstance(document, dict) else None
    return [it for it in errors if isinstance(it, dict)] if isinstance(errors, list) else []
