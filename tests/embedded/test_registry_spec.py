"""The embedded registry keeps the distribution specification: pull, push, discovery, management, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.embedded.registry.serving import serve
from support.spec import CLAUSES, Category, Place

CASES = [pytest.param(category, name, id=f"{category}: {name}") for category, them in CLAUSES.items() for name in them]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("registry") / "layout"
    with serve(folder) as running:
        yield running.host


@pytest.mark.parametrize(("category", "name"), CASES)
def test_the_specification_is_kept(host: str, category: Category, name: str) -> None:
    CLAUSES[category][name](Place(host))


def test_no_category_is_empty() -> None:
    assert {category: len(them) >= 9 for category, them in CLAUSES.items()} == dict.fromkeys(CLAUSES, True)
