"""The `Templates` port by Jinja: whose template, whose fault, on which line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.jinja import JinjaTemplates, builtin_templates
from paasctl.adapters.yaml.manifests import documents
from paasctl.errors import ConfigError


@dataclass
class _Files:
    """Files that count how often they are read."""

    files: Mapping[str, bytes]
    reads: list[str] = field(default_factory=list)

    def read(self, path: str) -> bytes | None:
        self.reads.append(path)
        return self.files.get(path)

    def below(self, folder: str) -> tuple[str, ...]:
        return tuple(it for it in self.files if it.startswith(folder))


@pytest.fixture
def templates(tmp_path: Path) -> JinjaTemplates:
    (tmp_path / "ours.yaml.j2").write_text("a: {{ a | tojson }}\n")
    (tmp_path / "_part.j2").write_text("{% macro part(a) %}\na: {{ a.b }}\n{% endmacro %}\n")
    return JinjaTemplates(tmp_path, documents)


def _project(text: str, name: str = "mine.yaml.j2") -> _Files:
    return _Files({f"templates/{name}": text.encode()})


def _error(templates: JinjaTemplates, template: str, **names: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        templates.render("mine.yaml.j2", names, _project(template))
    return caught.value


def test_the_built_in_templates_are_found_and_all_compile() -> None:
    folder = builtin_templates()
    found = JinjaTemplates(folder, documents)
    for template in folder.glob("*.yaml.j2"):
        with pytest.raises(ConfigError, match="nothing is called"):
            found.render(template.name, {}, _Files({}))


def test_ours_is_used_until_the_project_has_one(templates: JinjaTemplates) -> None:
    assert list(templates.render("ours.yaml.j2", {"a": 1}, _Files({}))) == [{"a": 1}]
    assert list(templates.render("ours.yaml.j2", {}, _project("mine: true", "ours.yaml.j2"))) == [{"mine": True}]
    assert list(templates.render("ours.yaml.j2", {"a": 2}, _Files({}))) == [{"a": 2}]


def test_a_projects_template_may_include_ours_and_replace_what_ours_includes(templates: JinjaTemplates) -> None:
    text = '{% from "_part.j2" import part %}\n{{ part(of) }}'
    assert list(templates.render("mine.yaml.j2", {"of": {"b": 1}}, _project(text))) == [{"a": 1}]
    both = _Files(
        {"templates/mine.yaml.j2": text.encode(), "templates/_part.j2": b"{% macro part(a) %}x: 1{% endmacro %}"}
    )
    assert list(templates.render("mine.yaml.j2", {"of": {}}, both)) == [{"x": 1}]


def test_an_empty_template_makes_nothing_and_several_documents_are_several(templates: JinjaTemplates) -> None:
    assert list(templates.render("mine.yaml.j2", {}, _project("{# nothing #}\n---\n"))) == []
    assert list(templates.render("mine.yaml.j2", {}, _project("a: 1\n---\n---\nb: 2\n"))) == [{"a": 1}, {"b": 2}]


def test_a_template_is_read_once(templates: JinjaTemplates) -> None:
    files = _project("a: {{ a }}")
    for number in range(3):
        assert list(templates.render("mine.yaml.j2", {"a": number}, files)) == [{"a": number}]
    assert files.reads == ["templates/mine.yaml.j2"]


def test_a_template_that_is_nowhere(templates: JinjaTemplates) -> None:
    with pytest.raises(ConfigError, match="neither the project nor paasctl has such a template"):
        templates.render("none.yaml.j2", {}, _Files({}))


@pytest.mark.parametrize(
    ("what", "text", "where"),
    [
        ("syntax", "a: 1\nb: {{ 1 +\n", "templates/mine.yaml.j2:2"),
        ("an undefined name", "a: 1\nb:\n  - {{ c }}\n", "templates/mine.yaml.j2:3"),
        ("in a loop", "{% for it in a %}\n# {{ it }}\n- {{ it.x }}\n{% endfor %}\n", "templates/mine.yaml.j2:3"),
        ("in a condition", "a: 1\n{% if b.c.d %}\n{% endif %}\n", "templates/mine.yaml.j2:2"),
        ("in ours", '{% from "_part.j2" import part %}\n{{ part(b) }}\n', "paasctl/templates/_part.j2:2"),
        ("no YAML, below a block", "{% if a %}\na: 1\n{% endif %}\nb: : c\n", "templates/mine.yaml.j2:4"),
        ("no YAML, by a value", "a: 1\n\nb: {{ text }}\nc: 1\n", "templates/mine.yaml.j2:3"),
        (
            "no YAML, after a loop",
            "{% for it in a %}\n# {{ it }}\n{% endfor %}\na: {{ text }}\n",
            "templates/mine.yaml.j2:4",
        ),
        ("a list", "\n- 1\n", "templates/mine.yaml.j2:1"),
    ],
)
def test_the_place_is_the_templates_own_line(templates: JinjaTemplates, what: str, text: str, where: str) -> None:
    error = _error(templates, text, a=[1, 2, 3], b={"c": {}}, text="x: y")
    assert (error.where, error.code) == (where, "template-invalid"), what


def test_what_came_out_is_shown(templates: JinjaTemplates) -> None:
    error = _error(
        templates, "# one\n{% for it in a %}\n# {{ it }}\n{% endfor %}\nb: {{ text }}\n", a="xyz", text="x: y"
    )
    assert error.message.startswith("rendering mine.yaml.j2: not YAML: ")
    assert error.message.endswith("line 5 is 'b: x: y'")
    assert "tojson" in error.hint


def test_a_text_without_marks_is_left_alone(templates: JinjaTemplates) -> None:
    assert templates.expand("100 % }} plain", {}, "paas.yaml:1:1") == "100 % }} plain"
    assert templates.expand("{{ a }}-{{ a }}\n", {"a": 1}, "paas.yaml:1:1") == "1-1\n"


@pytest.mark.parametrize(
    ("text", "where", "at"),
    [
        ("{{ b }}", "paas.yaml:4:7", "paas.yaml:4:7"),
        ("{{ 1 + }}", "paas.yaml:4:7", "paas.yaml:4:7"),
        ("one\ntwo {{ b }}", "config/app.ini.j2", "config/app.ini.j2:2"),
        ("one\ntwo {% x %}", "config/app.ini.j2", "config/app.ini.j2:2"),
    ],
)
def test_a_text_is_blamed_where_it_stands(templates: JinjaTemplates, text: str, where: str, at: str) -> None:
    with pytest.raises(ConfigError) as caught:
        templates.expand(text, {"a": 1}, where)
    assert caught.value.where == at


def test_the_same_text_in_two_places_is_blamed_in_the_right_one(templates: JinjaTemplates) -> None:
    for where in ("paas.yaml:1:1", "paas.yaml:2:2"):
        with pytest.raises(ConfigError) as caught:
            templates.expand("{{ b }}", {}, where)
        assert caught.value.where == where


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ a.append(1) }}",
        '{{ "%s" | format(a.__class__) }}',
    ],
)
def test_a_template_sees_values_and_nothing_else(templates: JinjaTemplates, text: str) -> None:
    with pytest.raises(ConfigError):
        templates.expand(text, {"a": [1]}, "paas.yaml:1:1")


def test_what_json_cannot_say_is_told(templates: JinjaTemplates) -> None:
    error = _error(templates, "a: 1\nb: {{ b | tojson }}\n", b=object)
    assert (error.where, error.message.partition(": ")[2]) == (
        "templates/mine.yaml.j2:2",
        "tojson can't say \"<class 'object'>\"",
    )


def test_a_broken_template_that_is_included_is_blamed_itself(templates: JinjaTemplates) -> None:
    files = _Files({"templates/mine.yaml.j2": b'a: 1\n{% include "x" %}', "templates/x": b"\n\n{% y %}"})
    with pytest.raises(ConfigError) as caught:
        templates.render("mine.yaml.j2", {}, files)
    assert caught.value.where == "templates/x:3"


def test_documents_are_no_templates(templates: JinjaTemplates) -> None:
    assert list(templates.documents('a: "{{ b }}"\n', "pod.yml")) == [{"a": "{{ b }}"}]
    with pytest.raises(ConfigError) as caught:
        templates.documents("a: 1\nb: [\n", "pod.yml")
    assert (caught.value.where, caught.value.code) == ("pod.yml:3:1", "yaml-invalid")


@pytest.mark.parametrize(
    "text", ["{% for a in b %}" * 30 + "{% endfor %}" * 30, "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}"]
)
def test_what_is_nested_too_deeply_is_told(templates: JinjaTemplates, text: str) -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        templates.expand(text, {"b": [1]}, "paas.yaml:1:1")


def test_a_template_that_marks_disturb_is_still_blamed(templates: JinjaTemplates) -> None:
    text = "{% set it %}1{% endset %}\na: {{ 3 // (it | int) }}: b\n"
    assert _error(templates, text).where == "templates/mine.yaml.j2:1"
