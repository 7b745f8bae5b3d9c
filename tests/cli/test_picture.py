"""`--output svg`: a picture of what has one, and a clear refusal by all else."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.cli.options import Output, Settings
from paasctl.cli.session import Session
from paasctl.errors import Exit
from paasctl.verbs.images.inspect import AskInspect
from paasctl.verbs.images.verify import AskVerify
from support.images import lay_image
from support.streams import Stream
from support.tars import tar_of


def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, Stream, Stream]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    out, talk = Stream(), Stream()
    return Session(Settings(output=Output.SVG), "image inspect", stdout=out, stderr=talk), out, talk


def test_only_the_picture_is_on_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_image(create_layout(tmp_path / "images"), "web", [tar_of("a=1"), tar_of(".wh.a")])
    asking, out, talk = session(tmp_path, monkeypatch)
    assert asking.ask(AskInspect(source=f"oci:{tmp_path}/images:web")) == Exit.OK
    assert ET.fromstring(out.text.encode()).tag.endswith("svg")
    assert "reading 2 layers" in talk.text
    assert list((tmp_path / "cache" / "paasctl").glob("*/*")), "what was found out is kept"


def test_a_failure_leaves_standard_output_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking, out, talk = session(tmp_path, monkeypatch)
    assert asking.ask(AskInspect(source=f"oci:{tmp_path}/nothing")) == Exit.FAILED
    assert out.text == ""
    assert "error[" in talk.text


def test_what_has_no_picture_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asking, out, talk = session(tmp_path, monkeypatch)
    assert asking.ask(AskVerify(before="oci:x", after="oci:y", same_tree=True)) == Exit.USAGE
    assert out.text == ""
    assert "there is no picture of that" in talk.text
