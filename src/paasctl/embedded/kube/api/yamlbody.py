"""An apply's body as YAML: kubectl and the Python client send JSON, people with curl don't."""

from __future__ import annotations

from typing import Any

import yaml

from paasctl.embedded.kube.model import Refusal


class _Loader(yaml.SafeLoader):
    """YAML as the API server reads it: a date is a text."""


_Loader.yaml_implicit_resolvers = {
    letter: [it for it in resolvers if it[0] != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(content: bytes) -> Any:
    """The one document. Raises 400."""
    try:
        return yaml.load(content, _Loader)  # noqa: S506 - a SafeLoader, without dates
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refusal(400, "BadRequest", f"error decoding YAML: {error}") from error
