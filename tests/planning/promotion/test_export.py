"""Whether a release is written into a file, as a table; and where everything lies in it."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import pytest

from paasctl.errors import PaasError
from paasctl.model.boxing import Label, Packed
from paasctl.model.image import Descriptor, Repository
from paasctl.model.promoting import Statement, Stop
from paasctl.model.release import Release
from paasctl.oci.building.boxed import Part, label_of, lay_out, place_of
from paasctl.oci.documents.closure import Closure, Node
from paasctl.oci.documents.manifest import OCI_LAYER, OCI_MANIFEST, canonical, digest_of, parse_document
from paasctl.oci.tar.laid import BLOCK, END, file_header
from paasctl.planning.promotion.export import ExportFacts, plan_export
from paasctl.views.words import say

_REPOSITORY = Repository.parse("registry.example/shop")
_STOP = Stop(name="dev", repository=_REPOSITORY)
_WEB = _REPOSITORY.child("web").pinned(f"sha256:{'b' * 64}")
_REJECTED = Statement(word="rejected", at="2026-11-30T00:00:00Z", by="ann", why="slow")
_FACTS = ExportFacts(
    release=Release(
        app="shop", version="1.2.0", commit="c", created=0, images={"web": _WEB}, bases={}, subjects=(), files={}
    ),
    record=_REPOSITORY.pinned(f"sha256:{'a' * 64}"),
    origin=_STOP,
    file="shop.tar",
    there="absent",
    parts=(Packed(name="web", source=_WEB, manifests=1, vouchers=0, blobs=2, bytes=10),),
    pieces=(),
    size=1024,
)


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        pytest.param(_FACTS, ["write 1.2.0 of dev into shop.tar"], id="nothing is there"),
        pytest.param(replace(_FACTS, there="same"), [], id="the file is there to the last byte"),
        pytest.param(replace(_FACTS, there="other"), "file-exists", id="something else has the name"),
        pytest.param(replace(_FACTS, lost=(_WEB,)), "image-not-found", id="an image is missing in the registry"),
        pytest.param(replace(_FACTS, said=(_REJECTED,)), "release-rejected", id="it was rejected"),
        pytest.param(
            replace(_FACTS, said=(_REJECTED, Statement(word="accepted", at="2026-12-01T00:00:00Z"))),
            ["write 1.2.0 of dev into shop.tar"],
            id="a rejection that was taken back",
        ),
        pytest.param(
            replace(_FACTS, release=replace(_FACTS.release, snapshot=True)), "snapshot-not-promotable", id="a snapshot"
        ),
        pytest.param(replace(_FACTS, there="same", said=(_REJECTED,)), "release-rejected", id="rejected, and there"),
    ],
)
def test_what_is_planned(facts: ExportFacts, steps: list[str] | str) -> None:
    if isinstance(steps, list):
        assert [say(it) for it in plan_export(facts).steps] == steps
        return
    with pytest.raises(PaasError, match=r"^exporting 1\.2\.0 from dev: ") as raised:
        plan_export(facts)
    assert raised.value.code == steps
    assert raised.value.hint


def _node(manifest: dict[str, object], about: str = "", blobs: tuple[Descriptor, ...] = ()) -> Node:
    content = canonical(manifest)
    return Node(
        descriptor=Descriptor(OCI_MANIFEST, digest_of(content), len(content)),
        content=content,
        layers=blobs,
        about=about,
    )


def _part(name: str, *blobs: bytes) -> Part:
    held = tuple(Descriptor(OCI_LAYER, digest_of(it), len(it)) for it in blobs)
    root = _node({"schemaVersion": 2, "name": name}, blobs=held)
    beside = _node({"schemaVersion": 2, "artifactType": "sbom", "of": name}, root.descriptor.digest)
    tagged = _node({"schemaVersion": 2, "signs": name}, root.descriptor.digest)
    nodes = {it.descriptor.digest: it for it in (root, beside, tagged)}
    tags = {f"{root.descriptor.digest.replace(':', '-')}.sig": tagged.descriptor.digest}
    source = _REPOSITORY.child(name).pinned(root.descriptor.digest)
    return Part(name=name, source=source, tag="1.2.0", closure=Closure(root=root.descriptor, nodes=nodes, tags=tags))


_LABEL = Label(app="shop", version="1.2.0", origin=_STOP)


def test_every_piece_lies_where_it_is_said_and_each_blob_once() -> None:
    blobs = {digest_of(it): it for it in (b"one", b"two" * 500, b"")}
    pieces, size = lay_out(_LABEL, (_part("web", *blobs.values()), _part("api", b"one")))
    whole = bytearray(size)
    for it in pieces:
        content = it.content if it.content is not None else blobs[it.digest]
        whole[it.at - BLOCK : it.at + it.size] = file_header(it.name, it.size) + content
    assert whole.endswith(END)
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        names = tar.getnames()
        assert names == [it.name for it in pieces]
        for member in tar:
            found = tar.extractfile(member)
            assert found
            assert member.name in ("oci-layout", "index.json") or (
                digest_of(found.read()) == f"sha256:{member.name.rpartition('/')[2]}"
            )
    assert len(names) == len(set(names)) == 2 + 6 + 3
    assert names[:2] == ["oci-layout", "index.json"], "who reads from the front knows at once what it is"


def test_parts_in_any_order_of_their_nodes_are_the_same_file() -> None:
    part = _part("web", b"one", b"two")
    turned = replace(part, closure=replace(part.closure, nodes=dict([*part.closure.nodes.items()][::-1])))
    assert lay_out(_LABEL, (part,)) == lay_out(_LABEL, (turned,))


def test_a_size_beyond_octal_digits_fits_into_a_header() -> None:
    assert tarfile.TarInfo.frombuf(file_header("blobs/x", 9 << 33), "ascii", "strict").size == 9 << 33


def test_the_label_comes_back() -> None:
    index = parse_document(lay_out(_LABEL, ())[0][1].content or b"", "index")
    assert label_of(index) == _LABEL


@pytest.mark.parametrize(
    "index",
    [
        {},
        {"annotations": []},
        {"annotations": {"dev.paasctl.export.from": "no repository"}},
        {"annotations": {"dev.paasctl.export.from": "registry.example/shop"}},
        {"annotations": {"dev.paasctl.export.from": "registry.example/shop", "dev.paasctl.export.app": "shop"}},
    ],
)
def test_what_says_less_is_no_release(index: dict[str, object]) -> None:
    assert label_of(index) is None


def test_places_are_names_that_other_tools_take() -> None:
    assert (place_of("web", "1.2.0"), place_of("", "1.2.0")) == ("web:1.2.0", "1.2.0")
