from __future__ import annotations

from xml.etree import ElementTree as ET

from support.picture import PICTURE, svg


def test_the_readmes_picture_is_what_the_view_shows() -> None:
    """Written anew by `PYTHONPATH=src:tests python -m support.picture`."""
    assert PICTURE.read_text(encoding="utf-8") == svg()


def test_it_is_an_image() -> None:
    root = ET.fromstring(svg())
    assert root.tag.endswith("svg")
    text = "".join("".join(root.itertext()).split())
    for it in ("$ paasctl deploy dev", "wait for Deployment/web", "1 of 3 new pods ready"):
        assert it.replace(" ", "") in text
