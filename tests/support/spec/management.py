"""Deleting."""

from __future__ import annotations

from support.spec.place import ABSENT, Place, clause


@clause("management", "a tag is deleted, and the manifest stays")
def _(place: Place) -> None:
    image = place.pushed(b"layer", tag="1")
    assert place.ask("DELETE", "manifests/1").status == 202
    assert place.ask("HEAD", "manifests/1").status == 404
    assert place.ask("HEAD", f"manifests/{image.digest}").status == 200


@clause("management", "a manifest is deleted, and all its tags with it")
def _(place: Place) -> None:
    image, other = place.pushed(b"layer", tag="1"), place.pushed(b"other", tag="2")
    assert place.ask("DELETE", f"manifests/{image.digest}").status == 202
    assert place.ask("HEAD", f"manifests/{image.digest}").status == 404
    assert place.ask("HEAD", "manifests/1").status == 404
    assert place.ask("HEAD", f"manifests/{other.digest}").status == 200


@clause("management", "tags of a deleted manifest are not listed any more")
def _(place: Place) -> None:
    image = place.pushed(b"layer", tag="1")
    place.pushed(b"other", tag="2")
    place.ask("DELETE", f"manifests/{image.digest}")
    assert place.tags() == ["2"]


@clause("management", "what vouched is not listed when it is deleted")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    signed = place.vouched(image)
    assert place.ask("DELETE", f"manifests/{signed.digest}").status == 202
    assert place.listed(image.digest) == []


@clause("management", "a blob is deleted")
def _(place: Place) -> None:
    blob = place.blob(b"content")
    assert place.ask("DELETE", f"blobs/{blob.digest}").status == 202
    assert place.ask("HEAD", f"blobs/{blob.digest}").status == 404


@clause("management", "a blob that is deleted here stays where it was mounted")
def _(place: Place) -> None:
    blob, there = place.blob(b"content"), Place(place.host)
    there.ask("POST", f"blobs/uploads/?mount={blob.digest}&from={place.name}", b"")
    place.ask("DELETE", f"blobs/{blob.digest}")
    assert there.ask("GET", f"blobs/{blob.digest}").body == b"content"


@clause("management", "what is not there cannot be deleted")
def _(place: Place) -> None:
    place.pushed(b"layer", tag="1")
    assert place.ask("DELETE", f"manifests/{ABSENT}").status == 404
    assert place.ask("DELETE", f"blobs/{ABSENT}").status == 404


@clause("management", "a tag that is not there cannot be deleted")
def _(place: Place) -> None:
    place.pushed(b"layer", tag="1")
    assert place.ask("DELETE", "manifests/2").status == 404


@clause("management", "what was deleted can be pushed again")
def _(place: Place) -> None:
    image = place.pushed(b"layer", tag="1")
    place.ask("DELETE", f"manifests/{image.digest}")
    assert place.pushed(b"layer", tag="1") == image
    assert place.ask("HEAD", "manifests/1").status == 200
