"""The tool itself: what it changes, and that it finds its changes again."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from mutants.change import changes
from mutants.kept import FILE, Kept, load
from mutants.live import put
from mutants.suite import case_of, counts

_SOURCE = '''\
def f(x: int) -> str:
    """Says."""
    if x == 4 and not x:
        raise ValueError("no")
    g(x)
    return "é" if x > 2 else "b"


def h(x: int) -> dict[str, int]:
    y = {x, 4}
    return dict(a=x, b=len([it for it in y if it]))
'''


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (3, "    if (x != 4) and not x:"),
        (3, "    if x == 5 and not x:"),
        (3, "    if (x == 4):"),
        (3, "    if x == 4 and bool(x):"),
        (3, "    if True:"),
        (4, "        pass"),
        (4, "        raise ValueError('no~')"),
        (5, "    pass"),
        (10, "    y = {x,}"),
        (10, "    y = {4,}"),
        (11, "    return dict(b=len([it for it in y if it]))"),
        (11, "    return dict(a=x, b=len([it for it in y]))"),
        (6, "    return None"),
        (6, '    return ("b")'),
        (6, '    return "é" if (x <= 2) else "b"'),
    ],
)
def test_a_line_is_changed_in_the_ways_a_hand_slips(line: int, wanted: str) -> None:
    assert wanted in [it.made(_SOURCE).splitlines()[line - 1] for it in changes(_SOURCE, line)]


def test_a_docstring_is_no_behaviour_but_what_follows_it_is() -> None:
    for it in changes(_SOURCE, 3):
        compile(it.made(_SOURCE), "f.py", "exec")


def test_a_kept_change_is_found_again_when_lines_move() -> None:
    change = next(it for it in changes(_SOURCE, 6) if it.text == "return None")
    kept = Kept.of("case", "f.py", _SOURCE, change)
    moved = "import os\n\n" + _SOURCE.replace("    g(x)\n", "")
    again = kept.change(moved)
    assert again
    assert 'raise ValueError("no")\n    return None\n' in again.made(moved)
    assert kept.change(_SOURCE.replace("x > 2", "x > 3")) is None


@pytest.mark.parametrize(
    ("test", "case"),
    [
        ("a.py::test_x[embedded]", "a.py::test_x"),
        ("a.py::test_x[embedded with tokens-7]", "a.py::test_x[7]"),
        ("a.py::test_x[7]", "a.py::test_x[7]"),
        ("a.py::test_x", "a.py::test_x"),
    ],
)
def test_a_case_is_a_test_without_its_world(test: str, case: str) -> None:
    assert case_of(test) == case


_LIVE = """\
from __future__ import annotations

LIMIT: int = 3


class Box:
    def holds(self, number: int) -> bool:
        return any(it == number for it in range(LIMIT))
"""


@pytest.mark.parametrize(("old", "new", "line"), [("= 3", "= 8", 3), ("it == number", "it != number", 8)])
def test_running_code_is_changed_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, line: int
) -> None:
    file = tmp_path / "boxes.py"
    file.write_text(_LIVE)
    spec = importlib.util.spec_from_file_location("boxes", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "boxes", module)
    spec.loader.exec_module(module)
    holds = module.Box().holds
    assert not holds(5)
    assert put(str(file), _LIVE, _LIVE.replace(old, new), line)
    assert holds(5)


@pytest.mark.parametrize(
    ("case", "file", "wanted"),
    [
        ("tests/contract/builds/test_images.py::test_x", "src/paasctl/adapters/layers/builder.py", True),
        ("tests/contract/builds/test_images.py::test_x", "src/paasctl/embedded/registry/serving.py", False),
        ("tests/contract/test_registry.py::test_x", "src/paasctl/embedded/registry/serving.py", True),
        ("tests/contract/test_registry.py::test_x", "src/paasctl/adapters/layout.py", False),
    ],
)
def test_a_case_counts_for_its_own_world(case: str, file: str, wanted: bool) -> None:
    assert counts(case, str(Path(file).resolve())) is wanted


def test_what_nobody_holds_is_not_changed() -> None:
    assert not put("/nowhere/boxes.py", _LIVE, _LIVE.replace("==", "!="), 8)


def test_each_kept_change_has_its_line_and_its_case_and_there_are_many() -> None:
    kept = load()
    assert len({it.case for it in kept}) == len(kept) >= 150
    root = FILE.parents[2]
    for it in kept:
        assert it.change((root / it.file).read_text()), f"{it.case}: {it.file} no longer has {it.anchor!r}"
        file, _, test = it.case.partition("::")
        assert f"def {test.partition('[')[0]}(" in (root / file).read_text()
