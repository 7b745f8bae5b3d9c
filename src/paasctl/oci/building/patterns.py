"""`exclude:` patterns of file layers, over bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paasctl.errors import ConfigError


class Excluded:
    """Which paths, relative to `src`, are left out.

    `*` and `?` stop at a slash, `**` does not, `[a-z]` and `[!a-z]` are classes. A pattern with a slash in it counts
    from `src`, one without matches a name anywhere. What matches a directory leaves out all that is below it.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """Patterns as in `paas.yaml`. `ConfigError` for one that means nothing."""
        rules = [b"(?:%b)" % _rule(it.encode("utf-8", "surrogateescape")) for it in patterns]
        for pattern, rule in zip(patterns, rules, strict=True):
            try:
                re.compile(rule)
            except re.error as error:
                raise ConfigError(f"excluding {pattern!r}: it is no pattern: {error.msg}") from error
        self._rules = re.compile(b"|".join(rules) or rb"(?!)", re.DOTALL)

    def __contains__(self, path: bytes) -> bool:
        return self._rules.fullmatch(path) is not None


def _rule(pattern: bytes) -> bytes:
    anchored = pattern.strip(b"/")
    prefix = b"" if b"/" in pattern.rstrip(b"/") else b"(?:.*/)?"
    return prefix + _TOKEN.sub(_translate, anchored)


_TOKEN = re.compile(rb"\*\*/|\*\*|\*|\?|\[!?[^]]+\]|.", re.DOTALL)
_SPECIAL = {b"**/": b"(?:.*/)?", b"**": b".*", b"*": b"[^/]*", b"?": b"[^/]"}


def _translate(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if len(token) > 2 and token.startswith(b"["):
        inner = token[1:-1].replace(b"\\", rb"\\").replace(b"[", rb"\[")
        return b"(?!/)[" + (b"^" + inner[1:] if inner.startswith(b"!") else inner) + b"]"
    return _SPECIAL.get(token) or re.escape(token)
