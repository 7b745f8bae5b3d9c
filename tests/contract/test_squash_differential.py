"""What our squash says a container sees, beside what umoci and a real Docker Engine show of the same image.

The engine is the one that PAASCTL_TEST_DOCKER_HOST names; umoci is a program on the path. Where there is no such engine
nothing here is collected. `nox -s fuzz -- images` asks the same of many more random images.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

import pytest

from hostile.agree import Asked, against_both, against_docker, unlike
from hostile.cases import ALL as CASES
from hostile.cases.elsewhere import ELSEWHERE, REFUSES, Other, Shown
from hostile.fuzz import TAME, image, tars
from hostile.journey import Journey, Subject
from hostile.model import Seen, stacked
from hostile.real import No, Verdict, by_docker, by_umoci

HOST = os.environ.get("PAASCTL_TEST_DOCKER_HOST", "")
SEED, IMAGES = 20, 50
TAGS = {name: f"case-{number}" for number, name in enumerate(CASES)}
SOUND = [name for name, it in CASES.items() if not it.refused]
ALONE = {name for name, it in ELSEWHERE.items() if it.docker is not None and it.umoci is not None}
"""Both tools show something that we do not, for a reason."""
BY_KERNEL = {"an access list"}
"""An access list changes the mode of what it is put on, as soon as it lies on a disk."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Asked]:
    """What both show of each case."""
    images = {TAGS[name]: it.layers for name, it in CASES.items()}
    began = time.time_ns() - 2 * 10**9
    umoci = by_umoci(images, tmp_path_factory.mktemp("umoci"))
    docker = by_docker(images, HOST)
    return {name: Asked(docker[tag], umoci[tag], began) for name, tag in TAGS.items()}


@pytest.fixture(scope="module")
def squashed() -> Mapping[str, Subject]:
    """What we make of each."""
    return {name: Subject.of(TAGS[name], CASES[name].layers) for name in SOUND}


@pytest.fixture(scope="module")
def unpacked(squashed: Mapping[str, Subject], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """What umoci makes of what we made."""
    return by_umoci({TAGS[name]: it.whole for name, it in squashed.items()}, tmp_path_factory.mktemp("umoci"))


@pytest.mark.contract
class TestRealTools:
    __test__ = bool(HOST)

    @pytest.mark.parametrize("name", CASES)
    def test_each_tool_shows_what_the_table_says(self, asked: Mapping[str, Asked], name: str) -> None:
        usual: Shown = REFUSES if CASES[name].refused else None
        other = ELSEWHERE.get(name, Other(usual, usual, ""))
        assert _told(asked[name].docker) == _wanted(other.docker, name)
        assert _told(asked[name].umoci) == _wanted(other.umoci, name)

    @pytest.mark.parametrize("name", [it for it in SOUND if it not in ALONE])
    def test_where_both_agree_so_do_we(
        self, asked: Mapping[str, Asked], squashed: Mapping[str, Subject], name: str
    ) -> None:  # X8
        for ours in _ours(squashed[name]):
            assert against_both(ours, asked[name]) == []

    @pytest.mark.parametrize("name", [it for it in SOUND if it not in ELSEWHERE])
    def test_what_means_one_thing_looks_as_docker_shows_it(
        self, asked: Mapping[str, Asked], squashed: Mapping[str, Subject], name: str
    ) -> None:
        want = stacked(CASES[name].layers)
        for ours in _ours(squashed[name]):
            ours.vague |= want.vague
            assert against_docker(ours, asked[name], want.codes()) == []

    @pytest.mark.parametrize("name", [it for it in SOUND if it not in BY_KERNEL])
    def test_umoci_unpacks_what_we_wrote_as_we_say(
        self, squashed: Mapping[str, Subject], unpacked: dict[str, Verdict], name: str
    ) -> None:
        shown = unpacked[TAGS[name]]
        if isinstance(shown, No):
            assert ELSEWHERE[name].umoci == ELSEWHERE[name].docker == REFUSES, shown.why
            return
        assert unlike(stacked(squashed[name].whole), shown, time.time_ns(), vague=set()) == []

    def test_random_images_before_and_after(self) -> None:  # X8
        journey = Journey()
        names = {f"s{SEED}-{number}": image(SEED, number, TAME) for number in range(IMAGES)}
        journey.run([Subject.of(name, tars(it)) for name, it in names.items()], HOST)
        assert journey.complaints == {}
        assert journey.counts["shown by both"] > IMAGES // 5
        assert journey.counts["squashed, by docker"] > IMAGES


def _ours(it: Subject) -> list[Seen]:
    return [stacked(it.whole), stacked(it.above)]


def _told(it: Verdict) -> str | list[str]:
    return REFUSES if isinstance(it, No) else it.told()


def _wanted(shown: Shown, name: str) -> str | list[str]:
    if shown is None:
        return list(CASES[name].sees)
    return shown if shown == REFUSES else shown.split() if isinstance(shown, str) else list(shown)
