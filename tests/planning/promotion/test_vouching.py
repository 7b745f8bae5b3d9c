"""What an image lacks, as a table: what vouches, what is wanted, and the words for what is missing."""

from __future__ import annotations

import pytest

from paasctl.model.claim import Claim
from paasctl.planning.promotion.vouching import Vouched, lack

_IMAGE, _AMD, _ARM, _OTHER = (f"sha256:{it * 64}" for it in "1239")
_NAME = "registry.example/shop/web"
_SIGNATURE = "application/vnd.dev.cosign.simplesigning.v1+json"
_SPDX = "https://spdx.dev/Document"
_KEY = "ours"


def _claim(kind: str, *about: str, by: str = "", name: str = "", trouble: str = "") -> Claim:
    """One that is signed by whom `by` says: a signature is here the name of its key."""
    signed = ((b"said", by.encode()),) if by else ()
    return Claim(kinds=frozenset((kind,)), about=frozenset(about), name=name, signed=signed, trouble=trouble)


def _lack(what: str, *claims: Claim, key: str = "", platforms: bool = False) -> str:
    parts = {_AMD: "linux/amd64", _ARM: "linux/arm64"} if platforms else {}
    image = Vouched(digest=_IMAGE, platforms=parts, names=frozenset((_NAME,)), claims=claims)
    return lack(what, image, (lambda _, signature: signature == key.encode()) if key else None)


@pytest.mark.parametrize(
    ("what", "claims", "key", "why"),
    [
        pytest.param("signature", (), "", "none is beside it", id="nothing vouches"),
        pytest.param("signature", (_claim(_SPDX, _IMAGE),), "", "none is beside it", id="an SBOM is no signature"),
        pytest.param(
            "signature", (_claim(_SIGNATURE, _IMAGE, by="x"),), "", "", id="somebody's, where anybody will do"
        ),
        pytest.param("signature", (_claim(_SIGNATURE, _IMAGE, by=_KEY, name=_NAME),), _KEY, "", id="ours"),
        pytest.param(
            "signature", (_claim(_SIGNATURE, _IMAGE, by=_KEY, name=f"{_NAME}:1.2"),), _KEY, "", id="signed with a tag"
        ),
        pytest.param(
            "signature",
            (_claim(_SIGNATURE, _IMAGE, by=_KEY, name=f"{_NAME}@{_IMAGE}"),),
            _KEY,
            "",
            id="signed with a digest",
        ),
        pytest.param(
            "signature",
            (_claim(_SIGNATURE, _IMAGE, by="x"), _claim(_SIGNATURE, _IMAGE, by=_KEY)),
            _KEY,
            "",
            id="of two one is ours",
        ),
        pytest.param(
            "signature",
            (_claim(_SIGNATURE, _OTHER, by=_KEY), _claim(_SIGNATURE, _IMAGE, by="x")),
            _KEY,
            "it is about sha256:999999999999, not this image; it is signed by another key",
            id="of two each is wrong in its own way",
        ),
        pytest.param("sbom", (_claim(_SPDX, _IMAGE),), _KEY, "it is not signed", id="nobody signed it"),
        pytest.param("sbom", (_claim(_SPDX),), "", "it is about nothing, not this image", id="it names no subject"),
        pytest.param("sbom", (_claim(_SPDX, trouble="it can't be read"),), "", "it can't be read", id="unreadable"),
        pytest.param("sbom", (_claim("https://cyclonedx.org/bom", _IMAGE, _OTHER),), "", "", id="about two, and this"),
        pytest.param("https://a.example/scan", (_claim("https://a.example/scan/v1", _IMAGE),), "", "", id="an address"),
        pytest.param(
            "https://a.example/scan",
            (_claim("https://a.example/scan-that-failed", _IMAGE), _claim("https://a.example/scanned", _IMAGE)),
            "",
            "none is beside it",
            id="addresses that only begin alike",
        ),
        pytest.param("https://a.example/v1", (_claim("https://a.example/v1?x", _IMAGE),), "", "", id="a query"),
        pytest.param(
            "https://a.example/scan",
            (_claim("https://b.example/?https://a.example/scan", _IMAGE),),
            "",
            "none is beside it",
            id="an address in another",
        ),
    ],
)
def test_what_an_image_lacks(what: str, claims: tuple[Claim, ...], key: str, why: str) -> None:
    assert _lack(what, *claims, key=key) == why


@pytest.mark.parametrize(
    ("what", "about", "why"),
    [
        ("sbom", (_IMAGE,), ""),
        ("sbom", (_AMD, _ARM), ""),
        ("sbom", (_AMD,), "none is about linux/arm64"),
        ("sbom", (_OTHER,), "it is about sha256:999999999999, not this image"),
        ("signature", (_IMAGE,), ""),
        ("signature", (_AMD, _ARM), "none is about all of it"),
    ],
)
def test_of_several_platforms(what: str, about: tuple[str, ...], why: str) -> None:
    kind = _SPDX if what == "sbom" else _SIGNATURE
    assert _lack(what, *(_claim(kind, it) for it in about), platforms=True) == why
