"""Every example renders to exactly what its `expect.yaml` says, with digests of zeros and stand-ins for secrets.

After a wanted change: `PAASCTL_UPDATE_GOLDENS=1 pytest tests/planning/manifests/test_examples.py`, then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paasctl.adapters.yaml.manifests import documents, dump
from paasctl.model.masked import revealed
from paasctl.planning.manifests import needed_files
from planning.manifests.rendering import config, inputs, problems, project, rendered

_FOLDER = Path(__file__).resolve().parents[3] / "examples"
_EXAMPLES = ["autoscaled", "files", "go", "hello", "jvm", "node", "python", "raw", "stateful", "worker-and-cron"]
_TITLE = "# What `paasctl render dev --placeholder-digests` prints for this example; made by its golden test.\n"


def _rendered(name: str) -> str:
    folder = _FOLDER / name
    files = project(folder)
    given = inputs(config(files["paas.yaml"].decode()), files)
    assert problems(given) == []
    return _TITLE + dump([revealed(it.body) for it in rendered(given)])


@pytest.mark.parametrize("name", _EXAMPLES)
def test_an_example_renders_to_what_it_expects(name: str) -> None:
    expect = _FOLDER / name / "expect.yaml"
    text = _rendered(name)
    if os.environ.get("PAASCTL_UPDATE_GOLDENS"):
        expect.write_text(text)
    assert text == expect.read_text()


@pytest.mark.parametrize("name", _EXAMPLES)
def test_what_is_expected_reads_back_as_what_was_rendered(name: str) -> None:
    expect = (_FOLDER / name / "expect.yaml").read_text()
    assert dump(documents(expect, "expect.yaml")) == expect.removeprefix(_TITLE)


def test_every_example_is_tested() -> None:
    assert {it.name for it in _FOLDER.iterdir() if it.is_dir()} - {"full"} == set(_EXAMPLES)


@pytest.mark.parametrize("name", _EXAMPLES)
def test_every_file_that_rendering_needs_is_named_beforehand(name: str) -> None:
    files = project(_FOLDER / name)
    loaded = config(files["paas.yaml"].decode())
    needs = needed_files(loaded)
    gathered = {
        path: it for path, it in files.items() if path in needs.paths or path.partition("/")[0] in needs.folders
    }
    assert rendered(inputs(loaded, gathered)) == rendered(inputs(loaded, files))
