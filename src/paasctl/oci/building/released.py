"""What vouches for a release record: how it came about, and what is in it. The same release has the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from paasctl import __version__
from paasctl.model.image import Pinned
from paasctl.model.release import Release
from paasctl.oci.building.provenance import PREDICATE, STATEMENT
from paasctl.oci.documents.config import rfc3339
from paasctl.oci.documents.manifest import Json, canonical

_BUILD_TYPE = "https://paasctl.dev/build/release/v1"
_BUILDER = "https://paasctl.dev/builder/release"
_NAMESPACE = "https://paasctl.dev/spdx"


def record_provenance(release: Release, record: str) -> bytes:
    """An in-toto statement about the record (its digest) and the images: from which commit, on which bases."""
    images = [{"name": name, "digest": _sum(it.digest)} for name, it in sorted(release.images.items())]
    bases = [{"name": f"base of {name}", "digest": _sum(it)} for name, it in sorted(release.bases.items())]
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": f"{release.app} {release.version}", "digest": _sum(record)}, *images],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": _BUILD_TYPE,
                    "externalParameters": {"app": release.app, "version": release.version},
                    "internalParameters": {"sourceDateEpoch": release.created},
                    "resolvedDependencies": [{"name": "source", "digest": {"gitCommit": release.commit}}, *bases],
                },
                "runDetails": {"builder": {"id": _BUILDER, "version": {"paasctl": __version__}}},
            },
        }
    )


def record_sbom(release: Release) -> bytes:
    """SPDX 2.3: the release and every image that it runs. What is in an image, the image's own SBOM says."""
    inside = [*sorted(release.images.items()), *((str(it.repository), it) for it in _once(release.outside.values()))]
    packages = [_package(name, f"image-{number}", pinned) for number, (name, pinned) in enumerate(inside, 1)]
    root = {**_described(release.app, "release"), "versionInfo": release.version}
    document: Json = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{release.app} {release.version}",
        "creationInfo": {"created": rfc3339(release.created), "creators": [f"Tool: paasctl-{__version__}"]},
        "packages": [root, *packages],
        "relationships": [
            _relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-release"),
            *(_relation("SPDXRef-release", "CONTAINS", it["SPDXID"]) for it in packages),
        ],
    }
    mark = hashlib.sha256(canonical(document)).hexdigest()
    return canonical({**document, "documentNamespace": f"{_NAMESPACE}/{release.app}/{mark}"})


def _once(images: Iterable[Pinned]) -> list[Pinned]:
    return sorted(set(images))


def _package(name: str, identity: str, pinned: Pinned) -> Json:
    sums = [{"algorithm": "SHA256", "checksumValue": pinned.digest.removeprefix("sha256:")}]
    return {**_described(name, identity), "primaryPackagePurpose": "CONTAINER", "checksums": sums}


def _described(name: str, identity: str) -> Json:
    return {"SPDXID": f"SPDXRef-{identity}", "name": name, "downloadLocation": "NOASSERTION", "filesAnalyzed": False}


def _relation(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _sum(digest: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}
