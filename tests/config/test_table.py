"""One table: the example names every key, the values have a field for every key, defaults are said as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

import pytest

from config.reading import FULL, config_of
from config.spots import spot
from paasctl.adapters.yaml.read import read
from paasctl.config.reference import keys, reference
from paasctl.config.shape import Key, Section, snake
from paasctl.config.show import show
from paasctl.config.table import images, services, top, version
from paasctl.model import config as model
from paasctl.model.layer import KINDS

TABLE = dict(keys())
_SECTIONS: tuple[tuple[Section, Any, dict[str, str]], ...] = (
    (top.TOP, model.Config, {}),
    (version.VERSION, model.Versioning, {}),
    (version.BRANCH, model.BranchRule, {}),
    (top.REGISTRY, model.Registry, {}),
    (top.CLUSTER, model.Cluster, {}),
    (top.ENVIRONMENT, model.Environment, {"cluster": "clusters"}),
    (images.IMAGE, model.Image, {}),
    *((section, KINDS[name], {}) for name, section in images.LAYER.of),
    (images.BUILD_SECRET, model.BuildSecret, {"file": "path"}),
    (images.BUILD_CACHE, model.BuildCache, {"from": "sources", "to": "targets"}),
    (images.IMAGE_CONFIG, model.ImageConfig, {}),
    (images.SQUASH, model.Squash, {}),
    (services.SERVICE, model.Service, {}),
    (services.SCALE, model.Scale, {}),
    (services.TLS, model.Tls, {}),
    (services.VOLUME, model.Volume, {}),
)
_NOT_KEYS = {"name", "pattern", "file", "places"}
"""Fields that hold the name a thing stands under, or where the file is."""
_NOT_FIELDS = {"kind"}
"""Keys that say of what type a value is."""


def _first_lines() -> dict[str, int]:
    """Key of the table -> the first line of the example that gives it."""
    found: dict[str, int] = {}
    full = read(FULL.read_bytes(), "paas.yaml")
    for path, where in full.places.items():
        if (said := spot(path, full.values)) in TABLE:
            found[said] = min(where.line, found.get(said, where.line))
    return found


def test_the_example_gives_every_key_and_no_other() -> None:
    assert sorted(_first_lines()) == sorted(TABLE)


def test_every_key_of_the_example_is_explained_once_by_its_sentence() -> None:
    lines = FULL.read_text().split("\n")
    said = {line: text.partition(" # ")[2] for line, text in enumerate(lines, 1) if " # " in text}
    assert said == {line: TABLE[key].doc for key, line in _first_lines().items()}


@pytest.mark.parametrize(("section", "value", "renamed"), _SECTIONS, ids=lambda it: getattr(it, "words", ""))
def test_keys_are_the_fields_of_the_values(section: Section, value: Any, renamed: dict[str, str]) -> None:
    names = {renamed.get(key.name, snake(key.name)) for key in section.keys} - _NOT_FIELDS
    assert names == {it.name for it in fields(value)} - _NOT_KEYS


def _defaults() -> Iterator[tuple[Key, Field[Any]]]:
    for section, value, renamed in _SECTIONS:
        known = {it.name: it for it in fields(value)}
        for key in (it for it in section.keys if it.name not in _NOT_FIELDS):
            yield key, known[renamed.get(key.name, snake(key.name))]


@pytest.mark.parametrize(("key", "field"), list(_defaults()), ids=lambda it: it.name)
def test_required_keys_have_no_default_and_others_do(key: Key, field: Field[Any]) -> None:
    known = field.default is not MISSING or field.default_factory is not MISSING
    if key.required:
        assert key.default is None
    else:
        assert known or field.name in ("clusters", "namespace"), "an optional key needs a default"


_LITTLE = """\
app: shop
images: {web: {context: .}, own: {base: scratch, layers: [{src: a, dest: /a}], squash: {}, config: {user: "1"}}}
services: {web: {image: web, port: 80, hosts: [a.example], config: {a.ini: a.ini}}}
registries: {dev: {repository: registry.example/shop}}
clusters: {eu: {context: eu}}
environments: {dev: {cluster: eu, registry: dev}}
"""


def test_defaults_are_what_the_table_says() -> None:
    shown = show(config_of(_LITTLE))
    image, service = shown["images"]["web"], shown["services"]["web"]
    sections = (
        (version.VERSION, shown["version"]),
        (images.IMAGE, image),
        (images.FILES, shown["images"]["own"]["layers"][0]),
        (images.SQUASH, {**shown["images"]["own"]["squash"], "layers": "auto"}),
        (services.SERVICE, service),
        (top.ENVIRONMENT, shown["environments"]["dev"]),
    )
    for section, said in sections:
        defaults = {key.name: key.default for key in section.keys if key.default not in (None, [], {})}
        assert defaults.items() <= said.items(), section.words


@pytest.mark.parametrize("key", TABLE.values(), ids=TABLE)
def test_every_key_has_a_sentence(key: Key) -> None:
    assert 5 < len(key.doc) < 90
    assert re.fullmatch(r"\d+\.\d+", key.since)


def test_no_key_is_both_there_and_yet_to_come() -> None:
    for section, _, _ in _SECTIONS:
        assert not {key.name for key in section.keys} & set(section.later)


def test_the_reference_has_a_row_for_every_key() -> None:
    text = reference()
    rows = re.findall(r"^\| `(\w+)` \|.*\|.*\| (.+) \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted((key.name, key.doc.replace("|", "\\|")) for key in TABLE.values())
    assert "#### `services.SERVICE.scale`" in text
    assert "Exactly one of `cluster` or `clusters`." in text
