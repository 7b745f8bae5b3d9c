"""`WWW-Authenticate`, parsed as RFC 9110 (11.3, 11.6.1) has it: several challenges, quoted commas, escapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from paasctl.values import dataclass

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105 - a grammar
_PART = re.compile(
    rf'[\s,]*(?:(?P<key>{_TOKEN})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{_TOKEN}))'
    rf"|(?P<scheme>{_TOKEN})(?:[ \t]+(?P<blob>[A-Za-z0-9._~+/-]+=*)(?=\s*(?:,|$)))?)"
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in. `scheme` and the parameters' names are in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """All challenges of all headers, in order; what cannot be read ends its header."""
    return tuple(challenge for header in headers for challenge in _parse(header))


def _parse(header: str) -> Iterator[Challenge]:
    scheme, parameters, at = "", dict[str, str](), 0
    while found := _PART.match(header, at):
        at = found.end()
        if found["key"]:
            value = found["plain"] if found["quoted"] is None else re.sub(r"\\(.)", r"\1", found["quoted"])
            parameters[found["key"].lower()] = value
            continue
        if scheme:
            yield Challenge(scheme, parameters)
        scheme, parameters = found["scheme"].lower(), {}
    if scheme:
        yield Challenge(scheme, parameters)


def choose(challenges: Iterable[Challenge]) -> Challenge | None:
    """The one we answer: Bearer with a realm before Basic; None: neither is offered."""
    usable = [it for it in challenges if it.scheme == "basic" or (it.scheme == "bearer" and it.parameters.get("realm"))]
    return min(usable, key=lambda it: it.scheme != "bearer", default=None)
