"""What a release still needs, told in sentences: facts in, plan out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paasctl.errors import Refused
from paasctl.model.config import Image, Squash
from paasctl.model.image import Pinned, Repository
from paasctl.model.plan import Build, Plan, Record, TagImage
from paasctl.model.release import Release
from paasctl.model.version import Named
from paasctl.planning.release.decide import ImageFacts, ReleaseFacts, pinned_already, plan_release
from paasctl.views.words import say
from support.make import REPOSITORY, pinned

COMMIT, OTHER = "c" * 40, "d" * 40
ELSEWHERE = Repository.parse("127.0.0.1:5001/vendor/web")
NAMED = Named(text="1.2.0", is_release=True, dirty=False, story=(), tag="v1.2.0")


def image(name: str = "web", squash: Squash | None = None, **more: Any) -> ImageFacts:
    return ImageFacts(image=Image(name=name, squash=squash), repository=REPOSITORY.child(name), **more)


def facts(*images: ImageFacts, **more: Any) -> ReleaseFacts:
    known: dict[str, Any] = {"app": "shop", "named": NAMED, "commit": COMMIT, "committed": 7, "repository": REPOSITORY}
    return ReleaseFacts(images=images or (image(),), **(known | more))


def recorded(commit: str = COMMIT, **images: Pinned) -> Release:
    return Release(
        app="shop", version="1.2.0", commit=commit, created=7, images=images or {"web": pinned("web", "a")}, bases={},
        subjects=(), files={},
    )  # fmt: skip


def told(plan: Plan) -> list[str]:
    return [" + ".join(say(step) for step in stage) for stage in plan.stages]


AT = "127.0.0.1:5000/shop"
BUILD, PUSH = "build web from Dockerfile", f"push web to {AT}/web"
TAG = "tag commit ccccccc as v1.2.0 and push it to origin"
RECORD, LAST = f"record the release as {AT}:1.2.0", f"tag web as {AT}/web:1.2.0"
KNOWN = pinned("web", "a").digest[:19]
RECORD_KNOWN, LAST_KNOWN = f"{RECORD}, with web {KNOWN}", f"{LAST} ({KNOWN})"

CASES: dict[str, tuple[ReleaseFacts, list[str]]] = {
    "from nothing: a broken build burns no version, image tags come last": (
        facts(remote="origin"),
        [BUILD, TAG, PUSH, RECORD, LAST],
    ),
    "without a remote the tag is a local one, and it says so": (
        facts(),
        [BUILD, "tag commit ccccccc as v1.2.0 (there is no remote)", PUSH, RECORD, LAST],
    ),
    "several images, one of them squashed": (
        facts(image("api", Squash(layers=1)), image("web"), remote="origin"),
        [
            "build api from Dockerfile + build web from Dockerfile",
            "squash api to 1 layer above the base",
            TAG,
            f"push api to {AT}/api + {PUSH}",
            RECORD,
            f"tag api as {AT}/api:1.2.0 + {LAST}",
        ],
    ),
    "tagged here, killed before the tag was pushed": (
        facts(remote="origin", local_tag=COMMIT),
        [BUILD, TAG, PUSH, RECORD, LAST],
    ),
    "tagged and pushed, killed before the images were (V7)": (
        facts(remote="origin", local_tag=COMMIT, remote_tag=COMMIT),
        [BUILD, PUSH, RECORD, LAST],
    ),
    "tagged by another job on the same commit (V6)": (
        facts(remote="origin", remote_tag=COMMIT),
        [BUILD, PUSH, RECORD, LAST],
    ),
    "recorded, killed before the image tags": (
        facts(remote="origin", remote_tag=COMMIT, recorded=recorded()),
        [LAST_KNOWN],
    ),
    "recorded, one of two tags is there": (
        facts(
            image("api", tagged=pinned("api", "a")),
            image("web"),
            remote="origin",
            remote_tag=COMMIT,
            recorded=recorded(api=pinned("api", "a"), web=pinned("web", "a")),
        ),
        [LAST_KNOWN],
    ),
    "all there": (
        facts(image(tagged=pinned("web", "a")), remote="origin", remote_tag=COMMIT, recorded=recorded()),
        [],
    ),
    "pushed and tagged from this commit, the record is missing": (
        facts(image(tagged=pinned("web", "a"), tagged_revision=COMMIT), remote="origin", remote_tag=COMMIT),
        [RECORD_KNOWN],
    ),
    "an image from elsewhere is recorded as it is": (
        facts(image(given=ELSEWHERE.pinned(pinned("web", "a").digest)), image("api"), remote="origin"),
        ["build api from Dockerfile", TAG, f"push api to {AT}/api", RECORD_KNOWN, f"tag api as {AT}/api:1.2.0"],
    ),
    "an image given by digest in our own repository gets its tag": (
        facts(image(given=pinned("web", "a")), remote="origin"),
        [TAG, RECORD_KNOWN, LAST_KNOWN],
    ),
    "a snapshot has no git tag": (facts(snapshot=True, remote="origin"), [BUILD, PUSH, RECORD, LAST]),
    "a snapshot that was made already": (
        facts(image(tagged=pinned("web", "a")), snapshot=True, recorded=recorded()),
        [],
    ),
}


@pytest.mark.parametrize(("one", "expected"), CASES.values(), ids=CASES)
def test_what_a_release_does(one: ReleaseFacts, expected: list[str]) -> None:
    plan = plan_release(one)
    assert told(plan) == expected
    assert (plan.verb, plan.subject, plan.holds) == ("release", "1.2.0", ())


def test_what_a_build_is_told() -> None:
    (step,) = [it for it in plan_release(facts()).steps if isinstance(it, Build)]
    assert (step.version, step.revision, step.epoch) == ("1.2.0", COMMIT, 7)


def test_what_the_record_holds() -> None:
    elsewhere = ELSEWHERE.pinned(pinned("api", "a").digest)
    one = facts(image(), image("api", given=elsewhere), subjects=("Fix it",), files=(("b", b"2"), ("a", b"1")))
    (step,) = [it for it in plan_release(one).steps if isinstance(it, Record)]
    assert step.images == (("web", REPOSITORY.child("web")),)
    assert step.pinned == (("api", elsewhere),)
    assert (step.app, step.created, step.subjects, step.snapshot) == ("shop", 7, ("Fix it",), False)
    assert step.files == (("a", b"1"), ("b", b"2"))
    assert pinned_already(one) == {"api": elsewhere}


def test_the_tags_of_a_recorded_release_are_those_of_its_record() -> None:
    (step,) = plan_release(facts(remote="origin", remote_tag=COMMIT, recorded=recorded())).steps
    assert isinstance(step, TagImage)
    assert step.pinned == pinned("web", "a")


TAKEN: dict[str, tuple[ReleaseFacts, str]] = {
    "the tag is of another commit at the remote (V6)": (facts(remote="origin", remote_tag=OTHER), "git fetch --tags"),
    "the tag is of another commit here": (facts(local_tag=OTHER), "git tag -d v1.2.0"),
    "the record is of another commit": (facts(recorded=recorded(OTHER)), "git fetch --tags"),
    "the image's tag is of another commit": (
        facts(image(tagged=pinned("web", "a"), tagged_revision=OTHER)),
        "release another version",
    ),
    "nobody knows what the image's tag is of": (facts(image(tagged=pinned("web", "a"))), "release another version"),
    "the image's tag is not what was recorded": (
        facts(image(tagged=pinned("web", "b")), recorded=recorded()),
        "release another version",
    ),
    "the image's tag is not what was given": (
        facts(image(tagged=pinned("web", "b"), given=pinned("web", "a"))),
        "release another version",
    ),
    "it was recorded with another image than what is given": (
        facts(image(given=pinned("web", "b")), recorded=recorded()),
        "release another version",
    ),
}


@pytest.mark.parametrize(("one", "hint"), TAKEN.values(), ids=TAKEN)
def test_a_name_that_is_taken_is_refused(one: ReleaseFacts, hint: str) -> None:
    with pytest.raises(Refused) as raised:
        plan_release(one)
    assert raised.value.code == "tag-taken"
    assert raised.value.hint.startswith(hint)
    assert "1.2.0" in raised.value.message


def test_a_snapshot_does_not_care_about_git_tags() -> None:
    assert told(plan_release(facts(snapshot=True, local_tag=OTHER)))[0] == BUILD


@pytest.mark.parametrize("dead_after", range(5))
def test_after_any_step_the_rest_is_planned(dead_after: int) -> None:
    """A run that dies, told as facts: each of these is what the step before it left behind."""
    left: list[dict[str, Any]] = [{}, {"local_tag": COMMIT, "remote_tag": COMMIT}, {}, {"recorded": recorded()}, {}]
    known: dict[str, Any] = {"remote": "origin"}
    for it in left[: dead_after + 1]:
        known |= it
    whole = [BUILD, TAG, PUSH, RECORD, LAST]
    expected = whole if dead_after == 0 else [BUILD, PUSH, RECORD, LAST] if dead_after < 3 else [LAST_KNOWN]
    assert told(plan_release(replace(facts(), **known))) == expected
