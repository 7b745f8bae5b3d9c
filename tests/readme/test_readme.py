"""The README is the front page and always true: what is made from the code is as the code says, every verb is real."""

from __future__ import annotations

import re

import pytest

from paasctl.cli.front import VERBS
from paasctl.errors import MEANINGS, Exit
from support.readme import README, filled

TEXT = README.read_text()


def test_the_made_blocks_are_up_to_date() -> None:
    assert filled(TEXT) == TEXT, "PYTHONPATH=tests python -m support.readme"


def test_every_exit_status_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Exit)


def test_every_verb_in_the_readme_exists() -> None:
    said = set(re.findall(r"(?:\$ |`)paasctl ([a-z]+)", TEXT))
    assert said
    assert said <= set(VERBS)


@pytest.mark.parametrize("name", ["demo", "test"])
def test_its_two_commands_are_a_line_each(name: str) -> None:
    found = re.search(rf"<!-- {name} command -->\n```sh\n(.*?)\n```", TEXT, re.DOTALL)
    assert found
    assert "\n" not in found[1]


def test_every_file_it_links_to_is_there() -> None:
    links = [it for it in re.findall(r"\]\(([^)#:]+)\)", TEXT) if "//" not in it]
    assert links
    missing = [it for it in links if not (README.parent / it).exists()]
    assert missing == []
