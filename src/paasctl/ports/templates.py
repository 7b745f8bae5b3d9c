"""Templates: text in, documents out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from paasctl.ports.files import Files


class Templates(Protocol):
    """Renders a named template (the project's own `templates/NAME` before the built-in one) to YAML documents.

    Undefined names, syntax errors and output that is no YAML are `ConfigError`s with the template's file and line.
    """

    def render(self, name: str, names: Mapping[str, Any], files: Files) -> Sequence[dict[str, Any]]:
        """The documents of a template, with `names` defined in it."""
        ...

    def expand(self, text: str, names: Mapping[str, Any], where: str) -> str:
        """A string of `paas.yaml` with its `{{ … }}` expanded; one without any is returned as it is."""
        ...

    def documents(self, text: str, where: str) -> Sequence[dict[str, Any]]:
        """Parse YAML that is not a template (`pod.yml`, `manifests/*.yaml`)."""
        ...
