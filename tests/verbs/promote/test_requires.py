"""`requires`: what vouches must be about this very image, and by the key that was named; each lack says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.keys import FileKey
from paasctl.errors import Exit
from paasctl.model.image import Pinned
from paasctl.model.promoting import Gate, NotePromotion
from paasctl.oci.documents.signature import PAYLOAD_TYPE, SIGNATURE, payload
from paasctl.verbs.release import Release
from support.conducted import go
from support.copying import put_index
from support.promoting import VERSION, Stops, outcome, plan, record_again
from support.vouching import (
    SLSA,
    SPDX,
    envelope,
    make_key,
    put_attestation,
    put_bundle,
    put_layers,
    put_signature,
    statement,
)

_OTHER = f"sha256:{'9' * 64}"
_COSIGN = "https://sigstore.dev/cosign/sign/v1"
_BY_KEY = "{what: signature, key: keys/one.pub}"
_SBOM = "{what: sbom, key: keys/one.pub}"
_SCAN = "{what: 'https://example.com/scan', key: keys/one.pub}"


class Keys:
    """Of the project, and a stranger's."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.one, self.other = make_key(folder / "one.pem"), make_key(folder / "other.pem")
        self.folder = folder


@pytest.fixture
def keys(stops: Stops) -> Keys:
    return Keys(stops.world.project / "keys")


def _requires(stops: Stops, *what: str) -> None:
    paas = stops.world.project / "paas.yaml"
    showcase = f"environments: {{showcase: {{cluster: testbed, registry: rc, requires: [{', '.join(what)}]}}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))


def _web(stops: Stops) -> Pinned:
    return Pinned(stops.here.repository("shop/web"), stops.digest())


def _gates(stops: Stops) -> list[Gate]:
    (noted,) = (it for it in plan(stops.promote(dry_run=True)[1]).steps if isinstance(it, NotePromotion))
    return list(noted.gates)


def _refused(stops: Stops) -> str:
    stops.forget()
    status, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "gate-closed")
    assert stops.there.writes == 0
    (why,) = problem.evidence
    return why


Made = Callable[[Stops, FileKey, FileKey], Any]


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        pytest.param(_BY_KEY, lambda on, key, _: put_signature(on.here, _web(on), key), id="cosign's signature"),
        pytest.param(
            _BY_KEY,
            lambda on, key, _: put_signature(on.here, _web(on), key, name=str(on.there.repository("shop/web"))),
            id="signed at a later stop of the path",
        ),
        pytest.param(
            _BY_KEY,
            lambda on, key, _: put_bundle(
                on.here, on.image(), "shop/web", envelope(statement(on.digest(), _COSIGN), key)
            ),
            id="cosign's signature in a bundle",
        ),
        pytest.param(
            _SBOM,
            lambda on, key, _: put_attestation(on.here, _web(on), envelope(statement(on.digest(), SPDX), key), SPDX),
            id="an attested SBOM",
        ),
        pytest.param(
            "{what: provenance, key: keys/one.pub}",
            lambda on, key, other: put_attestation(
                on.here, _web(on), envelope(statement(on.digest(), SLSA), other, key), SLSA
            ),
            id="provenance with two signatures, one of them right",
        ),
        pytest.param(
            _SCAN,
            lambda on, key, _: put_bundle(
                on.here, on.image(), "shop/web", envelope(statement(on.digest(), "https://example.com/scan/v2"), key)
            ),
            id="a predicate of one's own, in a bundle",
        ),
    ],
)
def test_what_is_by_the_key_and_about_the_image_opens_the_gate(
    stops: Stops, keys: Keys, wanted: str, made: Made
) -> None:
    _requires(stops, wanted)
    assert "image web: " in _refused(stops)
    made(stops, keys.one, keys.other)
    (gate,) = _gates(stops)
    assert (gate.state, gate.of.endswith(" by keys/one.pub")) == ("open", True)
    assert stops.promote()[0] is Exit.OK


@pytest.mark.parametrize(
    ("wanted", "made", "why"),
    [
        pytest.param(
            _BY_KEY,
            lambda on, _, other: put_signature(on.here, _web(on), other),
            "signed by another key",
            id="another key",
        ),
        pytest.param(
            _BY_KEY,
            lambda on, key, _: put_signature(on.here, _web(on), key, digest=_OTHER),
            "it is about sha256:999999999999, not this image",
            id="a signature of another image",
        ),
        pytest.param(
            "signature",
            lambda on, key, _: put_signature(on.here, _web(on), key, digest=_OTHER),
            "it is about sha256:999999999999, not this image",
            id="a signature of another image, whoever made it",
        ),
        pytest.param(
            _BY_KEY,
            lambda on, key, _: put_signature(on.here, _web(on), key, name="registry.example/other/web"),
            "it was signed as registry.example/other/web, which is no place of this image",
            id="signed as something else",
        ),
        pytest.param(
            "signature",
            lambda on, *_: put_layers(on.here, _web(on), ".sig", [(b"garbage", PAYLOAD_TYPE, {SIGNATURE: "YQ=="})]),
            "it can't be read: it is no payload of a signature",
            id="no payload",
        ),
        pytest.param(
            _BY_KEY,
            lambda on, *_: put_layers(
                on.here, _web(on), ".sig", [(_payload(on), PAYLOAD_TYPE, {SIGNATURE: "no base64!"})]
            ),
            "it can't be read: its signature is not in base64",
            id="no signature in it",
        ),
        pytest.param(
            _SBOM,
            lambda *_: None,
            "it is not signed",
            id="the build's own SBOM is beside it, and nobody signed it",
        ),
        pytest.param(
            _SBOM,
            lambda on, _, other: put_attestation(
                on.here, _web(on), envelope(statement(on.digest(), SPDX), other), SPDX
            ),
            "it is signed by another key",
            id="an SBOM attested by another key",
        ),
        pytest.param(
            _SCAN,
            lambda on, key, _: put_attestation(
                on.here,
                _web(on),
                envelope(statement(_OTHER, "https://example.com/scan"), key),
                "https://example.com/scan",
            ),
            "it is about sha256:999999999999, not this image",
            id="an attestation of another image",
        ),
        pytest.param(
            "'https://example.com/scan'",
            lambda on, key, _: put_attestation(
                on.here, _web(on), envelope(statement(on.digest(), SPDX), key), "https://example.com/scan"
            ),
            "none is beside it",
            id="the annotation says one thing, the statement another",
        ),
        pytest.param(
            _SCAN,
            lambda on, key, _: put_attestation(
                on.here,
                _web(on),
                envelope(statement(on.digest(), "https://example.com/scan"), key) | {"payload": "e30="},
                "https://example.com/scan",
            ),
            "it can't be read: it is no in-toto statement",
            id="another payload in the envelope",
        ),
        pytest.param(
            _SCAN,
            lambda on, key, _: put_attestation(
                on.here,
                _web(on),
                envelope(statement(on.digest(), "https://example.com/scan"), key, kind="text/plain"),
                "https://example.com/scan",
            ),
            "it can't be read: its payload is text/plain, not an in-toto statement",
            id="another type of payload",
        ),
        pytest.param(
            _SCAN,
            lambda on, *_: put_attestation(on.here, _web(on), b"[]", "https://example.com/scan"),
            "it can't be read: the envelope is no JSON object",
            id="no envelope",
        ),
    ],
)
def test_what_is_not_right_closes_it_and_says_why(stops: Stops, keys: Keys, wanted: str, made: Made, why: str) -> None:
    _requires(stops, wanted)
    made(stops, keys.one, keys.other)
    assert why in _refused(stops)


def _payload(stops: Stops) -> bytes:
    return payload(_web(stops))


@pytest.mark.usefixtures("keys")
def test_a_release_that_paasctl_signs_is_let_in_by_its_key(stops: Stops) -> None:
    assert go(Release(key="keys/one.pem"), stops.world)[0] is Exit.OK
    _requires(stops, _BY_KEY)
    assert stops.promote()[0] is Exit.OK


def test_a_key_in_the_file_and_two_of_which_one_will_do(stops: Stops, keys: Keys) -> None:
    put_signature(stops.here, _web(stops), keys.one)
    both = (keys.folder / "other.pub").read_text() + (keys.folder / "one.pub").read_text()
    (keys.folder / "both.pub").write_text(both)
    inline = (keys.folder / "one.pub").read_text().replace("\n", "\\n")
    _requires(stops, "{what: signature, key: keys/both.pub}", f'{{what: signature, key: "{inline}"}}')
    assert [it.of for it in _gates(stops)] == ["signature by keys/both.pub", "signature by a key"]
    assert stops.promote()[0] is Exit.OK


def test_of_an_index_a_signature_is_about_all_and_an_attestation_about_each_platform(stops: Stops, keys: Keys) -> None:
    web, other = stops.image(), stops.here.put_image("shop/web", b"arm")
    index = put_index(stops.here, "shop/web", (web, "linux/amd64"), (other, "linux/arm64"), tag="several")
    record_again(stops, index.digest)
    _requires(stops, _SBOM)
    amd, arm = (Pinned(stops.here.repository("shop/web"), it.digest) for it in (web, other))
    put_attestation(stops.here, amd, envelope(statement(amd.digest, SPDX), keys.one), SPDX)
    assert _refused(stops).endswith("image web: none is about linux/arm64")
    put_attestation(stops.here, arm, envelope(statement(arm.digest, SPDX), keys.one), SPDX)
    assert [it.state for it in _gates(stops)] == ["open"]


def test_a_signature_of_one_platform_is_none_of_the_image(stops: Stops, keys: Keys) -> None:
    web, other = stops.image(), stops.here.put_image("shop/web", b"arm")
    index = put_index(stops.here, "shop/web", (web, "linux/amd64"), (other, "linux/arm64"), tag="several")
    record_again(stops, index.digest)
    _requires(stops, _BY_KEY)
    for it in (web, other):
        put_signature(stops.here, Pinned(stops.here.repository("shop/web"), it.digest), keys.one)
    assert _refused(stops).endswith("image web: none is about all of it")
    put_signature(stops.here, Pinned(stops.here.repository("shop/web"), index.digest), keys.one)
    assert stops.promote()[0] is Exit.OK


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("keys/none.pub", "No such file or directory"),
        ("keys/one.pem", "it is a private key, which stays with whoever signs"),
        ("paas.yaml", "there is no public key in PEM"),
    ],
)
def test_a_key_that_is_none_is_the_files_fault(stops: Stops, key: str, why: str) -> None:
    _requires(stops, f"{{what: signature, key: {key}}}")
    status, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.CONFIG, "key-unreadable")
    assert why in problem.message
    assert stops.there.writes == 0


def test_what_cannot_be_read_is_not_no(stops: Stops, keys: Keys) -> None:
    put_signature(stops.here, _web(stops), keys.one)
    _requires(stops, _BY_KEY)
    stops.here.fault("GET blobs", status=503, times=10_000)
    assert stops.promote()[0] is Exit.UNAVAILABLE
    assert stops.there.writes == 0


def test_a_signature_whose_payload_is_lost_is_not_no_either(stops: Stops, keys: Keys) -> None:
    put_signature(stops.here, _web(stops), keys.one)
    _requires(stops, _BY_KEY)
    manifest = stops.manifest(stops.here, "shop/web", stops.here.tags["shop/web"][_sig(stops)])
    del stops.here.blobs["shop/web"][manifest["layers"][0]["digest"]]
    assert stops.promote()[0] is Exit.UNAVAILABLE


def _sig(stops: Stops) -> str:
    return f"{stops.digest().replace(':', '-')}.sig"


def test_where_nothing_is_required_nothing_is_read_of_it(stops: Stops, keys: Keys) -> None:
    put_signature(stops.here, _web(stops), keys.one)
    stops.forget()
    assert stops.promote(VERSION, dry_run=True)[0] is Exit.OK
    assert not [it for it in stops.here.log if it.method == "GET" and "/shop/web/blobs/" in it.path]


def test_an_image_that_lies_there_already_is_asked_as_one_that_goes_there(stops: Stops, keys: Keys) -> None:
    assert stops.promote()[0] is Exit.OK
    there = Pinned(stops.there.repository("shop/web"), stops.digest())
    stops.world.git.commit("feat: built elsewhere")
    stops.world.git.publish("origin")
    assert go(Release(images=(("web", there),)), stops.world)[0] is Exit.OK
    _requires(stops, _BY_KEY)
    stops.forget()
    status, events = stops.promote("0.1.1")
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "gate-closed")
    assert problem.evidence[0].endswith("image web: none is beside it")
    assert stops.there.writes == 0
    put_signature(stops.there, there, keys.one)
    assert stops.promote("0.1.1")[0] is Exit.OK


def test_an_image_that_lies_there_no_more_opens_nothing(stops: Stops, keys: Keys) -> None:
    del keys
    assert stops.promote()[0] is Exit.OK
    there = Pinned(stops.there.repository("shop/web"), stops.digest())
    stops.world.git.commit("feat: built elsewhere")
    stops.world.git.publish("origin")
    assert go(Release(images=(("web", there),)), stops.world)[0] is Exit.OK
    _requires(stops, "signature")
    stops.there.folder.delete_manifest("shop/web", there.digest)
    status, events = stops.promote("0.1.1")
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "image-not-found")
