"""Where the base of a foreign image ends (decision 16): as was said, by annotations, by provenance; else refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents.manifest import (
    BASE_DIGEST,
    BASE_LAYERS,
    BASE_NAME,
    OCI_CONFIG,
    OCI_MANIFEST,
    descriptor_json,
)
from support.images import lay_image, lay_index
from support.imaging import LAYERS, Somewhere, image
from support.tars import tar_of

ARM = Platform("linux", "arm64")


def based(here: Somewhere, depth: int = 1, **how: Any) -> Descriptor:
    """`oci:made:base`, and `oci:made:app` on it."""
    here.lay("base", layers=LAYERS[:depth])
    return here.lay("app", **how)


def squashed(*more: str) -> tuple[int, str, dict[str, Any]]:
    """Status, what was said, and the step that was planned."""
    said = image("squash", "oci:made:app", "oci:out:app", "--dry-run", "-o", "json", *more)
    outcome = said.outcome
    problems = [f"{it['code']}: {it['message']} {it['hint']}" for it in outcome["problems"]]
    return said.status, " ".join(problems), outcome["left"][0] if outcome["left"] else {}


def cut(*more: str) -> tuple[int, str]:
    """How many layers are the base's, and who said so."""
    status, said, step = squashed(*more)
    assert status == 0, said
    depths = {it["kept"] for it in step["images"]}
    assert depths == {step["wish"]["baseLayers"]}
    return step["wish"]["baseLayers"], step["base"]


def test_a_number_is_taken_at_its_word(here: Somewhere) -> None:
    based(here)
    assert cut("--base", "2") == (2, "--base 2")
    assert cut("--base", "0") == (0, "--base 0")


def test_a_number_that_is_too_large_is_a_wrong_command_line(here: Somewhere) -> None:
    based(here)
    status, said, _ = squashed("--base", "4")
    assert status == 2
    assert "oci:made:app has 3 layers, fewer than 4" in said


@pytest.mark.parametrize("kind", ["layout", "registry", "archive", "engine"])
def test_the_base_may_lie_anywhere(here: Somewhere, kind: str) -> None:
    based(here, 2)
    name = here.fill(kind, "base", "base", layers=LAYERS[:2])
    assert cut("--base", name) == (2, f"--base {name}")


def test_another_image_is_not_its_base(here: Somewhere) -> None:
    based(here)
    here.lay("other", layers=(LAYERS[0], LAYERS[2]))
    status, said, _ = squashed("--base", "oci:made:other")
    assert status == 4
    assert "base-unknown" in said
    assert "differ from number 2 up" in said


def test_a_base_that_is_not_there_is_no_base(here: Somewhere) -> None:
    based(here)
    status, said, _ = squashed("--base", "oci:made:nope")
    assert (status, "image-not-found" in said) == (1, True)


def test_nothing_tells(here: Somewhere) -> None:
    based(here)
    status, said, _ = squashed()
    assert status == 4
    assert "base-unknown" in said
    assert "--base REF or --base N" in said
    assert "--all" in said


@pytest.mark.parametrize("where", ["annotations", "labels"])
def test_the_base_that_it_names_is_asked(here: Somewhere, where: str) -> None:
    name = here.fill("registry", "base", "base", layers=LAYERS[:2])
    said = {BASE_NAME: name, BASE_DIGEST: here.source(name).root().digest}
    based(here, 2, **({"annotations": said} if where == "annotations" else {"config": {"config": {"Labels": said}}}))
    depth, by = cut()
    assert depth == 2
    assert name in by
    assert where in by or where == "annotations"


def test_the_tag_may_have_moved_where_the_digest_is_known(here: Somewhere) -> None:
    name = here.fill("registry", "base", "base", layers=LAYERS[:2])
    said = {BASE_NAME: name, BASE_DIGEST: here.source(name).root().digest}
    moved = image("copy", here.fill("layout", "other", "other", layers=LAYERS[2:]), name, "--allow-tag-move")
    assert moved.status == 0, moved.err
    based(here, 2, annotations=said)
    assert cut()[0] == 2


def test_a_base_that_it_names_and_does_not_stand_on_is_told(here: Somewhere) -> None:
    name = here.fill("registry", "other", "other", layers=LAYERS[1:])
    based(here, annotations={BASE_NAME: name})
    status, said, _ = squashed()
    assert status == 4
    assert name in said
    assert "not its first" in said


@pytest.mark.parametrize(
    "said",
    [{BASE_NAME: "\x1b[31m evil"}, {BASE_NAME: "debian:12", BASE_DIGEST: "sha256:../.."}, {BASE_DIGEST: "../../x"}],
)
def test_annotations_that_name_no_image_tell_nothing(here: Somewhere, said: dict[str, str]) -> None:
    """It is the image that is wrong then, not the command line; and nobody is asked for such a name."""
    based(here, annotations=said)
    status, told, _ = squashed()
    assert status == 4
    assert "base-unknown" in told
    assert "which is no image" in told
    assert image("inspect", "oci:made:app").status == 0
    rebased = image("rebase", "oci:made:app", "oci:out:app")
    assert rebased.status == 4
    assert "nothing tells what base it stands on" in rebased.err


@pytest.mark.parametrize(
    "said",
    [
        {BASE_NAME: "ghcr.io/Shop/base:1"},
        {BASE_NAME: "the usual one"},
        {BASE_DIGEST: f"sha512:{'a' * 128}"},
        {BASE_NAME: "ghcr.io/shop/base:1", BASE_DIGEST: "unknown"},
        {BASE_LAYERS: "²"},
    ],
)
@pytest.mark.parametrize("kind", ["layout", "registry"])
def test_a_base_of_an_impossible_name_is_not_known(here: Somewhere, kind: str, said: dict[str, str]) -> None:
    name = here.fill(kind, annotations=said)
    refused = image("squash", name, "oci:out:app")
    assert (refused.status, "base-unknown" in refused.err) == (4, True), refused.err
    assert image("inspect", name).status == 0


def test_a_registry_that_does_not_answer_is_not_no_base(here: Somewhere) -> None:
    based(here, annotations={BASE_NAME: f"{here.registry.host}/gone:1"})
    here.registry.fault("GET manifests", status=403, times=99)
    here.registry.fault("HEAD manifests", status=403, times=99)
    status, said, _ = squashed()
    assert status == 77
    assert "looking for the base of oci:made:app" in said
    assert "--base REF or --base N" in said


def test_our_own_builder_says_the_number(here: Somewhere) -> None:
    based(here, annotations={BASE_LAYERS: "2"})
    assert cut() == (2, "its annotations")


def test_a_base_that_lies_beside_it_is_found_by_its_digest(here: Somewhere) -> None:
    digest = here.lay("base", layers=LAYERS[:2]).digest
    based(here, 2, annotations={BASE_DIGEST: digest})
    assert cut()[0] == 2


def test_what_lies_beside_it_and_is_no_manifest_is_no_base(here: Somewhere) -> None:
    layer = create_layout(here.folder / "made").put("x", b"not a manifest")
    based(here, annotations={BASE_DIGEST: layer.digest})
    status, said, _ = squashed()
    assert (status, "base-unknown" in said) == (4, True), said
    assert image("inspect", "oci:made:app").status == 0


def test_provenance_names_what_fits(here: Somewhere) -> None:
    """Of two stages' bases the one that it stands on; the attestation lies beside the image, in its index."""
    name = here.fill("registry", "base", "base", layers=LAYERS[:2])
    other = here.fill("registry", "other", "other", layers=LAYERS[2:])
    uris = [f"pkg:docker/{it.replace(':one', '').rpartition(':')[0]}@{it.rpartition(':')[2]}" for it in (other, name)]
    digests = [here.source(it).root().digest for it in (other, name)]
    statement = {
        "predicate": {
            "materials": [
                {"uri": uri, "digest": {"sha256": digest.removeprefix("sha256:")}}
                for uri, digest in zip(uris, digests, strict=True)
            ]
        }
    }
    layout = create_layout(here.folder / "made")
    app = lay_image(layout, "", LAYERS)
    layer = {
        **descriptor_json(layout.put("application/vnd.in-toto+json", json.dumps(statement).encode())),
        "annotations": {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"},
    }
    attestation = layout.put(
        OCI_MANIFEST,
        json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor_json(layout.put(OCI_CONFIG, b"{}")),
                "layers": [layer],
            }
        ).encode(),
    )
    annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": app.digest}
    beside = Descriptor(OCI_MANIFEST, attestation.digest, attestation.size, annotations, Platform("unknown", "unknown"))
    lay_index(layout, "app", [app, beside])
    depth, by = cut()
    assert depth == 2
    assert by.startswith("its provenance: ")


def test_platforms_may_stand_on_bases_of_different_depth_only_one_by_one(here: Somewhere) -> None:
    layout = create_layout(here.folder / "made")
    children = [
        lay_image(layout, "", LAYERS, annotations={BASE_LAYERS: "1"}),
        lay_image(layout, "", LAYERS, annotations={BASE_LAYERS: "2"}, platform=ARM),
    ]
    lay_index(layout, "app", children)
    status, said, _ = squashed()
    assert status == 4
    assert "linux/amd64: 1, linux/arm64: 2" in said
    assert "--platform" in said
    assert cut("--platform", "linux/arm64")[0] == 2


def test_every_platform_is_asked_for_its_own(here: Somewhere) -> None:
    layout = create_layout(here.folder / "made")
    base = [tar_of("one=1"), tar_of("two=2")]
    lay_index(
        layout,
        "base",
        [lay_image(layout, "", base[:1]), lay_image(layout, "", base[1:], platform=ARM)],
    )
    lay_index(
        layout,
        "app",
        [lay_image(layout, "", [base[0], *LAYERS]), lay_image(layout, "", [base[1], *LAYERS], platform=ARM)],
    )
    assert cut("--base", "oci:made:base")[0] == 1
    said = image("squash", "oci:made:app", "oci:out:app", "--base", "oci:made:base", "--layers", "1")
    assert said.status == 0, said.err
    found = here.document("oci:out:app")["manifests"]
    assert [it["platform"]["architecture"] for it in found] == ["amd64", "arm64"]


@pytest.mark.parametrize(
    ("args", "environ", "says"),
    [
        (["--base", "1", "--all"], {}, "--base and --all"),
        (["--layers", "0", "--all"], {}, "'0' is no number of layers"),
        (["--layers", "many", "--all"], {}, "'many' is no number of layers"),
        (["--platform", "linux", "--all"], {}, "not a platform"),
        (["--all"], {"SOURCE_DATE_EPOCH": "yesterday"}, "SOURCE_DATE_EPOCH"),
        (["--previous", "web", "--all"], {}, "--previous"),
        (["--base", "²"], {}, "reading --base"),
        (["--layers", "²", "--all"], {}, "'²' is no number of layers"),
        (["--all"], {"SOURCE_DATE_EPOCH": "²"}, "SOURCE_DATE_EPOCH"),
        (["--all"], {"SOURCE_DATE_EPOCH": "99999999999999"}, "SOURCE_DATE_EPOCH"),
    ],
)
def test_a_wrong_command_line_is_two(here: Somewhere, args: list[str], environ: dict[str, str], says: str) -> None:
    based(here)
    said = image("squash", "oci:made:app", "oci:out:app", *args, environ=environ)
    assert said.status == 2
    assert says in said.err
    assert not (here.folder / "out").exists()


def test_a_platform_that_is_not_there_is_refused_with_those_that_are(here: Somewhere) -> None:
    based(here)
    status, said, _ = squashed("--platform", "linux/s390x", "--all")
    assert status == 4
    assert "there is: linux/amd64" in said


def test_source_date_epoch_is_honoured(here: Somewhere) -> None:
    based(here)
    said = image(
        "squash", "oci:made:app", "oci:out:app", "--all", "--layers", "1", environ={"SOURCE_DATE_EPOCH": "86400"}
    )
    assert said.status == 0, said.err
    assert here.config("oci:out:app")["created"] == "1970-01-02T00:00:00Z"
