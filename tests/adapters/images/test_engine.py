"""Images in the local engine's store, by its API; what it says when it can't, and what is left of a try: nothing."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from paasctl.adapters.docker.body import Body
from paasctl.adapters.images.engine import EngineDestination
from paasctl.adapters.images.engine import Store as Client
from paasctl.adapters.images.tarred import TarTarget
from paasctl.errors import Cancelled, PaasError
from paasctl.model.image import Descriptor
from paasctl.model.location import InEngine
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, canonical, descriptor_json
from support.docker_bench import Stop
from support.engine_store import Store, engine_store
from support.imaging import LAYERS, config_of, put_image

PLAIN = "application/vnd.oci.image.layer.v1.tar"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    with engine_store(tmp_path) as made:
        made.images["web:1"] = (config_of(*LAYERS), list(LAYERS))
        yield made
    assert list((tmp_path / "tmp").iterdir()) == [], "the tar has no name: it can't be left"


def client(store: Store, cancel: Stop | None = None, heard: list[str] | None = None) -> Client:
    note = heard.append if heard is not None else lambda _: None
    return Client(environ={"DOCKER_HOST": store.host}, cancel=cancel or Stop(), note=note)


def test_an_image_is_taken_out_once_and_only_when_it_is_read(store: Store) -> None:
    heard: list[str] = []
    with ExitStack() as stack:
        source = client(store, heard=heard).source(InEngine("web:1"), stack)
        assert store.asked == []
        assert source.root() == source.root()
        assert source.mounts == ()
        assert [it.path for it in store.asked if it.path.endswith("/get")] == ["/images/web:1/get"]
        assert heard == ["taking web:1 out of the engine"]


def test_what_the_engine_lacks_is_not_found(store: Store) -> None:
    with ExitStack() as stack, pytest.raises(PaasError) as caught:
        client(store).source(InEngine("web:2"), stack).root()
    assert caught.value.code == "image-not-found"
    assert EngineDestination(InEngine("web:2"), client(store)).current() is None


def test_no_engine_is_not_no_image(tmp_path: Path) -> None:
    nobody = Client(environ={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}, cancel=Stop(), note=lambda _: None)
    with ExitStack() as stack, pytest.raises(PaasError) as caught:
        nobody.source(InEngine("web:1"), stack).root()
    assert caught.value.code == "engine-absent"
    with pytest.raises(PaasError):
        EngineDestination(InEngine("web:1"), nobody).current()


def test_an_image_is_put_in_under_its_name(store: Store) -> None:
    with ExitStack() as stack:
        target = client(store).destination(InEngine("shop/web"))
        tar = TarTarget(target, stack)
        tar.finish(*put_image(tar, *LAYERS))
    assert store.images["shop/web:latest"] == (config_of(*LAYERS), list(LAYERS))
    assert target.current() == Descriptor("application/vnd.oci.image.config.v1+json", store.image_id("web:1"), -1)


def test_a_name_of_another_image_stays(store: Store) -> None:
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:1")), stack)
        root, content = put_image(tar, LAYERS[0])
        with pytest.raises(PaasError) as caught:
            tar.finish(root, content)
        assert caught.value.code == "would-clobber"
        assert store.of("POST", "/images/load") == []
        tar.finish(root, content, move=True)
    assert store.images["web:1"][1] == [LAYERS[0]]


def test_the_same_image_again_is_no_move(store: Store) -> None:
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:1")), stack)
        tar.finish(*put_image(tar, *LAYERS))


@pytest.mark.parametrize("name", ["web@sha256:" + "a" * 64, "sha256:" + "a" * 64])
def test_a_digest_cannot_be_chosen(store: Store, name: str) -> None:
    with pytest.raises(PaasError) as caught:
        client(store).destination(InEngine(name))
    assert caught.value.exit == 2


def test_an_index_is_refused_with_what_to_do(store: Store) -> None:
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with pytest.raises(PaasError) as caught:
            tar.finish(Descriptor(OCI_INDEX, "sha256:" + "a" * 64, 2), b'{"manifests":[]}')
    assert caught.value.code == "image-unsupported"
    assert "--platform" in caught.value.hint


def test_what_the_engine_says_is_told(store: Store) -> None:
    store.refuses = "no space left on device"
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with pytest.raises(PaasError) as caught:
            tar.finish(*put_image(tar, LAYERS[0]))
    assert "no space left on device" in caught.value.message


def test_an_engine_that_takes_it_and_has_it_not_is_believed_in_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.engine_store.loaded", lambda _: {})
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with pytest.raises(PaasError) as caught:
            tar.finish(*put_image(tar, LAYERS[0]))
    assert "has nothing under that name" in caught.value.message


def put_sized(tar: TarTarget, *layers: bytes) -> tuple[Descriptor, bytes]:
    """As a squash does: how long a layer will be is known before it comes."""
    made = []
    for layer in layers:
        with tar.writer(len(layer)) as writer:
            writer.write(layer[:1000])
            writer.write(layer[1000:])
            made.append(writer.commit(PLAIN))
    config = tar.put_blob(OCI_CONFIG, config_of(*layers))
    manifest = {"schemaVersion": 2, "config": descriptor_json(config), "layers": [descriptor_json(it) for it in made]}
    content = canonical(manifest)
    return tar.put(OCI_MANIFEST, content), content


def test_what_has_a_known_size_lies_nowhere_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: pytest.fail("it was written down"))
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        tar.finish(*put_sized(tar, *LAYERS, LAYERS[0]))
    (sent,) = store.of("POST", "/images/load")
    with tarfile.open(fileobj=io.BytesIO(sent.body)) as found:
        assert "index.json" not in found.getnames(), "no layout: its layers would lie elsewhere"
    assert store.images["web:2"] == (config_of(*LAYERS, LAYERS[0]), [*LAYERS, LAYERS[0]])


def test_layers_that_grow_at_the_same_time_are_all_taken(store: Store) -> None:
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with tar.writer(len(LAYERS[0])) as first, tar.writer(len(LAYERS[1])) as second:
            first.write(LAYERS[0])
            second.write(LAYERS[1])
            second.commit(PLAIN)
            first.commit(PLAIN)
        tar.finish(*put_sized(tar, *LAYERS[:2]))
    assert store.images["web:2"][1] == list(LAYERS[:2])


def test_a_layer_that_nobody_wants_any_more_is_no_harm(store: Store) -> None:
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with tar.writer(5_000_000) as given_up:
            given_up.write(b"x" * 3000)
        tar.finish(*put_sized(tar, *LAYERS))
    assert store.images["web:2"][1] == list(LAYERS)


@pytest.mark.parametrize("size", [3, 5])
def test_a_layer_of_another_size_than_was_said_is_damaged(store: Store, size: int) -> None:
    def write_four() -> None:
        with tar.writer(size) as writer:
            writer.write(b"four")
            writer.commit(PLAIN)

    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with pytest.raises(PaasError) as caught:
            write_four()
    assert caught.value.code == "blob-damaged"


def test_what_is_not_finished_is_not_taken(store: Store) -> None:
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        put_sized(tar, *LAYERS)
    assert store.broken_off.wait(5)
    assert "web:2" not in store.images


def test_an_engine_that_ends_it_halfway_is_told(store: Store) -> None:
    store.refuses, store.reads = "no space left on device", 4096
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        with pytest.raises(PaasError) as caught:
            tar.finish(*put_sized(tar, os.urandom(30_000_000)))
    assert caught.value.exit in (1, 75)


def test_a_store_of_manifests_gets_a_layout(store: Store) -> None:
    """It would make a manifest of its own, and call the image by that."""
    store.objects["/info"] = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
    with ExitStack() as stack:
        tar = TarTarget(client(store).destination(InEngine("web:2")), stack)
        tar.finish(*put_sized(tar, *LAYERS))
    (sent,) = store.of("POST", "/images/load")
    with tarfile.open(fileobj=io.BytesIO(sent.body)) as found:
        names = found.getnames()
    assert {"oci-layout", "index.json", "manifest.json"} <= set(names)
    assert not [it for it in names if it.startswith("layer-")]


def test_a_request_to_stop_while_the_engine_is_behind_ends_it() -> None:
    stop, goes_on = Stop(), threading.Event()

    def behind(chunks: Iterator[bytes]) -> None:
        next(chunks)
        stop.event.set()
        goes_on.wait()

    def all_of_it() -> None:
        for _ in range(100):
            body.send(b"x")

    body = Body(behind, stop)
    with pytest.raises(Cancelled):
        all_of_it()
    goes_on.set()
    body.close()


def test_a_request_to_stop_ends_it_and_leaves_nothing(store: Store) -> None:
    stop = Stop()
    stop.event.set()
    with ExitStack() as stack, pytest.raises(Cancelled):
        client(store, stop).source(InEngine("web:1"), stack).root()


def test_no_file_stays_open(store: Store) -> None:
    before = _open_files()
    for _ in range(3):
        with ExitStack() as stack:
            client(store).source(InEngine("web:1"), stack).root()
            tar = TarTarget(client(store).destination(InEngine("web:1")), stack)
            tar.finish(*put_image(tar, *LAYERS))
    for _ in range(50):  # the store's own threads, in this process too, close their ends a moment later
        if _open_files() <= before + 1:
            return
        threading.Event().wait(0.1)
    pytest.fail(f"{_open_files()} open, {before} before")


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_its_images_run_on(store: Store) -> None:
    assert str(client(store).platform()) == "linux/amd64"
    store.version = {"ApiVersion": "1.41"}
    assert client(store).platform() is None
