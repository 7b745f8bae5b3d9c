"""The promotion path of a file: what is said where there is none."""

from __future__ import annotations

import pytest

from config.reading import MINIMAL, config_of
from paasctl.config.path import find_way
from paasctl.errors import UsageError

_ALONE = MINIMAL.replace("environments: {dev:", "environments: {staging: {cluster: local, registry: dev}, prod:")
_TWO = _ALONE.replace("/hello}}\n", "/hello}, rc: {repository: h.example/rc}}\n")


@pytest.mark.parametrize(
    ("text", "to", "hint"),
    [
        (_ALONE, "prod", "with one registry nothing is promoted: paasctl deploy prod --version VERSION"),
        (_ALONE, "dev", "with one registry nothing is promoted: paasctl deploy staging --version VERSION"),
        (_TWO, "prod", "paasctl promote VERSION --to rc"),
    ],
    ids=["an environment", "the registry", "there is a next one"],
)
def test_the_first_of_the_path_takes_no_promotion(text: str, to: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_way(config_of(text), to)
    assert caught.value.hint == hint
