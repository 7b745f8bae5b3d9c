"""An apply's body as YAML: kubectl and the Python client send JSON, people with curl don't."""

from __future__ import annotations

import json
from typing import Any

import yaml

from paasctl.embedded.kube.model import Refusal
from paasctl.embedded.kube.objects.unknown import DEEPEST, decoded

_BAD = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""The last ones: a tag that is written down is believed (`!!bool x`)."""
_MOST = 100_000
"""Objects and lists in a document."""


class _Loader(yaml.SafeLoader):
    """YAML as the API server reads it: a date is a text; and not deeper than JSON."""

    def fetch_flow_collection_start(self, token: Any) -> None:
        """As the scanner does it, whose time grows with the square of the depth."""
        if self.flow_level > DEEPEST:
            raise yaml.YAMLError("exceeded max depth")
        super().fetch_flow_collection_start(token)


_Loader.yaml_implicit_resolvers = {
    letter: [it for it in resolvers if it[0] != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(content: bytes) -> Any:
    """The one document, as the JSON that it means. Raises 400."""
    try:
        found = yaml.load(content, _Loader)  # noqa: S506 - a SafeLoader, without dates
        _check_size(found)
        text = json.dumps(found)
    except _BAD as error:
        raise Refusal(400, "BadRequest", f"error decoding YAML: {error}") from error
    return decoded(text.encode()).body


def _check_size(value: Any) -> None:
    """Few lines that refer to each other can mean more than fits into memory."""
    left, level = _MOST, [value] if isinstance(value, (dict, list)) else []
    while level:
        within = (it.values() if isinstance(it, dict) else it for it in level)
        level = [it for values in within for it in values if isinstance(it, (dict, list))]
        left -= len(level)
        if left < 0:
            raise ValueError("document contains excessive aliasing")
