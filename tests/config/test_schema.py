"""The JSON Schema says yes and no where the loader does, as far as a schema can."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bad.cases import Case, cases
from config.reading import FULL, MINIMAL
from paasctl.adapters.yaml.read import read
from paasctl.config.init import Found, starter
from paasctl.config.reference import keys
from paasctl.config.schema import schema
from paasctl.errors import ConfigError

VALIDATOR = Draft202012Validator(schema())
_BEYOND = ("rules:",)
"""What keys mean together only the loader knows."""
_ONLY_THE_LOADER = {
    "keys: resources that Kubernetes does not know",
    "types: values that no JSON can carry",
    "values: a repository without a host",
    "values: a repository with a tag",
    "values: a repository in capitals",
    "values: a range of versions without a comparison",
    "values: a regular expression that is none",
    "values: a schedule with four fields",
    "values: a schedule with an hour too many",
    "values: a schedule with a macro nobody has",
    "values: quantities that are none",
    "values: paths that lead out of the project",
    "values: a base without a tag",
    "values: a base in capitals",
    "types: claims are Kubernetes' own business",
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


_RIGHT = {
    **{it.parent.name: it.read_text() for it in sorted(FULL.parents[1].glob("*/paas.yaml"))},
    "minimal": MINIMAL,
    "init": starter(Found(folder="shop", files={"go.mod": ""})),
}


@pytest.mark.parametrize("text", _RIGHT.values(), ids=_RIGHT.keys())
def test_right_files_are_right(text: str) -> None:
    values = read(text.encode(), "paas.yaml").values
    assert [it.message for it in VALIDATOR.iter_errors(values)] == []


def _readable() -> list[tuple[Case, Any]]:
    found = []
    for case in cases():
        try:
            parsed = read(case.text.encode(), "paas.yaml")
        except ConfigError:
            continue
        if not parsed.problems and not case.name.startswith(_BEYOND):
            found.append((case, parsed.values))
    return found


@pytest.mark.parametrize(("case", "values"), _readable(), ids=lambda it: it.name if isinstance(it, Case) else "")
def test_wrong_files_are_wrong(case: Case, values: Any) -> None:
    assert VALIDATOR.is_valid(values) == (case.name in _ONLY_THE_LOADER)


def _properties(part: Any) -> int:
    if isinstance(part, list):
        return sum(_properties(it) for it in part)
    if not isinstance(part, dict):
        return 0
    own = part.get("properties", {})
    assert all("description" in it and "x-order" in it for it in own.values())
    assert not own or part["additionalProperties"] is False
    return len(own) + sum(_properties(it) for it in part.values())


def test_every_key_is_described_and_nothing_else_is_allowed() -> None:
    inline = sum(1 for path, _ in keys() if path.startswith("images.IMAGE."))
    assert _properties(schema()) == len(list(keys())) + inline, "an image may also stand inline in a service"
