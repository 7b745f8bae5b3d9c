"""A software bill of materials: SPDX 2.3 in JSON, of what is known exactly. The same image has the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from paasctl import __version__
from paasctl.model.plan import Build
from paasctl.oci.building.packages import Package
from paasctl.oci.documents.config import rfc3339
from paasctl.oci.documents.manifest import Json, canonical

SPDX = "application/spdx+json"
_NAMESPACE = "https://paasctl.dev/spdx"
_UNKNOWN = "NOASSERTION"
_LICENSES = """
0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 BlueOak-1.0.0
CC-BY-3.0 CC-BY-4.0 CC0-1.0 EPL-1.0 EPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC
LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MPL-1.1 MPL-2.0 PSF-2.0 Python-2.0 Unlicense
W3C WTFPL Zlib ZPL-2.1
"""
"""Names of the SPDX list that are taken as they are; any other text is told as a comment."""
_KNOWN = {*_LICENSES.split(), "AND", "OR", "(", ")"}


def sbom(step: Build, base: Mapping[str, str], packages: Sequence[Package]) -> bytes:
    """The document about one image. `base` has the name and the digest of its base, where it has one."""
    described = [_image(step), *_base(base), *_packages(packages)]
    document: Json = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{step.image.name} {step.version}",
        "creationInfo": {"created": rfc3339(step.epoch), "creators": [f"Tool: paasctl-{__version__}"]},
        "packages": described,
        "relationships": [
            _relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image"),
            *(_relation("SPDXRef-image", _RELATIONS[_part(it)], it["SPDXID"]) for it in described[1:]),
        ],
    }
    mark = hashlib.sha256(canonical(document)).hexdigest()
    return canonical({**document, "documentNamespace": f"{_NAMESPACE}/{step.image.name}/{mark}"})


_RELATIONS = {"base": "DESCENDANT_OF", "package": "CONTAINS"}


def _part(package: Json) -> str:
    return "base" if package["SPDXID"] == "SPDXRef-base" else "package"


def _relation(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _described(name: str, identity: str, version: str) -> Json:
    said = {
        "SPDXID": f"SPDXRef-{identity}",
        "name": name,
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }
    return {**said, "versionInfo": version} if version else said


def _image(step: Build) -> Json:
    return {**_described(step.image.name, "image", step.version), "primaryPackagePurpose": "CONTAINER"}


def _base(base: Mapping[str, str]) -> list[Json]:
    digest = base.get("digest", "").removeprefix("sha256:")
    if not digest:
        return []
    sums = [{"algorithm": "SHA256", "checksumValue": digest}]
    said = _described(base.get("name") or "base", "base", "")
    return [{**said, "primaryPackagePurpose": "CONTAINER", "checksums": sums}]


def _packages(packages: Sequence[Package]) -> list[Json]:
    """Each once, in one order; SPDX wants an identity per package that has only letters, digits, `.` and `-`."""
    found = {(it.name, it.version, it.purl, it.file): it for it in packages}
    return [_package(found[key], number) for number, key in enumerate(sorted(found), 1)]


def _package(it: Package, number: int) -> Json:
    said = {**_described(it.name, f"package-{number}", it.version), **_license(it.license)}
    if it.file:
        said["packageFileName"] = it.file
    if it.checksums:
        said["checksums"] = [
            {"algorithm": algorithm, "checksumValue": value} for algorithm, value in sorted(it.checksums.items())
        ]
    if it.purl:
        locator = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": it.purl}
        said["externalRefs"] = [locator]
    return said


def _license(text: str) -> Json:
    if not text:
        return {}
    words = text.replace("(", " ( ").replace(")", " ) ").split()
    if _KNOWN.issuperset(words):
        return {"licenseDeclared": text}
    return {"licenseComments": f"declared as {text}"}
