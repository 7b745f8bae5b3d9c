"""What runs in place of an image that a release does not make: as it is written, its pin, or the copy."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.model.image import Pinned, Repository
from paasctl.planning.manifests.images import pin_images
from paasctl.planning.manifests.source import Source
from planning.manifests.rendering import inputs, shop

_SIDE = Repository.parse("side.example/a")
_COPY = Repository.parse("registry.example/shop/outside/side.example-a")
_ONE, _TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("written", "runs", "image"),
    [
        pytest.param(f"{_SIDE}:1", _SIDE.pinned(_ONE), f"{_SIDE}@{_ONE}", id="a tag, at home: its pin"),
        pytest.param(f"{_SIDE}:1", _COPY.pinned(_ONE), f"{_COPY}@{_ONE}", id="a tag, elsewhere: the copy"),
        pytest.param(f"{_SIDE}@{_ONE}", _SIDE.pinned(_ONE), f"{_SIDE}@{_ONE}", id="a digest, at home"),
        pytest.param(
            f"{_SIDE}:1@{_ONE}", _SIDE.pinned(_ONE), f"{_SIDE}:1@{_ONE}", id="both, at home: as it is written"
        ),
        pytest.param(f"{_SIDE}:1@{_ONE}", _COPY.pinned(_ONE), f"{_COPY}@{_ONE}", id="both, elsewhere: the copy"),
        pytest.param(f"{_SIDE}@{_ONE}", None, f"{_SIDE}@{_ONE}", id="a digest that no record lists"),
        pytest.param(f"{_SIDE}:1", None, "image-not-pinned", id="a tag that no record pins"),
        pytest.param(f"{_SIDE}:2", _SIDE.pinned(_TWO), f"{_SIDE}@{_TWO}", id="another tag"),
    ],
)
def test_what_runs(written: str, runs: Pinned | None, image: str) -> None:
    given = inputs(shop("web: {image: web}"), outside={written: runs} if runs else {})
    pod: dict[str, Any] = {"initContainers": [{"name": "a", "image": written}]}
    problems = [*pin_images(pod, "", given, Source(name="pod.yml", where="pod.yml"))]
    found = problems[0].code if problems else pod["initContainers"][0]["image"]
    assert found == image
