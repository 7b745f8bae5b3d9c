"""Compiled templates are kept beside them, and never used for anything but what they were compiled from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paasctl.adapters.jinja import JinjaTemplates
from paasctl.adapters.yaml.manifests import documents
from paasctl.errors import ConfigError
from paasctl.verbs.rendering import Kept

_NAME = "ours.yaml.j2"


@pytest.fixture(autouse=True)
def _written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def _rendered(folder: Path) -> object:
    return list(JinjaTemplates(folder, documents).render(_NAME, {"a": 1}, Kept({})))


def _kept(folder: Path) -> list[Path]:
    return list((folder / "__pycache__").iterdir())


def test_what_was_compiled_is_used_again(tmp_path: Path) -> None:
    (tmp_path / _NAME).write_text("a: {{ a }}\n")
    assert _rendered(tmp_path) == [{"a": 1}]
    (kept,) = _kept(tmp_path)
    kept.write_bytes(kept.read_bytes().replace(b"a: ", b"b: "))
    assert _rendered(tmp_path) == [{"b": 1}]


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / _NAME).write_text("a: {{ a }}\n")
    assert _rendered(tmp_path) == [{"a": 1}]
    (tmp_path / _NAME).write_text("c: {{ a }}\n")
    assert _rendered(tmp_path) == [{"c": 1}]
    assert _rendered(tmp_path) == [{"c": 1}]
    assert len(_kept(tmp_path)) == 1


@pytest.mark.parametrize("content", [b"", b"j2", b"\0" * 500])
def test_what_is_broken_is_compiled_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / _NAME).write_text("a: {{ a }}\n")
    _rendered(tmp_path)
    for kept in _kept(tmp_path):
        kept.write_bytes(content)
    assert _rendered(tmp_path) == [{"a": 1}]


def test_half_a_file_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / _NAME).write_text("a: {{ a }}\n")
    _rendered(tmp_path)
    for kept in _kept(tmp_path):
        kept.write_bytes(kept.read_bytes()[:-200])
    assert _rendered(tmp_path) == [{"a": 1}]


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / _NAME).write_text("a: {{ a }}\n")
    (tmp_path / "__pycache__").write_text("no folder")
    assert _rendered(tmp_path) == [{"a": 1}]


def test_nothing_is_written_where_python_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / _NAME).write_text("a: {{ a }}\n")
    assert _rendered(tmp_path) == [{"a": 1}]
    assert [it.name for it in tmp_path.iterdir()] == [_NAME]


def test_a_project_s_own_template_is_not_kept_with_ours(tmp_path: Path) -> None:
    found = JinjaTemplates(tmp_path, documents)
    assert list(found.render(_NAME, {"a": 1}, Kept({f"templates/{_NAME}": b"a: {{ a }}"}))) == [{"a": 1}]
    assert _kept(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\nb: {{ nothing }}\n", 2), ("a: 1\n\nb: ]\n", 3)], ids=["template", "yaml"]
)
def test_a_line_is_told_from_kept_code_too(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / _NAME).write_text(text)
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            _rendered(tmp_path)
        assert caught.value.where == f"paasctl/templates/{_NAME}:{line}"
