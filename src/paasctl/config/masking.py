"""What `config show` hides: `paas.yaml` should hold no secret, but `values` and `env` sometimes do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from paasctl.config.words import is_sensitive
from paasctl.model.config import FromKey

MASK = "***"
_IN_URL = re.compile(r"(://[^/\s:@]*):[^/\s@]+(?=@)")


def masked(value: Any, *, hide: bool = False) -> Any:
    """`value` with texts and numbers hidden under names like `password` or `apiKey`; keys, and passwords in URLs."""
    match value:
        case Mapping():
            variable = is_sensitive(str(value.get("name", ""))) and "value" in value  # an EnvVar of a pod
            return {
                key: masked(it, hide=hide or is_sensitive(key) or (variable and key == "value"))
                for key, it in value.items()
            }
        case list() | tuple():
            return [masked(it, hide=hide) for it in value]
        case bool() | None | "" | FromKey():
            return value
        case _ if hide:
            return MASK
        case str() if "PRIVATE KEY-----" in value:
            return MASK
        case str():
            return _IN_URL.sub(rf"\1:{MASK}", value)
        case _:
            return value


def masked_at(path: str, value: Any) -> Any:
    """The value of a dotted path, hidden where one of the path's names says so."""
    return masked(value, hide=is_sensitive(path))
