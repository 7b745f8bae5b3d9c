"""The local engine keeps layers plain: what goes there is not packed, only to be unpacked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.adapters.codecs import MachineCodecs
from support.engine_store import loaded
from support.imaging import image, somewhere


def test_what_is_squashed_into_the_engine_is_not_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with somewhere(tmp_path) as here:
        monkeypatch.setenv("DOCKER_HOST", here.host)
        source = here.fill("layout")
        said = image("squash", source, here.named("engine"), "--all", "--layers", "1", "-o", "json")
        assert said.status == 0, said.err
        (sent,) = [it.body for it in here.store.asked if it.path == "/images/load"]
        ((config, (layer,)),) = loaded(sent).values()
        assert layer in sent, "as it is, not packed"
        assert config
        assert said.outcome["facts"]["bytes.after"] == str(len(layer))


def test_nothing_is_a_packing_too() -> None:
    codecs = MachineCodecs()
    packer = codecs.compressor("none")
    assert packer.compress(b"one") + packer.flush() == b"one"
    assert codecs.identity("none") != codecs.identity("gzip")
