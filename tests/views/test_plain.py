from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pytest

from paasctl.errors import Exit
from paasctl.model.between import CopyTo, Seen
from paasctl.model.event import (
    Ended,
    Event,
    LogLine,
    Noted,
    Observed,
    Outcome,
    Planned,
    Problem,
    Progress,
    Started,
    Ticked,
    Warned,
)
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import InLayout
from paasctl.model.plan import FieldChange, Plan
from paasctl.oci.documents.manifest import OCI_INDEX
from paasctl.views.plain import Plain
from paasctl.views.words import say_change
from support.shown import dump, plain
from support.stories import CRASH, DEPLOY, GOOD
from support.story_release import RELEASE, UPLOAD
from support.streams import Stream
from support.telling import pod, seconds, workload

_WAITING = (Planned(DEPLOY), Started(3, DEPLOY.steps[3]))


def _silences(events: Iterable[Event], *, quiet: bool = False) -> list[float]:
    """Seconds between lines."""
    talk = Stream()
    view = Plain(Stream(), talk, dump, quiet=quiet)
    spoke, now, gaps = 0.0, 0.0, []
    for event in events:
        now = event.seconds if isinstance(event, Ticked) else now
        before = len(talk.text)
        view(event)
        if len(talk.text) > before:
            gaps.append(now - spoke)
            spoke = now
    return [*gaps, now - spoke]


@pytest.mark.parametrize("step", [0.125, 1.0, 4.0])
@pytest.mark.parametrize(
    "begun",
    [(), _WAITING, (Planned(RELEASE), Started(0, RELEASE.steps[0]))],
    ids=["reading", "waiting", "building"],
)
def test_a_sign_of_life_at_least_every_thirty_seconds(begun: tuple[Event, ...], step: float) -> None:
    assert max(_silences([*begun, *seconds(0, 600, step)])) <= 30


def test_a_sign_of_life_even_where_progress_floods() -> None:
    flood = [it for tick in seconds(0, 90) for it in (tick, Progress(3, "web", int(tick.seconds), 90, "bytes"))]
    assert max(_silences([Planned(RELEASE), Started(3, RELEASE.steps[3]), *flood])) <= 30


def test_the_sign_of_life_says_what_is_going_on() -> None:
    look = Observed(3, str(DEPLOY.holds[0]), (workload("Deployment/web", "1/3"), workload("Deployment/worker", "2/2")))
    assert plain([*_WAITING, look, *seconds(0, 26)]).talk.text.splitlines()[-1] == (
        "... still at it after 25 s: Deployment/web: 1 of 3 new pods ready"
    )
    upload = Progress(3, "web", 3 * 1024 * 1024, 12 * 1024 * 1024, "bytes")
    assert plain([Planned(RELEASE), Started(3, RELEASE.steps[3]), upload, *seconds(0, 26)]).talk.text.splitlines()[
        -1
    ] == ("... still at it after 25 s: web, 3.0 MiB of 12.0 MiB")


def test_quiet_keeps_results_and_problems() -> None:
    assert plain(GOOD, quiet=True).text == "stdout> 1.2.4\n"
    assert plain([*_WAITING, *seconds(0, 600)], quiet=True).text == ""
    assert "error[crash-loop]" in plain(CRASH, quiet=True).talk.text


def test_a_verbose_run_says_when_short_steps_begin() -> None:
    line = "[7] tag web as registry.example/shop/web:1.2.4\n"
    assert line in plain(UPLOAD, verbose=True).text
    assert line not in plain(UPLOAD).text


def test_what_was_said_of_a_pod_is_not_said_again() -> None:
    def look(restarts: int) -> Observed:
        ill = pod("web-1", "CrashLoopBackOff", restarts)
        return Observed(3, "c/n/a", (workload("Deployment/web", "0/1", pods=(ill,)),))

    told = plain([*_WAITING, look(1), look(2), look(3)]).talk.text
    assert told.count("web-1: CrashLoopBackOff") == 1


def test_colour_without_a_terminal_moves_no_cursor() -> None:
    painted = plain(CRASH, color=True).talk.text
    assert "\x1b[1;31merror[crash-loop]:\x1b[0m" in painted
    assert {it.split("m")[0] for it in painted.split("\x1b[")[1:]} <= {
        "0",
        "2",
        "32",
        "33",
        "36",
        "1",
        "1;31",
        "1;33",
        "31",
    }


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            f"r.example/a@sha256:{'1' * 64}",
            f"r.example/a@sha256:{'2' * 64}",
            "r.example/a@sha256:111111111111… → sha256:222222222222…",
        ),
        (
            f"r.example/a@sha256:{'1' * 30}…",
            f"r.example/b@sha256:{'2' * 30}…",
            "r.example/a@sha256:111111111111… → r.example/b@sha256:222222222222…",
        ),
        ("c0ffee" * 6 + "c0ff", "deadbeef" * 5, "c0ffeec0ffee… → deadbeefdead…"),
        ("0123456789abcdef", "fedcba9876543210", "0123456789abcdef → fedcba9876543210"),
    ],
    ids=["the same repository", "cut off, another one", "commits", "shorter ones stay"],
)
def test_long_names_are_shortened(before: str, after: str, said: str) -> None:
    assert say_change(FieldChange(path="x", before=before, after=after)) == f"~ x: {said}"


@pytest.mark.parametrize(
    ("status", "exit_", "says"),
    [
        ("cancelled", Exit.CANCELLED, "run the same command again"),
        ("failed", Exit.TIMEOUT, "run the same command again, and give it longer with --timeout"),
        ("failed", Exit.UNAVAILABLE, "run the same command again when that is mended"),
    ],
)
def test_what_to_do_fits_how_it_ended(status: Literal["cancelled", "failed"], exit_: Exit, says: str) -> None:
    outcome = Outcome(status=status, exit=exit_, problems=(Problem(code="x", message="y"),))
    assert plain([outcome]).talk.text.splitlines()[-1] == f"  → {says}"


@pytest.mark.parametrize(("message", "said"), [("reading a/b: gone", "reading a/b: gone"), ("gone", "a/b: gone")])
def test_a_place_is_named_once(message: str, said: str) -> None:
    outcome = Outcome(status="answered", exit=Exit.CONFIG, problems=(Problem(code="x", message=message, where="a/b"),))
    assert plain([outcome]).talk.text.splitlines()[0] == f"error[x]: {said}"


def test_foreign_text_stays_on_its_line_and_has_no_colours() -> None:
    evil = "\x1b[2J\x1b]0;title\x07hello\x1b[31m world\r\n"
    assert plain([LogLine("web", evil), Noted(evil), Warned(evil)]).talk.text.splitlines() == [
        "web | hello world",
        "hello world",
        "warning: hello world",
    ]


def test_what_an_image_or_a_place_is_called_moves_no_cursor() -> None:
    """A platform is the image's own word, a tag may be a stranger's."""
    evil = "\x1b[2J\x1b]0;title\x07x\ny"
    step = CopyTo(
        source=InLayout("images", evil),
        destination=InLayout(evil),
        root=Descriptor(OCI_INDEX, f"sha256:{'a' * 64}", 858),
        platform=Platform("linux", evil),
        images=(Seen(platform=f"linux/{evil}", layers=0, bytes=0),),
    )
    plan = Plan(verb="image copy", subject=f"{evil} to {evil}", stages=((step,),))
    stopped = Outcome(status="cancelled", exit=Exit.CANCELLED, verb="image copy", subject=evil, left=(step,))
    said = plain([Planned(plan), Started(0, step), Ended(0, step, 1.0), stopped]).talk.text
    assert "linux/x y" in said
    assert "y to oci:x y" in said
    assert all(it.isprintable() for it in said.splitlines())
    assert not [it for it in said.splitlines() if it.startswith("y")]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_no_stream_is_too_narrow(encoding: str) -> None:
    result, talk = Stream(encoding), Stream(encoding)
    view = Plain(result, talk, dump)
    for event in (*CRASH, LogLine("web", "日本語 \udcff → ✓"), *GOOD):
        view(event)
    if encoding == "ascii":
        assert "  -> kubectl --context kind-local -n shop-dev logs" in talk.text
        assert r"web | \u65e5\u672c\u8a9e \udcff -> +" not in talk.text  # the lone surrogate is no letter at all
        assert r"web | \u65e5\u672c\u8a9e" in talk.text
