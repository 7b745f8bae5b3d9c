"""Whether what vouches for an image is what was asked for: about this image, under its name, by that key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from paasctl.model.claim import Claim
from paasctl.values import dataclass

Verifies = Callable[[bytes, bytes], bool]
"""Whether a key made a signature: what was signed, the signature."""
_MARKS: Mapping[str, tuple[str, ...]] = {
    "signature": ("simplesigning", "https://sigstore.dev/cosign/sign/", "cncf.notary.signature"),
    "sbom": ("spdx", "cyclonedx"),
    "provenance": ("slsa.dev/provenance", "slsa.provenance"),
}
"""By what a claim is known: a part of its type or of its predicate's address."""
_SHOWN = len("sha256:") + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """An image, and all that vouches for it or for a part of it."""

    digest: str
    platforms: Mapping[str, str]
    """Of an index: digest -> platform, of what a machine may run."""
    names: frozenset[str]
    """Repositories that it may have been signed in: those of the promotion path."""
    claims: tuple[Claim, ...]


def lack(what: str, image: Vouched, verifies: Verifies | None) -> str:
    """Why the image has not what is wanted (`signature`, `sbom`, `provenance`, an address); empty: it has.

    One about the whole image is enough; of what is about platforms each must have its own. A signature of a part is
    none of the image. `verifies` None: nobody said whose it must be.
    """
    ours = [it for it in image.claims if _is_a(it, what)]
    if not ours:
        return "none is beside it"
    wrong = {it: _wrong(it, image, verifies) for it in ours}
    about = {digest for it, why in wrong.items() if not why for digest in it.about}
    bare = [name for digest, name in image.platforms.items() if digest not in about]
    if image.digest in about or (image.platforms and not bare and what != "signature"):
        return ""
    if about:
        return f"none is about {', '.join(sorted(bare)) if what != 'signature' else 'all of it'}"
    return "; ".join(dict.fromkeys(wrong.values()))


def _is_a(claim: Claim, what: str) -> bool:
    if what in _MARKS:
        return any(mark in kind for mark in _MARKS[what] for kind in claim.kinds)
    return any(_is_under(kind, what) for kind in claim.kinds)


def _is_under(kind: str, what: str) -> bool:
    """Whether a predicate is that address or one below it: `…/scan` is also `…/scan/v1`, and not `…/scanned`."""
    rest = kind.removeprefix(what)
    return kind.startswith(what) and (not rest or what.endswith("/") or not (rest[0].isalnum() or rest[0] in "-_"))


def _wrong(claim: Claim, image: Vouched, verifies: Verifies | None) -> str:
    if claim.trouble:
        return claim.trouble
    if not claim.about & {image.digest, *image.platforms}:
        return f"it is about {_digests(claim.about)}, not this image"
    if claim.name and _repository(claim.name) not in image.names:
        return f"it was signed as {claim.name}, which is no place of this image"
    if verifies is None:
        return ""
    if not claim.signed:
        return "it is not signed"
    return "" if any(verifies(*it) for it in claim.signed) else "it is signed by another key"


def _repository(name: str) -> str:
    """Without a tag or a digest, which some write there."""
    bare = name.partition("@")[0]
    head, slash, last = bare.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _digests(them: Iterable[str]) -> str:
    return ", ".join(it[:_SHOWN] for it in sorted(them)) or "nothing"
