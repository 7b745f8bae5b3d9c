"""A request, taken apart, and what several parts of the registry read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paasctl.embedded.http.message import Request

NUMBER = r"[0-9]{1,18}"


@dataclass(frozen=True)
class Asked:
    """A request, taken apart."""

    request: Request
    at: str
    """The repository."""
    name: str
    """A tag, a digest or an upload's id."""
    query: Mapping[str, str]

    @property
    def method(self) -> str:
        """Its method."""
        return self.request.method
