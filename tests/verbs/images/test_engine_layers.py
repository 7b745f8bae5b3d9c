"""The local engine keeps layers plain: what goes there is not packed, only to be unpacked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import create_layout
from paasctl.model.image import Platform
from support.engine_store import loaded
from support.images import lay_image, lay_index
from support.imaging import LAYERS, Somewhere, image, somewhere


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


@pytest.mark.parametrize("verb", ["squash", "copy"])
def test_of_an_index_the_engine_gets_what_it_runs(here: Somewhere, verb: str) -> None:
    layout = create_layout(here.folder / "made")
    arm = lay_image(layout, "", LAYERS[:2], platform=Platform("linux", "arm64"))
    lay_index(layout, "both", [arm, lay_image(layout, "", LAYERS)])
    args = ["--all", "--layers", "1"] if verb == "squash" else []
    said = image(verb, "oci:made:both", here.named("engine"), *args)
    assert said.status == 0, said.err
    assert "for linux/amd64" in said.err
    assert here.config(here.named("engine"))["architecture"] == "amd64"
    meant = image(verb, "oci:made:both", here.named("engine", "two"), *args, "--platform", "linux/arm64")
    assert meant.status == 0, meant.err
    assert here.config(here.named("engine", "two"))["architecture"] == "arm64"
    here.store.version = {"ApiVersion": "1.41"}
    refused = image(verb, "oci:made:both", here.named("engine", "three"), *args)
    assert (refused.status, "--platform" in refused.err) == (4, True)


def test_nothing_is_a_packing_too() -> None:
    codecs = MachineCodecs()
    packer = codecs.compressor("none")
    assert packer.compress(b"one") + packer.flush() == b"one"
    assert codecs.identity("none") != codecs.identity("gzip")
