"""Every story in every view, against goldens; and the moments in which something is going on."""

from __future__ import annotations

import re

import pytest

from paasctl.model.event import Outcome, Ticked
from support import goldens
from support.shown import jsonl, plain, terminal
from support.stories import STORIES

NAMES = sorted(STORIES)
_TIME = re.compile(r"\s+[\d.]+ s$")
_PICTURE = re.compile(r"\x1b\[\?2026h(.*?)\x1b\[\?7h\x1b\[\?2026l", re.DOTALL)
_SEQUENCE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


@pytest.mark.parametrize("name", NAMES)
def test_plain(name: str) -> None:
    goldens.check(f"{name}.plain.txt", plain(STORIES[name]).text)


@pytest.mark.parametrize("name", NAMES)
def test_jsonl(name: str) -> None:
    goldens.check(f"{name}.jsonl", jsonl(STORIES[name]).result.text)


@pytest.mark.parametrize("name", NAMES)
def test_what_stays_on_a_terminal(name: str) -> None:
    screen, written = terminal(STORIES[name])
    said = "".join(f"stdout> {line}\n" for line in written.result.text.splitlines())
    goldens.check(f"{name}.terminal.txt", "\n".join([*screen.lines, said]))


@pytest.mark.parametrize(
    ("name", "at"),
    [("good", 15), ("crash", 30), ("upload", 8), ("upload", 17), ("upload", 26), ("several", 3), ("several", 40)],
)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 12)])
def test_a_moment_on_a_terminal(name: str, at: float, width: int, height: int) -> None:
    screen, _ = terminal(STORIES[name], width, height, until=at)
    goldens.check(f"{name}.at-{at}.{width}x{height}.txt", "\n".join(screen.lines) + "\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [40, 80, 200])
def test_what_stays_is_the_same_whatever_was_drawn_meanwhile(name: str, width: int) -> None:
    """No spinner, no half-erased picture is left: as if the clock had never ticked."""
    still, _ = terminal([it for it in STORIES[name] if not isinstance(it, Ticked)], width, 24)
    drawn, _ = terminal(STORIES[name], width, 24)
    assert [_TIME.sub("", it) for it in drawn.lines] == [_TIME.sub("", it) for it in still.lines]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (20, 8)])
def test_the_picture_always_fits(name: str, width: int, height: int) -> None:
    """Wider or higher than the terminal, it could not be drawn over."""
    _, written = terminal(STORIES[name], width, height)
    pictures = _PICTURE.findall(written.talk.text)
    assert pictures or name.endswith("dry-run") or name in ("broken-file", "init", "demo", "simulated", "image-rebase")
    for it in pictures:
        rows = _SEQUENCE.sub("", it).lstrip("\r").split("\n")
        assert len(rows) < height
        assert max(map(len, rows)) < width


@pytest.mark.parametrize("name", NAMES)
def test_the_terminal_is_left_as_it_was(name: str) -> None:
    _, written = terminal(STORIES[name])
    shown = written.talk.text
    assert "\x1b[?25l" not in shown  # the cursor is never hidden: even a kill leaves it there
    assert shown.count("\x1b[?7l") == shown.count("\x1b[?7h")
    assert shown.count("\x1b[?2026h") == shown.count("\x1b[?2026l")


_ENDS = (
    "cleanup",
    "deploy dev",
    "deploy showcase",
    "2 problems",
    "promote 3 versions",
    "promote 1.2.4 to rc, eu",
    "release 1.2.4: failed",
)


@pytest.mark.parametrize("name", [it for it in NAMES if STORIES[it][-1].problems])  # type: ignore[union-attr]  # an Outcome
def test_a_failure_ends_with_what_why_evidence_and_the_next_command(name: str) -> None:
    outcome = STORIES[name][-1]
    assert isinstance(outcome, Outcome)
    lines = plain(STORIES[name]).talk.text.splitlines()
    problem = outcome.problems[-1]
    at = {
        "what": lines.index(next(it for it in lines if it.startswith(_ENDS) and "step" not in it)),
        "why": max(number for number, it in enumerate(lines) if problem.message in it),
        "next": len(lines) - 1,
    }
    assert at["what"] < at["why"] < at["next"]
    assert lines[-1].lstrip().startswith("→ ")
    for it in problem.evidence:
        assert any(line.startswith("  | ") and it.split()[-1] in line for line in lines[at["why"] : at["next"]])
