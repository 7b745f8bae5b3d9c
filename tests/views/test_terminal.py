"""The terminal's own troubles: encodings, resizing, little room, questions, pipes."""

from __future__ import annotations

import pytest

from paasctl.errors import Exit
from paasctl.model.answer import Rendered
from paasctl.model.event import (
    Answered,
    Ended,
    Event,
    LogLine,
    Noted,
    Observed,
    Outcome,
    Planned,
    Progress,
    Scene,
    Started,
    Ticked,
)
from paasctl.model.kube import Key, Manifest
from paasctl.model.plan import Plan
from paasctl.model.verdict import Verdict
from paasctl.views.marks import ASCII, UNICODE, marks_for
from paasctl.views.paint import pieces
from paasctl.views.rich import Rich
from paasctl.views.rollout import rollout
from support.answers import HISTORY, REHEARSAL, STATUS
from support.shown import dump, terminal
from support.stories import DEPLOY, GOOD, STORIES
from support.story_release import RELEASE, UPLOAD
from support.streams import Screen, Stream, console
from support.telling import create, pod, seconds, wait, workload


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("name", sorted(STORIES))
def test_no_terminal_is_too_narrow_for_our_marks(name: str, encoding: str) -> None:
    for until in (26, 1e9):
        screen, written = terminal(STORIES[name], 80, 24, encoding=encoding, until=until)
        assert max(map(len, screen.lines), default=0) <= 80
        if encoding == "ascii":
            assert written.talk.text.isascii()


def test_marks_are_one_cell_each() -> None:
    for marks in (UNICODE, ASCII):
        for name in marks.__slots__:
            assert name in ("cut", "spinner") or len(getattr(marks, name)) == 1
    assert marks_for("utf-8") is UNICODE
    assert marks_for("ascii") is ASCII


def test_no_colour_still_draws() -> None:
    talk = Stream(terminal=True)
    view = Rich(Stream(), talk, dump, console=console(talk, color=False))
    for event in UPLOAD:
        view(event)
    assert "━" in talk.text
    assert not any(f"\x1b[{code}m" in talk.text for code in ("31", "32", "33", "36"))


def test_what_is_piped_gets_neither_colours_nor_pictures() -> None:
    """`paasctl deploy dev 2>log` where somebody forced this view: lines only."""
    talk, result = Stream(), Stream()
    view = Rich(result, talk, dump)
    for event in (*GOOD, Answered(STATUS)):
        view(event)
    view.close()
    assert "\x1b" not in talk.text + result.text
    assert "✓ create ConfigMap/web-8f31  0.1 s\n" in talk.text


def test_nothing_is_drawn_while_somebody_is_asked() -> None:
    """After a plan, before its first step: the question and what is typed there must stay."""
    asked: list[Event] = [Ticked(0), Planned(DEPLOY), *seconds(1, 30)]
    assert terminal(asked)[1].talk.text == terminal(asked[:2])[1].talk.text


def test_reading_is_a_sign_of_life_after_a_second() -> None:
    assert terminal([Ticked(0.5)])[0].lines == []
    assert terminal(list(seconds(0, 3)), until=3)[0].lines == ["⠼ looking  3 s"]
    assert terminal([*seconds(0, 3), Answered(STATUS)])[0].lines == []


def test_while_a_scene_is_played_the_terminal_is_its_command_s_own() -> None:
    """It writes there itself: whatever we drew would be in its lines."""
    playing: list[Event] = [*seconds(0, 3), Scene(number=1, total=2, title="a release", command="paasctl release")]
    screen, written = terminal(playing)
    assert screen.lines[-1] == "$ paasctl release"
    assert not any("looking" in line for line in screen.lines)
    assert terminal([*playing, *seconds(4, 30)])[1].talk.text == written.talk.text


def test_a_lock_that_is_waited_for_is_a_sign_of_life() -> None:
    waiting: list[Event] = [Planned(DEPLOY), Noted("held by ada"), *seconds(1, 9)]
    assert terminal(waiting, until=9)[0].lines[-1] == "⠹ held by ada  9 s"
    begun: list[Event] = [*waiting, Started(0, DEPLOY.steps[0]), Ticked(10)]
    assert "held by ada  9 s" not in terminal(begun, until=10)[0].lines


def test_a_narrower_window_is_drawn_over_whole() -> None:
    """The terminal has wrapped the old picture: it takes more rows than it had lines."""
    talk = Stream(terminal=True)
    wide = console(talk, 120)
    view = Rich(Stream(), talk, dump, console=wide)
    for event in STORIES["crash"]:
        view(event)
        if event == Ticked(20):
            break
    _, _, picture = talk.text.rpartition("\x1b[?2026h")
    rows = Screen(60).feed(picture.replace("\x1b[?7l", "")).lines  # as a terminal flows it anew
    wide.width = 60
    before = len(talk.text)
    view(Ticked(21))
    assert f"\x1b[{len(rows) - 1}A" in talk.text[before:]
    assert len(rows) > picture.count("\n") + 1


def test_many_steps_at_once_are_counted() -> None:
    steps = tuple(create(f"ConfigMap/c{number}") for number in range(20))
    story: list[Event] = [
        Planned(Plan(verb="deploy", subject="dev", stages=(steps,))),
        *map(Started, range(20), steps),
        Ticked(2),
    ]
    screen, _ = terminal(story, 80, 16, until=2)
    assert "  and 14 more" in screen.lines
    ended = terminal([*story, *(Ended(number, it, 0.1) for number, it in enumerate(steps))])[0]
    assert ended.lines[-1] == "✓ apply 20 objects on staging  2 s"


def test_two_things_of_one_step_have_a_bar_each() -> None:
    push = RELEASE.steps[3]
    story: list[Event] = [
        Planned(RELEASE),
        Started(3, push),
        Progress(3, "layer 1", 50, 100, "bytes"),
        Progress(3, "layer 2", 0, 100, "bytes"),
        Progress(None, "lost", 1, 2, "bytes"),
        Ticked(1),
    ]
    lines = terminal(story, 80, until=1)[0].lines
    assert "    layer 1  ━━━━━━━━━━────────── 50 B of 100 B" in lines
    assert "    layer 2  ──────────────────── 0 B of 100 B" in lines


def test_verbose_keeps_every_log_line() -> None:
    talk = Stream(terminal=True)
    view = Rich(Stream(), talk, dump, verbose=True, console=console(talk))
    for number in range(30):
        view(LogLine("web", f"line {number}", 0))
    assert Screen(80).feed(talk.text).lines == [f"web | line {number}" for number in range(30)]


def test_quiet_keeps_problems() -> None:
    talk = Stream(terminal=True)
    view = Rich(Stream(), talk, dump, quiet=True, console=console(talk))
    for event in STORIES["crash"]:
        view(event)
    lines = Screen(80).feed(talk.text).lines
    assert lines[0] == "deploy dev (staging/shop-dev/shop): failed in 34 s"


def test_an_answer_is_painted_for_a_terminal_and_bare_for_a_pipe() -> None:
    result = Stream(terminal=True)
    Rich(result, Stream(), dump, color=True)(Answered(STATUS))
    assert "\x1b[31m✗ \x1b[0m" in result.text
    bare = Stream()
    Rich(bare, Stream(terminal=True), dump)(Answered(STATUS))
    assert "\x1b" not in bare.text


def test_what_a_rehearsal_left_running_is_told_before_its_report() -> None:
    running: list[Event] = [Planned(DEPLOY), Started(0, wait("Deployment/web")), Ticked(2)]
    screen, written = terminal([*running, Answered(REHEARSAL)])
    assert any(line.startswith("✗ wait") for line in screen.lines)
    ended = terminal([*running, Answered(REHEARSAL), Outcome(status="answered", exit=Exit.FAILED)])[1]
    assert "wait" not in ended.talk.text.removeprefix(written.talk.text)


def test_a_list_in_yaml_is_no_difference() -> None:
    result = Stream(terminal=True)
    body = {"spec": {"items": ["one", "two"]}}
    Rich(result, Stream(), dump, color=True)(
        Answered(Rendered(manifests=(Manifest(Key("", "X", "", "y"), body, "x.yml"),)))
    )
    assert result.text.splitlines()[-1] == "  - two"
    assert "\x1b[2m# x.yml\x1b[0m" in result.text


def test_notes_of_an_answer_wrap_under_their_beginning_and_tables_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    result = Stream(terminal=True)
    Rich(result, Stream(), dump, color=True)(Answered(HISTORY))
    lines = result.text.splitlines()
    assert lines[1].endswith("ada@desk  4f6a1c0")
    assert lines[2:4] == ["  #7: rolling out Deployment/web: keeps", "      crashing"]


def _rows(verdicts: list[Verdict], room: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in rollout(verdicts, room, UNICODE)]


def test_with_little_room_what_is_not_ready_comes_first() -> None:
    ill = tuple(pod(f"a-{number}", "CrashLoopBackOff", 1) for number in range(5))
    many = [workload(f"Deployment/r{number}", "1/1") for number in range(30)]
    waiting = workload("Deployment/a", "0/5", pods=ill)
    rows = _rows([*many, waiting], 8)
    assert len(rows) == 8
    assert rows[0].startswith("    … Deployment/a")
    assert rows[4] == "        and 2 more pods"
    assert rows[-1] == "    and 28 more workloads"
    assert _rows([*many, waiting], 2)[1] == "    and 30 more workloads"
    assert _rows([waiting, waiting], 9)[1] == "        a-0: CrashLoopBackOff, 1 restart"
    assert _rows([waiting], 0) == []


def test_many_pods_are_a_number() -> None:
    assert "7/20" in _rows([workload("Deployment/a", "7/20")], 5)[0]


def test_a_look_at_a_rollout_that_nobody_waits_for_is_not_drawn() -> None:
    look = Observed(None, "eu/a/b", (workload("Deployment/a", "0/1"),))
    story: list[Event] = [Planned(DEPLOY), Started(0, DEPLOY.steps[0]), look, Ticked(1)]
    assert not [it for it in terminal(story, until=1)[0].lines if "Deployment/a " in it]


def test_a_wait_says_what_for_when_it_is_done() -> None:
    step = wait("Deployment/a", "Deployment/b", "Deployment/c", "Deployment/d")
    assert terminal([Ended(0, step, 12)])[0].lines == ["✓ ready: Deployment/a, Deployment/b and 2 more  12 s"]


@pytest.mark.parametrize(
    ("line", "styles"),
    [
        ("  + spec.replicas: 3", ["green"]),
        ("error[x]: y", ["", "bold red", ""]),
        ("  → paasctl deploy", ["", "cyan", "bold"]),
        ("  | log", ["", "dim", ""]),
        ("okay, but no mark", [""]),
        ("deploy dev: done", [""]),
    ],
)
def test_lines_are_painted_by_how_they_begin(line: str, styles: list[str]) -> None:
    painted = pieces(line)
    assert "".join(text for text, _ in painted) == line
    assert [style for _, style in painted] == styles
