"""Grammars of texts, as tables."""

from __future__ import annotations

import re

import pytest

from paasctl.config import forms
from paasctl.config.cron import check_schedule
from paasctl.config.forms import parse_duration
from paasctl.config.requires import holds, parse_range
from paasctl.config.shape import Form, snake


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("3d", 259200), ("500ms", 0.5), ("1.5s", 1.5), ("0s", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5 m", "-1s", "1w", "1e3s", "5M", "1,5s", "9" * 50 + "s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    ["0 3 * * *", "*/5 * * * *", "0,30 8-18 * * 1-5", "@daily", "0 0 1 jan *", "0 0 ? * mon-fri", "59 23 31 12 6"],
)
def test_schedules(text: str) -> None:
    assert check_schedule(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *",
     "a * * * *", "1,,2 * * * *", "@reboot", "* * * * ٣", "1- * * * *"],
)  # fmt: skip
def test_no_schedules(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|fields?,"):
        check_schedule(text)


@pytest.mark.parametrize(
    ("wanted", "running", "fits"),
    [
        (">=0.4", "0.4.0", True),
        (">=0.4", "0.3.9", False),
        (">=0.4, <1", "0.9.1", True),
        (">=0.4, <1", "1.0.0", False),
        (">0.4", "0.4.0", False),
        ("<=0.4.1", "0.4.1", True),
        ("=1.2.3", "1.2.3", True),
        ("= 1", "1.0.0", True),
        (">=1.0.0-rc.1", "1.0.0", True),
        (">=0.1", "0.1.0.dev3+gabc", True),
        (">=0.1", "unknown", False),
    ],
)
def test_ranges_of_versions(wanted: str, running: str, fits: bool) -> None:
    assert holds(parse_range(wanted), running) is fits


@pytest.mark.parametrize("wanted", ["", "0.4", "^0.4", ">=", ">=0.4,", ">=a", ">=1.2.3.4", ">=1-01"])
def test_no_ranges(wanted: str) -> None:
    with pytest.raises(ValueError, match=r"is no comparison|not a version"):
        parse_range(wanted)


def _forms() -> dict[str, Form]:
    return {name: it for name, it in vars(forms).items() if isinstance(it, Form)}


@pytest.mark.parametrize("form", _forms().values(), ids=_forms())
def test_every_example_is_right(form: Form) -> None:
    assert not form.pattern or re.fullmatch(form.pattern, form.example)
    form.parse(form.example)


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (forms.LABEL, ["a", "a-b", "1a"], ["", "-a", "a-", "A", "a_b", "a.b"]),
        (forms.SERVICE, ["a1"], ["1a"]),
        (forms.QUANTITY, ["1", "1.5Gi", "500m", "1e3", ".5"], ["", "1GB", "-1", "Gi", "1 Gi"]),
        (forms.NAME_AND_KEY, ["db/url", "a.b/c_D"], ["db", "/url", "db/", "a/b/c"]),
        (forms.HOST, ["a", "a.example", "*.a.example"], ["", "a..b", "-a", "a:80", "*", "A.example"]),
        (forms.TAG_PREFIX, ["", "v", "shop/v", "shop-v"], ["/v", "v v", "~"]),
        (forms.PORT, ["80", "80/udp"], ["80/http", "http", "/tcp"]),
        (forms.SIGNAL, ["SIGTERM", "SIGRTMIN+3", "15"], ["TERM", "sigterm", ""]),
        (forms.URL_PATH, ["/", "/a?b=c"], ["", "a", "/a b"]),
        (forms.PLATFORM, ["linux/arm64", "linux/arm/v7"], ["linux", "darwin/arm64", "linux/"]),
        (forms.OCTAL, ["0644", "755"], ["0888", "7", "rwx"]),
        (forms.ENV_NAME, ["A", "_a1", "a.b"], ["", "1A", "A B", "A="]),
    ],
    ids=lambda it: it.words if isinstance(it, Form) else "",
)
def test_patterns(form: Form, good: list[str], bad: list[str]) -> None:
    assert [it for it in good if not re.fullmatch(form.pattern, it)] == []
    assert [it for it in bad if re.fullmatch(form.pattern, it)] == []


def test_names_in_python() -> None:
    assert [snake(it) for it in ("tagPrefix", "app", "onFailure")] == ["tag_prefix", "app", "on_failure"]
