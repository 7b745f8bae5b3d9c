"""What is attached to an image of a layout, read back; and the essential rules of SPDX 2.3, in-toto and SLSA v1.

Written from the public schemas: what they require, the forms of the texts, and that nothing is named that is not there.
"""

from __future__ import annotations

import json
import re
from typing import Any

from paasctl.adapters.layout import FolderLayout
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import descriptor_from

_SHA = {"SHA1": 40, "SHA256": 64, "SHA384": 96, "SHA512": 128}
_RELATIONS = {"DESCRIBES", "CONTAINS", "DESCENDANT_OF", "DEPENDS_ON"}
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def attached(layout: FolderLayout, made: Descriptor) -> dict[str, Any]:
    """The documents that vouch for an image, by artifact type; each manifest is looked at, too."""
    found: dict[str, Any] = {}
    for _, it in layout.referrers(made.digest):
        manifest = json.loads(layout.read(it))
        assert manifest["subject"] == {"mediaType": made.media_type, "digest": made.digest, "size": made.size}
        assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
        assert manifest["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
        (layer,) = manifest["layers"]
        assert layer["mediaType"] == manifest["artifactType"] == it.artifact_type
        assert layout.read(descriptor_from(manifest["config"], "test")) == b"{}"
        found[it.artifact_type] = json.loads(layout.read(descriptor_from(layer, "test")))
    return found


def check_spdx(said: dict[str, Any]) -> None:
    """What `spdx-schema.json` of SPDX 2.3 and its text demand of a document like ours."""
    assert said["spdxVersion"] == "SPDX-2.3"
    assert said["dataLicense"] == "CC0-1.0"
    assert said["SPDXID"] == "SPDXRef-DOCUMENT"
    assert said["name"]
    assert re.fullmatch(r"https://[^\s#]+", said["documentNamespace"])
    assert re.fullmatch(_TIME, said["creationInfo"]["created"])
    assert all(re.fullmatch(r"(Tool|Person|Organization): .+", it) for it in said["creationInfo"]["creators"])
    for it in said["packages"]:
        _check_package(it)
    ids = [it["SPDXID"] for it in said["packages"]]
    assert len(set(ids)) == len(ids)
    known = {*ids, "SPDXRef-DOCUMENT"}
    for it in said["relationships"]:
        assert set(it) == {"spdxElementId", "relationshipType", "relatedSpdxElement"}
        assert it["relationshipType"] in _RELATIONS
        assert {it["spdxElementId"], it["relatedSpdxElement"]} <= known
    related = {it["relatedSpdxElement"] for it in said["relationships"]}
    assert related == set(ids), "every package is told of in a relationship"


def _check_package(it: dict[str, Any]) -> None:
    assert {"name", "SPDXID", "downloadLocation"} <= set(it)
    assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", it["SPDXID"])
    assert it["filesAnalyzed"] is False
    for sum_ in it.get("checksums", ()):
        assert re.fullmatch(rf"[0-9a-f]{{{_SHA[sum_['algorithm']]}}}", sum_["checksumValue"])
    for reference in it.get("externalRefs", ()):
        assert reference["referenceCategory"] == "PACKAGE-MANAGER"
        assert reference["referenceType"] == "purl"
        assert re.fullmatch(r"pkg:[a-z]+/[^\s]+", reference["referenceLocator"])


def check_provenance(said: dict[str, Any], made: Descriptor) -> None:
    """What in-toto's Statement v1 and SLSA's provenance v1 demand."""
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    assert [it["digest"] for it in said["subject"]] == [{"sha256": made.digest.removeprefix("sha256:")}]
    definition = said["predicate"]["buildDefinition"]
    assert re.fullmatch(r"https://\S+", definition["buildType"])
    assert isinstance(definition["externalParameters"], dict)
    for it in definition["resolvedDependencies"]:
        assert {"uri", "digest", "content"} & set(it), "a resource descriptor has one of them"
        assert all(re.fullmatch(r"[0-9a-f]+", value) for value in it["digest"].values())
    assert re.fullmatch(r"https://\S+", said["predicate"]["runDetails"]["builder"]["id"])


def purls(said: dict[str, Any]) -> list[str]:
    """The package URLs of an SBOM."""
    return [ref["referenceLocator"] for it in said["packages"] for ref in it.get("externalRefs", ())]
