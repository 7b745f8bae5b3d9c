"""Listing tags, and what vouches for what."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from support.registry_values import CONFIG, INDEX, MANIFEST, describe, digest_of, index_of
from support.spec.place import ABSENT, KIND, Place, clause


@clause("discovery", "tags are listed in order")
def _(place: Place) -> None:
    content = place.image(b"layer")
    for tag in ("b", "a", "c", "10", "9", "B"):
        place.put(tag, content)
    assert place.tags() == sorted(["b", "a", "c", "10", "9", "B"])


@clause("discovery", "a repository without tags has a list without tags")
def _(place: Place) -> None:
    place.pushed(b"layer")
    assert place.tags() == []


@clause("discovery", "as many tags are listed as are asked for, and a Link leads to the rest")
def _(place: Place) -> None:
    content = place.image(b"layer")
    for tag in "abcde":
        place.put(tag, content)
    found, at = list[str](), f"/v2/{place.name}/tags/list?n=2"
    for _ in range(5):
        said = place.ask("GET", at)
        page = json.loads(said.body)["tags"]
        assert len(page) <= 2
        found += page
        if not (link := said.headers.get("Link")):
            break
        assert 'rel="next"' in link
        at = link[link.index("<") + 1 : link.index(">")]
    assert found == list("abcde")


@clause("discovery", "tags are listed from the last that is known")
def _(place: Place) -> None:
    content = place.image(b"layer")
    for tag in "abcde":
        place.put(tag, content)
    assert place.tags("?n=2&last=b") == ["c", "d"]
    assert place.tags("?last=c") == ["d", "e"]
    assert place.tags("?last=bb") == ["c", "d", "e"]


@clause("discovery", "no tags are listed where none are asked for")
def _(place: Place) -> None:
    place.pushed(b"layer", tag="1")
    assert place.tags("?n=0") == []


@clause("discovery", "what vouches for a manifest is listed, with its type and annotations")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    signed = place.vouched(image, "by ann")
    assert place.listed(image.digest) == [
        {
            "mediaType": MANIFEST,
            "digest": signed.digest,
            "size": signed.size,
            "artifactType": KIND,
            "annotations": {"note": "by ann"},
        }
    ]


@clause("discovery", "without an artifact type the configuration's type stands for it")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    said = json.loads(place.image(b"signature"))
    said["subject"] = {"mediaType": image.media_type, "digest": image.digest, "size": image.size}
    assert place.put("sig", json.dumps(said).encode()).status == 201
    assert [it["artifactType"] for it in place.listed(image.digest)] == [CONFIG]


@clause("discovery", "an index may vouch, too")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    said = json.loads(index_of([place.pushed(b"part")]))
    said |= {"subject": {"mediaType": image.media_type, "digest": image.digest, "size": image.size}}
    said |= {"artifactType": KIND}
    assert place.put("sig", json.dumps(said).encode(), INDEX).status == 201
    assert [(it["mediaType"], it["artifactType"]) for it in place.listed(image.digest)] == [(INDEX, KIND)]


@clause("discovery", "what nobody vouches for has an empty list, also where it is not there")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    assert place.listed(image.digest) == []
    assert place.listed(ABSENT) == []


@clause("discovery", "what vouches is listed before its subject is there")
def _(place: Place) -> None:
    content = place.image(b"later")
    signed = place.vouched(describe(content, MANIFEST))
    assert [it["digest"] for it in place.listed(digest_of(content))] == [signed.digest]


@clause("discovery", "of what vouches one type can be asked for")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    signed, sbom = place.vouched(image), place.vouched(image, kind="application/spdx+json")
    assert {it["digest"] for it in place.listed(image.digest)} == {signed.digest, sbom.digest}
    query = urlencode({"artifactType": "application/spdx+json"})
    said = place.ask("GET", f"referrers/{image.digest}?{query}")
    assert said.headers["OCI-Filters-Applied"] == "artifactType"
    assert [it["digest"] for it in json.loads(said.body)["manifests"]] == [sbom.digest]


@clause("discovery", "a digest that is none has no list of what vouches for it")
def _(place: Place) -> None:
    place.blob(b"x")
    assert place.ask("GET", "referrers/sha256:short").status == 400
