"""Rows of `promote`, in a registry and to another: of the image of 75 layers that is kept, and of 40 that are there.

The release is recorded here as `release` does it, of images that lie in the registry already.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from bench.commands import Command, run
from bench.copying import PEERS, measured, other_registry
from bench.input.kept import digest as digest_of
from bench.input.kept import kept, pushed
from bench.place import Place, program, testbed
from bench.rows import Bound, Measured, Pair, Row, timed, times
from bench.squashing import IMAGE
from paasctl.adapters.registry import RegistryClient
from paasctl.engine.cancel import Cancel, RealClock
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.release import Release
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, descriptor_json
from paasctl.oci.documents.record import record_artifact

_VERSION = "1.0.0"
_MANY = 40
_PAAS = """\
app: bench
registries:
  dev: {{repository: {dev}}}
  rc: {{repository: {rc}}}
"""


def rows() -> tuple[Row, ...]:
    """The record, its note and its names included; the peer copies the images alone."""
    return (
        Row(
            name="promote-registry",
            ours="paasctl promote (one image of 75 layers, within a registry)",
            peer="regctl image copy of the same image",
            bound=times(2),
            runs=(7, 3),
            measure=timed(_first),
            needs=("REGISTRY", "regctl"),
        ),
        Row(
            name="promote-across",
            ours="paasctl promote (one image of 75 layers, to another registry)",
            peer="the quickest of regctl, crane and skopeo, of the same image",
            bound=times(1.1),
            runs=(5, 1),
            measure=_across,
            needs=("REGISTRY", *PEERS),
        ),
        Row(
            name="promote-again-40",
            ours="paasctl promote (40 images, promoted already)",
            peer="regctl image copy of each of the 40, copied already",
            bound=Bound("count", 2),
            runs=(7, 3),
            measure=timed(_again),
            needs=("REGISTRY", "regctl"),
        ),
    )


@contextmanager
def _first(place: Place) -> Iterator[Pair]:
    """A new place in the registry each time."""
    source, dev = _released(place)

    def ours(number: int) -> Command:
        return _promote(place, dev, Repository(dev.host, f"{dev.path}-rc-{number}"), says="done")

    def peer(number: int) -> Command:
        return _regctl(place, dev.host, (source, f"{dev}-regctl-{number}/web:{_VERSION}"))

    yield Pair(ours, peer)


def _across(place: Place, runs: int) -> Measured:
    """Into an empty registry each time."""
    source, dev = _released(place)
    with other_registry(place.folder / "across") as other:

        def target(tool: str, number: int) -> str:
            other.empty()
            return f"{other.host}/bench/{tool}-{number}:{_VERSION}"

        def ours(there: str) -> Command:
            return _promote(place, dev, Repository.parse(there.rpartition(":")[0]), says="done")

        return measured(place, (source, target), PEERS, runs, ours)


def _released(place: Place) -> tuple[str, Repository]:
    """The image that is kept, and where a release of it is recorded."""
    source = pushed(IMAGE, testbed("REGISTRY"))
    image = Repository.parse(source.rpartition(":")[0]).pinned(digest_of(kept(IMAGE)))
    dev = _fresh()
    with closing(_client(dev.host)) as client:
        _record(client, dev, {"web": image})
    _commit(place)
    return source, dev


@contextmanager
def _again(place: Place) -> Iterator[Pair]:
    dev = _fresh()
    rc = Repository(dev.host, f"{dev.path}-rc")
    with closing(_client(dev.host)) as client:
        images = {f"i{number}": _image(client, dev.child(f"i{number}"), number) for number in range(_MANY)}
        _record(client, dev, images)
    _commit(place)
    run(_promote(place, dev, rc, says="done"))
    copies = [(f"{dev}/{name}@{it.digest}", f"{dev}-regctl/{name}:{_VERSION}") for name, it in images.items()]
    peer = _regctl(place, dev.host, *copies)
    run(peer)
    yield Pair(lambda _: _promote(place, dev, rc, says="nothing to do"), lambda _: peer)


def _fresh() -> Repository:
    return Repository.parse(f"{testbed('REGISTRY')}/bench/{uuid.uuid4().hex[:8]}")


def _client(host: str) -> RegistryClient:
    return RegistryClient(host, clock=RealClock(Cancel()), insecure=True)


class _Held:
    """One content, to be pushed."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        del descriptor
        yield iter([self._content])


def _image(client: RegistryClient, repository: Repository, number: int) -> Pinned:
    """An image of one small layer."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"number": str(number)}}})
    contents = {OCI_CONFIG: config.encode(), OCI_LAYER: f"layer {number}".encode()}
    parts = [_pushed(client, repository, kind, content) for kind, content in contents.items()]
    described = [descriptor_json(it) for it in parts]
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described[0], "layers": described[1:]}
    return repository.pinned(client.put_manifest(repository, OCI_MANIFEST, json.dumps(manifest).encode()).digest)


def _pushed(client: RegistryClient, repository: Repository, kind: str, content: bytes) -> Descriptor:
    descriptor = Descriptor(kind, f"sha256:{sha256(content).hexdigest()}", len(content))
    client.push_blob(repository, descriptor, _Held(content))
    return descriptor


def _record(client: RegistryClient, repository: Repository, images: Mapping[str, Pinned]) -> None:
    release = Release(
        app="bench",
        version=_VERSION,
        commit="a" * 40,
        created=1_700_000_000,
        images=images,
        bases={},
        subjects=("one",),
        files={"paas.yaml": b"app: bench\n"},
    )
    artifact = record_artifact(release, repository)
    for descriptor, content in artifact.blobs:
        client.push_blob(repository, descriptor, _Held(content))
    client.put_manifest(repository, OCI_MANIFEST, artifact.manifest, tag=_VERSION)


def _commit(place: Place) -> None:
    """A project's folder."""
    folder = place.folder / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, env=place.environ, check=True, capture_output=True)


def _promote(place: Place, dev: Repository, rc: Repository, *, says: str) -> Command:
    folder = place.folder / "project"
    file: Path = folder / f"{rc.path.replace('/', '-')}.yaml"
    file.write_text(_PAAS.format(dev=dev, rc=rc))
    argv = (place.paasctl, "-f", str(file), "promote", _VERSION, "--to", "rc")
    return Command(argv=argv, folder=folder, environ=place.environ, says=says)


def _regctl(place: Place, host: str, *copies: tuple[str, str]) -> Command:
    regctl = f"{program('regctl')} --host=reg={host},tls=disabled image copy"
    script = "\n".join(f"{regctl} {source} {target}" for source, target in copies)
    return Command(argv=("sh", "-ec", script), folder=place.folder, environ=place.environ)
