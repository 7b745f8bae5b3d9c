"""The README is the front page and always true: what is made from the code is as the code says, every verb is real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hostile.cases import ALL as NAMED
from paasctl.adapters.buildkit import choose, secrets
from paasctl.cli.front import VERBS
from paasctl.cli.said import read_script_file
from paasctl.embedded.http.faults import WORDS, parsed
from paasctl.embedded.kube.controllers.scripts import _MATCHERS, _WORDS
from paasctl.engine.images import layers
from paasctl.errors import MEANINGS, Exit
from paasctl.oci.report import choice
from paasctl.oci.tree.partition import MOST
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


def test_every_word_of_a_fault_is_in_its_table_and_every_example_can_be_read() -> None:
    table = TEXT.partition("<!-- faults -->")[2].partition("<!-- /faults -->")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    assert tuple(rows) == WORDS
    examples = re.findall(r'--fault "([^"]+)"', TEXT)
    assert len(examples) >= 4
    for it in examples:
        assert str(parsed(it))


def test_the_script_in_the_readme_can_be_read_and_every_word_of_one_is_named(tmp_path: Path) -> None:
    said = re.search(r"<!-- script -->\n```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert said
    file = tmp_path / "pods.yaml"
    file.write_text(said[1])
    assert len(read_script_file(file)) == 4
    named = TEXT.partition("A script says how pods play")[2].partition("<!-- script -->")[0]
    assert {it for it in {*_WORDS, *_MATCHERS} if f"`{it}`" not in named} == set()


def test_its_numbers_on_images_are_the_codes() -> None:
    little, much = (f"{part:.0%}".replace("%", " %") for part in (choice._LITTLE, choice._MUCH))
    assert f"Up to {MOST} layers above the base with up to {little} of their bytes dead stay" in TEXT
    assert f"squashed from {much} dead on" in TEXT
    assert f"at most {layers._LARGEST >> 20} MiB, {layers._ROOM >> 20} MiB in all" in TEXT
    assert f"holds {len(NAMED)} named images" in TEXT
    assert secrets._SHORTEST == 4
    *kinds, last = (f"`{it}`" for it in choose._KINDS)
    assert f"`{choose.VARIABLE}` chooses: {', '.join(kinds)} or {last}" in TEXT
