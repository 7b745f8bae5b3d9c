"""What an answer says that refuses, or that is none of a registry's, in one line."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from paasctl.adapters.registry.retry import spelled
from paasctl.adapters.registry.wire import Answer
from paasctl.errors import Unavailable

_LONGEST = 300
_GIST = 80
"""Letters of what came instead."""
_BLANK = b"\xef\xbb\xbf \t\r\n"
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]*\S)\s*</title", re.IGNORECASE)


def said(answer: Answer) -> str:
    """`404 Not Found: NAME_UNKNOWN: repository name not known to registry`."""
    return ": ".join((spelled(answer.status), *_errors(answer.body)))[:_LONGEST]


def codes(answer: Answer) -> tuple[str, ...]:
    """The error codes of the body (distribution-spec, *Error Codes*); none where it isn't one."""
    return tuple(str(it.get("code", "")).upper() for it in _entries(answer.body))


def check_json(answer: Answer, doing: str) -> None:
    """`Unavailable` where something else than a JSON object came, as the login page of a proxy does with a 200."""
    if answer.body.lstrip(_BLANK).startswith(b"{"):
        return
    parts = urlsplit(answer.url)
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip() or "of no type"
    raise Unavailable(
        f"{doing}: what came from {parts.netloc} is {_printable(kind)} and no JSON ({_gist(answer.body)})",
        hint=f"check the proxy (HTTPS_PROXY, NO_PROXY), the host's name, and https or http: curl -i "
        f"{parts.scheme}://{parts.netloc}/v2/",
        code="not-a-registry",
    )


def _gist(body: bytes) -> str:
    """The title of a page, or the first line of a text."""
    title = _TITLE.search(body)
    lines = [" ".join(it.split()) for it in (title[1] if title else body).decode(errors="replace").splitlines()]
    line = _printable(next(filter(None, lines), ""))
    return f"{'its title is' if title else 'it begins with'} {line[:_GIST]!r}" if line else "it is empty"


def _errors(body: bytes) -> list[str]:
    lines = [": ".join(filter(None, map(str, (it.get("code"), it.get("message"))))) for it in _entries(body)]
    return [_printable(line) for line in lines if line]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return []
    errors = document.get("errors") if isinstance(document, dict) else None
    return [it for it in errors if isinstance(it, dict)] if isinstance(errors, list) else []
