"""Every broken template of `tests/bad/templates`, in place of our `service.yaml.j2`, says exactly what is wrong where.

`expected.txt` has, for each file, its name and below it `place: message`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from planning.manifests.rendering import inputs, masked, problems, shop

_FOLDER = Path(__file__).resolve().parents[2] / "bad" / "templates"
_LINES = (_FOLDER / "expected.txt").read_text(encoding="utf-8").splitlines()
_EXPECTED = dict(zip(_LINES[::2], (it.strip() for it in _LINES[1::2]), strict=True))
_SERVICES = "web: {port: 80, secrets: {KEY: {env: KEY}}}"
_VALUES = {"host": "a.example", "motto": "always: ready"}


@pytest.mark.parametrize("name", sorted(_EXPECTED))
def test_a_broken_template_is_told_with_its_place(name: str) -> None:
    files = {"templates/service.yaml.j2": (_FOLDER / f"{name}.yaml.j2").read_bytes()}
    assert problems(inputs(shop(_SERVICES), files, values=_VALUES, secrets=masked(KEY="hunter2"))) == [_EXPECTED[name]]


def test_every_broken_template_is_in_the_table() -> None:
    assert {it.name.removesuffix(".yaml.j2") for it in _FOLDER.glob("*.j2")} == set(_EXPECTED)


def test_all_broken_templates_are_told_at_once() -> None:
    files = {
        f"templates/{ours}": (_FOLDER / f"{broken}.yaml.j2").read_bytes()
        for ours, broken in (
            ("service.yaml.j2", "undefined-name"),
            ("deployment.yaml.j2", "not-yaml"),
            ("ingress.yaml.j2", "no-kind"),
        )
    }
    services = "web: {port: 80, hosts: [a.example]}\napi: {port: 80}"
    found = {it.partition(": ")[0] for it in problems(inputs(shop(services), files))}
    assert sorted(found) == [
        "templates/deployment.yaml.j2:5",
        "templates/ingress.yaml.j2",
        "templates/service.yaml.j2:3",
    ]
