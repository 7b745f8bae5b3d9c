"""The daemonless builder: the same input gives the same digest, and nothing of the machine gets in."""

from __future__ import annotations

import json
import os
import random
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.layers import LayersBuilder
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.adapters.sources import content_of, find_sources
from paasctl.errors import Cancelled, ConfigError, PaasError, Refused, Unavailable
from paasctl.model.config import Image, ImageConfig
from paasctl.model.image import Descriptor, Platform
from paasctl.model.layer import FileLayer
from paasctl.model.plan import Build
from paasctl.oci.compose import Source
from paasctl.ports.images import RegistryReads
from support.clock import FakeCancel
from support.images import LINUX, document, lay_image, lay_index, tars_of
from support.naive import seen, told
from support.registry import Registry
from support.registry_client import talking
from support.tars import Entry, entry, tar_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "app/main.py": "print()",
    "app/run.sh": "#!/bin/sh",
    "app/lib/a": "a",
    "app/lib/b": "b",
    "site/index.html": "hi",
}
LAYERS = (FileLayer(src="app", dest="/app", uid=10, gid=20), FileLayer(src="site", dest="/srv/www"))


def project(folder: Path, files: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or FILES).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    return folder


def step(*layers: FileLayer, base: str = "scratch", **more: object) -> Build:
    image = replace(Image(name="web", layers=layers or LAYERS, base=base), **more)  # type: ignore[arg-type]  # fields
    return Build(image=image, version="1.2.3", revision=COMMIT, epoch=1_700_000_000)


def no_registry(host: str) -> RegistryReads:
    raise AssertionError(f"nothing should be asked of {host}")


def build(it: Build, folder: Path, into: FolderLayout, cancel: FakeCancel | None = None) -> Descriptor:
    return LayersBuilder(no_registry).build(it, folder, into, log=lambda _: None, cancel=cancel or FakeCancel())


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "out")


def test_files_become_layers_over_scratch(tmp_path: Path, layout: FolderLayout) -> None:
    made = build(step(), project(tmp_path / "p"), layout)
    assert layout.place("web") == replace(made, annotations={"org.opencontainers.image.ref.name": "web"})
    first, second = tars_of(layout, made)
    assert told(first) == [
        "app/",
        "app/lib/",
        "app/lib/a=a",
        "app/lib/b=b",
        "app/main.py=print()",
        "app/run.sh=#!/bin/sh",
    ]
    assert told(second) == ["srv/", "srv/www/", "srv/www/index.html=hi"]
    assert seen(first)["app/run.sh"][4] == (0o755, 10, 20, 1.0, ())
    assert seen(first)["app/main.py"][4] == (0o644, 10, 20, 1.0, ())


def test_the_same_input_has_the_same_digest_on_any_machine(tmp_path: Path) -> None:
    """Other folder, other times, other umask, other order on disk, another day."""
    digests = set()
    for number, (mask, seconds) in enumerate([(0o022, 1), (0o077, 2_000_000_000), (0o002, 1_234_567_890)]):
        files = list(FILES.items())
        random.Random(number).shuffle(files)
        before = os.umask(mask)
        try:
            folder = tmp_path / f"somewhere-{'else' * number}" / "p"
            for name, content in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content)
                if name.endswith(".sh"):
                    (folder / name).chmod(0o700)
                os.utime(folder / name, (seconds, seconds))
            into = create_layout(tmp_path / f"out{number}")
            digests.add(build(step(), folder, into).digest)
        finally:
            os.umask(before)
    assert len(digests) == 1


def test_a_change_that_matters_changes_the_digest(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    before = build(step(), folder, layout)
    (folder / "app/main.py").chmod(0o755)
    assert build(step(), folder, layout).digest != before.digest


def test_the_manifest_tells_where_it_comes_from(tmp_path: Path, layout: FolderLayout) -> None:
    manifest = document(layout, build(step(), project(tmp_path / "p"), layout))
    assert manifest["annotations"] == {
        "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
        "org.opencontainers.image.revision": COMMIT,
        "org.opencontainers.image.version": "1.2.3",
    }
    config = document(layout, manifest["config"])
    assert config["config"]["Labels"] == {
        "org.opencontainers.image.revision": COMMIT,
        "org.opencontainers.image.version": "1.2.3",
    }
    assert [it["created_by"] for it in config["history"]] == [
        "paasctl layer app -> /app",
        "paasctl layer site -> /srv/www",
    ]
    assert (config["os"], config["architecture"], config["created"]) == ("linux", "amd64", "2023-11-14T22:13:20Z")


def test_ones_own_words_win_over_ours(tmp_path: Path, layout: FolderLayout) -> None:
    wanted = ImageConfig(
        labels={"org.opencontainers.image.version": "mine"}, entrypoint=("/app/run.sh",), env={"A": "b"}
    )
    manifest = document(layout, build(step(config=wanted), project(tmp_path / "p"), layout))
    config = document(layout, manifest["config"])["config"]
    assert config["Labels"]["org.opencontainers.image.version"] == "mine"
    assert (config["Entrypoint"], config["Env"]) == (["/app/run.sh"], ["A=b"])


BASE = tar_of(Entry("usr/", b"5", mode=0o711, uid=3), "usr/lib/", "lib->usr/lib", "k=1")


@pytest.mark.parametrize("docker", [False, True])
@pytest.mark.parametrize("tag", ["", ":one"])
def test_a_base_on_disk_is_taken_as_it_is(tmp_path: Path, layout: FolderLayout, tag: str, docker: bool) -> None:
    folder = project(tmp_path / "p", {"x.so": "so"})
    theirs = create_layout(folder / "base")
    base = lay_image(theirs, "one", [BASE, tar_of("z=1")], docker=docker)
    made = build(step(FileLayer(src="x.so", dest="/lib/"), base=f"oci:base{tag}"), folder, layout)
    manifest = document(layout, made)
    assert [it["digest"] for it in manifest["layers"][:2]] == [it["digest"] for it in document(theirs, base)["layers"]]
    assert {it["mediaType"] for it in manifest["layers"]} <= {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    }
    assert manifest["annotations"]["org.opencontainers.image.base.digest"] == base.digest
    assert "org.opencontainers.image.base.name" not in manifest["annotations"]
    assert document(layout, manifest["config"])["config"]["Healthcheck"] == {"Test": ["NONE"]}
    *_, new = tars_of(layout, made)
    assert told(new) == ["usr/", "usr/lib/", "usr/lib/x.so=so"]
    assert seen(new)["usr"][4] == (0o711, 3, 0, 1000.0, ()), "the base's own metadata"


@pytest.mark.parametrize("tagged", [True, False])
def test_a_base_in_a_registry_is_copied_and_named(tmp_path: Path, layout: FolderLayout, tagged: bool) -> None:
    staging = create_layout(tmp_path / "staging")
    base = lay_image(staging, "b", [BASE])
    with Registry() as registry, talking(registry) as client:
        put(registry, staging, base, "base/os", "1")
        name = f"{registry.host}/base/os" + (":1" if tagged else f"@{base.digest}")
        builder = LayersBuilder({registry.host: client}.__getitem__)
        lines: list[str] = []
        made = builder.build(step(base=name), project(tmp_path / "p"), layout, log=lines.append, cancel=FakeCancel())
    annotations = document(layout, made)["annotations"]
    assert annotations["org.opencontainers.image.base.name"] == name
    assert annotations["org.opencontainers.image.base.digest"] == base.digest
    assert lines[0] == f"base {name} is {base.digest}"  # B4
    assert len(tars_of(layout, made)) == 3


def put(registry: Registry, staging: FolderLayout, image: Descriptor, repository: str, tag: str) -> None:
    """Put an image (and its children) into the registry's memory."""
    content = staging.read(image)
    said = document(staging, image)
    for child in said.get("manifests", []):
        put(registry, staging, Descriptor(child["mediaType"], child["digest"], child["size"]), repository, "")
    for blob in [said["config"], *said["layers"]] if "config" in said else []:
        registry.blobs[repository][blob["digest"]] = staging.path(blob["digest"]).read_bytes()
    registry.put_manifest(repository, content, image.media_type)
    if tag:
        registry.tags[repository][tag] = image.digest


def test_of_an_index_the_platforms_child_is_taken(tmp_path: Path, layout: FolderLayout) -> None:
    staging = create_layout(tmp_path / "staging")
    arm = lay_image(staging, "", [tar_of("arm=1")], platform=Platform("linux", "arm64", "v8"))
    amd = lay_image(staging, "", [tar_of("amd=1")])
    index = lay_index(staging, "b", [arm, amd])
    with Registry() as registry, talking(registry) as client:
        put(registry, staging, index, "base", "1")
        builder = LayersBuilder(lambda _: client)
        it = step(base=f"{registry.host}/base:1", platforms=(Platform("linux", "arm64"),))
        made = builder.build(it, project(tmp_path / "p"), layout, log=lambda _: None, cancel=FakeCancel())
        assert told(tars_of(layout, made)[0]) == ["arm=1"]
        assert document(layout, made)["annotations"]["org.opencontainers.image.base.digest"] == arm.digest
        strange = replace(it, image=replace(it.image, platforms=(Platform("linux", "s390x"),)))
        with pytest.raises(ConfigError, match="nothing for linux/s390x"):
            builder.build(strange, tmp_path / "p", layout, log=lambda _: None, cancel=FakeCancel())


def test_an_index_on_disk_works_too(tmp_path: Path, layout: FolderLayout) -> None:
    theirs = create_layout(tmp_path / "p" / "base")
    lay_index(theirs, "", [lay_image(theirs, "", [tar_of("amd=1")])])
    made = build(step(base="oci:base"), project(tmp_path / "p"), layout)
    assert told(tars_of(layout, made)[0]) == ["amd=1"]


BAD_BASES = {
    "no image of that name": (":two", [BASE], {}, "names no image"),
    "another platform": ("", [BASE], {"platform": Platform("linux", "arm64")}, "is for linux/arm64"),
    "Windows": ("", [BASE], {"config": {"os": "windows"}}, "Windows"),
}


@pytest.mark.parametrize("case", BAD_BASES)
def test_a_base_that_does_not_fit_is_told(case: str, tmp_path: Path, layout: FolderLayout) -> None:
    tag, tars, more, why = BAD_BASES[case]
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "one", tars, **more)  # type: ignore[arg-type]  # as named
    with pytest.raises(PaasError, match=why):
        build(step(base=f"oci:base{tag}"), folder, layout)
    assert layout.place("web") is None


def test_a_base_that_is_nowhere_is_told(tmp_path: Path, layout: FolderLayout) -> None:
    with Registry() as registry, talking(registry) as client:
        builder = LayersBuilder(lambda _: client)
        with pytest.raises(ConfigError, match=r"its base .* is not there") as caught:
            builder.build(step(base=f"{registry.host}/x:1"), tmp_path, layout, log=lambda _: None, cancel=FakeCancel())
    assert caught.value.code == "base-not-found"
    for base, why in {"oci:nowhere": "no oci-layout", "ubuntu": "neither a tag nor a digest"}.items():
        with pytest.raises(ConfigError, match=why):
            build(step(base=base), tmp_path, layout)


def test_a_damaged_base_is_never_taken(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    theirs = create_layout(folder / "base")
    base = lay_image(theirs, "one", [BASE])
    theirs.path(document(theirs, base)["layers"][0]["digest"]).write_bytes(b"else")
    with pytest.raises(Unavailable):
        build(step(base="oci:base"), folder, layout)
    assert layout.place("web") is None


@pytest.mark.parametrize("after", [0, 3, 6, 9])
def test_it_can_be_stopped_between_files_and_leaves_nothing(
    tmp_path: Path, layout: FolderLayout, after: int
) -> None:  # B8
    with pytest.raises(Cancelled):
        build(step(), project(tmp_path / "p"), layout, FakeCancel(after=after))
    assert layout.place("web") is None
    assert list(layout.root.rglob(".tmp-*")) == []


def test_an_unchanged_layer_keeps_its_digest_from_commit_to_commit(tmp_path: Path, layout: FolderLayout) -> None:
    """Else every release would send every layer anew."""
    folder = project(tmp_path / "p")
    layers = []
    for epoch in (1_700_000_000, 1_800_000_000):
        made = build(replace(step(), epoch=epoch), folder, layout)
        layers.append(json.loads(layout.read(made))["layers"])
    assert layers[0] == layers[1]


def test_what_was_built_before_is_never_built_in(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    before = build(step(), folder, layout)
    (folder / "app" / ".paasctl").mkdir()
    (folder / "app" / ".paasctl" / "blob").write_text("x")
    assert build(step(), folder, layout).digest == before.digest


def test_symlinks_below_src_stay_what_they_are(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/f": "1"})
    (folder / "d/out").symlink_to("../../../etc/passwd")
    (folder / "d/dead").symlink_to("nowhere")
    (folder / "d/dir").symlink_to("/usr")
    (tar,) = tars_of(layout, build(step(FileLayer(src="d", dest="/d")), folder, layout))
    assert told(tar) == ["d/", "d/dead->nowhere", "d/dir->/usr", "d/f=1", "d/out->../../../etc/passwd"]


def test_excluded_paths_are_not_even_looked_at(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/a.py": "1", "d/a.pyc": "2", "d/.git/x": "3", "d/t/a.py": "4"})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "d/.git/s"))
        layer = FileLayer(src="d", dest="/d", exclude=("*.pyc", ".git", "t/**"))
        (tar,) = tars_of(layout, build(step(layer), folder, layout))
    assert told(tar) == ["d/", "d/a.py=1", "d/t/"]


def test_names_that_are_no_text_are_fine(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/f": "1"})
    Path(os.fsdecode(os.fsencode(folder) + b"/d/caf\xe9")).write_text("2")
    (tar,) = tars_of(layout, build(step(FileLayer(src="d", dest="/d")), folder, layout))
    assert [os.fsencode(it) for it in seen(tar)] == [b"d", b"d/caf\xe9", b"d/f"]


def test_a_big_file_is_read_in_pieces_and_whole(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"big": "0123456789" * 300_000})
    (tar,) = tars_of(layout, build(step(FileLayer(src="big", dest="/")), folder, layout))
    assert seen(tar)["big"][1] == b"0123456789" * 300_000


OUTSIDE = {
    "a path that climbs": "../secret",
    "an absolute path": "/etc/passwd",
    "a symlink that leaves": "escape",
    "a symlink on the way": "way/secret",
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_files_outside_of_the_context_are_refused(case: str, tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    (tmp_path / "secret").write_text("s")
    (folder / "escape").symlink_to("../secret")
    (folder / "way").symlink_to("..")
    with pytest.raises(ConfigError, match="outside of the context") as caught:
        build(step(FileLayer(src=OUTSIDE[case], dest="/x")), folder, layout)
    assert caught.value.code == "outside-context"


def test_src_may_be_a_symlink_inside_of_the_context(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"v2/f": "1"})
    (folder / "current").symlink_to("v2")
    (tar,) = tars_of(layout, build(step(FileLayer(src="current", dest="/d")), folder, layout))
    assert told(tar) == ["d/", "d/f=1"]


def test_the_context_is_the_images_own(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"web/f": "1", "secret": "s"})
    inside = FileLayer(src="f", dest="/f")
    (tar,) = tars_of(layout, build(step(inside, context="web"), folder, layout))
    assert told(tar) == ["f=1"]
    with pytest.raises(ConfigError, match="outside of the context"):
        build(step(FileLayer(src="../secret", dest="/f"), context="web"), folder, layout)


def test_a_socket_is_refused_and_named(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/f": "1"})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "d/s"))
        with pytest.raises(ConfigError, match="/d/s: it is a socket"):
            build(step(FileLayer(src="d", dest="/d")), folder, layout)


def test_a_missing_src_is_named(tmp_path: Path, layout: FolderLayout) -> None:
    with pytest.raises(ConfigError, match=r"reading .*/dist: No such file") as caught:
        build(step(FileLayer(src="dist", dest="/d")), project(tmp_path / "p"), layout)
    assert caught.value.where.endswith("/dist")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    gone = os.fsencode(tmp_path / "gone")
    with pytest.raises(ConfigError, match=r"reading .*/gone: "):
        list(content_of(Source(b"", "file", gone, size=3)))


@pytest.mark.parametrize("content", ["", "12345"])
def test_a_file_that_changes_under_our_hands_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "f").write_text("123")
    (found,) = find_sources(tmp_path, FileLayer(src="f", dest="/"), FakeCancel())
    (tmp_path / "f").write_text(content)
    with pytest.raises(ConfigError, match="changed while it was read"):
        list(content_of(found))


def test_an_encrypted_base_is_refused(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    theirs = create_layout(folder / "base")
    base = lay_image(theirs, "one", [tar_of(entry("a=1"))])
    manifest = document(theirs, base)
    manifest["layers"][0]["mediaType"] += "+encrypted"
    theirs.lay("one", theirs.put(base.media_type, json.dumps(manifest).encode()))
    with pytest.raises(Refused, match="encrypted"):
        build(step(base="oci:base"), folder, layout)


def test_a_build_with_no_layers_of_its_own_is_its_base(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "one", [BASE], platform=LINUX)
    it = step(base="oci:base")
    made = build(replace(it, image=replace(it.image, layers=())), folder, layout)
    assert tars_of(layout, made) == [BASE]
