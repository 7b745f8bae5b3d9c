"""Getting manifests and blobs."""

from __future__ import annotations

from support.registry_values import INDEX, MANIFEST, digest_of, index_of
from support.spec.place import ABSENT, Place, clause


@clause("pull", "the base endpoint says that the API is spoken here")
def _(place: Place) -> None:
    assert place.ask("GET", "/v2/").status == 200


@clause("pull", "a manifest comes back by tag and by digest, byte by byte, with its type and digest")
def _(place: Place) -> None:
    content = place.image(b"layer")
    place.put("1", content)
    for name in ("1", digest_of(content)):
        said = place.ask("GET", f"manifests/{name}")
        assert (said.status, said.body) == (200, content)
        assert said.headers["Content-Type"] == MANIFEST
        assert said.headers["Docker-Content-Digest"] == digest_of(content)


@clause("pull", "HEAD of a manifest says size, type and digest, and has no body")
def _(place: Place) -> None:
    content = place.image(b"layer")
    place.put("1", content)
    for name in ("1", digest_of(content)):
        said = place.ask("HEAD", f"manifests/{name}")
        assert (said.status, said.body) == (200, b"")
        assert said.headers["Content-Length"] == str(len(content))
        assert said.headers["Content-Type"] == MANIFEST
        assert said.headers["Docker-Content-Digest"] == digest_of(content)


@clause("pull", "an index comes back as it is, too")
def _(place: Place) -> None:
    content = index_of([place.pushed(b"one"), place.pushed(b"two")])
    assert place.put("all", content, INDEX).status == 201
    said = place.ask("GET", "manifests/all")
    assert (said.body, said.headers["Content-Type"]) == (content, INDEX)


@clause("pull", "a manifest that is not there is 404, by tag, digest, GET and HEAD")
def _(place: Place) -> None:
    place.pushed(b"layer", tag="1")
    for name in ("2", ABSENT):
        assert place.ask("HEAD", f"manifests/{name}").status == 404
        said = place.ask("GET", f"manifests/{name}")
        assert (said.status, said.codes) == (404, ["MANIFEST_UNKNOWN"])


@clause("pull", "nothing is to be had of a repository that is not there")
def _(place: Place) -> None:
    for path in ("manifests/1", f"manifests/{ABSENT}", f"blobs/{ABSENT}", "tags/list"):
        said = place.ask("GET", path)
        assert said.status == 404
        assert set(said.codes) <= {"NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"}


@clause("pull", "a blob comes back byte by byte")
def _(place: Place) -> None:
    blob = place.blob(b"content")
    said = place.ask("GET", f"blobs/{blob.digest}")
    assert (said.status, said.body) == (200, b"content")
    assert said.headers.get("Docker-Content-Digest", blob.digest) == blob.digest


@clause("pull", "HEAD of a blob says its size and has no body")
def _(place: Place) -> None:
    blob = place.blob(b"content")
    said = place.ask("HEAD", f"blobs/{blob.digest}")
    assert (said.status, said.body, said.headers["Content-Length"]) == (200, b"", "7")


@clause("pull", "a blob that is not there is 404, by GET and HEAD")
def _(place: Place) -> None:
    place.blob(b"content")
    assert place.ask("HEAD", f"blobs/{ABSENT}").status == 404
    said = place.ask("GET", f"blobs/{ABSENT}")
    assert (said.status, said.codes) == (404, ["BLOB_UNKNOWN"])


@clause("pull", "a part of a blob can be asked for")
def _(place: Place) -> None:
    blob = place.blob(b"0123456789")
    said = place.ask("GET", f"blobs/{blob.digest}", Range="bytes=3-5")
    assert (said.status, said.body, said.headers["Content-Range"]) == (206, b"345", "bytes 3-5/10")
    said = place.ask("GET", f"blobs/{blob.digest}", Range="bytes=8-")
    assert (said.status, said.body, said.headers["Content-Range"]) == (206, b"89", "bytes 8-9/10")


@clause("pull", "a part beyond the end is 416")
def _(place: Place) -> None:
    blob = place.blob(b"0123456789")
    assert place.ask("GET", f"blobs/{blob.digest}", Range="bytes=10-12").status == 416


@clause("pull", "a blob of one repository is not in another")
def _(place: Place) -> None:
    blob = place.blob(b"content")
    assert place.ask("GET", f"/v2/{place.name}/other/blobs/{blob.digest}").status == 404
