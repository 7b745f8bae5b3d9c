from __future__ import annotations

import pytest

from paasctl.cli.elsewhere import given_images
from paasctl.errors import UsageError
from support.make import pinned

WEB = pinned("web", "a")


@pytest.mark.parametrize("text", [str(WEB), f"{WEB.repository}:1.2@{WEB.digest}"], ids=["digest", "tag and digest"])
def test_an_image_is_named_by_its_digest(text: str) -> None:
    assert given_images([f"web={text}", f"api={text}"]) == (("web", WEB), ("api", WEB))


@pytest.mark.parametrize(
    "said", ["web", str(WEB), f"={WEB}", "web=registry.example/web:1.2", "web=registry.example/web", "web=x@sha256:1"]
)
def test_what_names_no_digest_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="reading --image") as caught:
        given_images([said])
    assert caught.value.hint == "--image web=registry.example/ci/web@sha256:…"
