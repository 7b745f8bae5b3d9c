"""Putting blobs, mounts, manifests and tags."""

from __future__ import annotations

import json
import uuid
from urllib.parse import urljoin

from support.registry_values import CONFIG, INDEX, MANIFEST, describe, digest_of, index_of, manifest_of, vouching
from support.spec.place import ABSENT, EMPTY, KIND, OCTETS, Place, and_, clause


@clause("push", "a blob goes in by POST and then PUT")
def _(place: Place) -> None:
    said = place.ask("PUT", and_(place.begin(), digest=digest_of(b"content")), b"content", **OCTETS)
    assert said.status == 201
    assert place.ask("GET", urljoin(f"http://{place.host}/", said.place)).body == b"content"


@clause("push", "a blob goes in by a single POST, or that opens an upload")
def _(place: Place) -> None:
    said = place.ask("POST", f"blobs/uploads/?digest={digest_of(b'content')}", b"content", **OCTETS)
    if said.status == 202:
        said = place.ask("PUT", and_(said.place, digest=digest_of(b"content")), b"content", **OCTETS)
    assert said.status == 201
    assert place.ask("GET", f"blobs/{digest_of(b'content')}").body == b"content"


@clause("push", "a blob of no bytes is a blob")
def _(place: Place) -> None:
    blob = place.blob(b"")
    assert place.ask("HEAD", f"blobs/{blob.digest}").headers["Content-Length"] == "0"


@clause("push", "a blob goes in by chunks, each told by its range")
def _(place: Place) -> None:
    where, at = place.begin(), 0
    for chunk in (b"first ", b"second ", b"third"):
        span = {"Content_Range": f"{at}-{at + len(chunk) - 1}", "Content_Length": str(len(chunk))}
        said = place.ask("PATCH", where, chunk, **OCTETS, **span)
        at += len(chunk)
        assert (said.status, said.headers["Range"]) == (202, f"0-{at - 1}")
        where = said.place
    said = place.ask("PUT", and_(where, digest=digest_of(b"first second third")), b"")
    assert said.status == 201
    assert place.ask("GET", f"blobs/{digest_of(b'first second third')}").body == b"first second third"


@clause("push", "the last chunk may come with the PUT")
def _(place: Place) -> None:
    said = place.ask("PATCH", place.begin(), b"first ", **OCTETS, Content_Range="0-5")
    said = place.ask("PUT", and_(said.place, digest=digest_of(b"first last")), b"last", **OCTETS, Content_Range="6-9")
    assert said.status == 201
    assert place.ask("GET", f"blobs/{digest_of(b'first last')}").body == b"first last"


@clause("push", "a chunk out of order is 416, and the upload goes on where it was")
def _(place: Place) -> None:
    first = place.ask("PATCH", place.begin(), b"first ", **OCTETS, Content_Range="0-5")
    assert place.ask("PATCH", first.place, b"third", **OCTETS, Content_Range="13-17").status == 416
    where = place.ask("GET", first.place)
    assert (where.status, where.headers["Range"]) == (204, "0-5")
    said = place.ask("PATCH", where.place, b"second", **OCTETS, Content_Range="6-11")
    assert place.ask("PUT", and_(said.place, digest=digest_of(b"first second")), b"").status == 201


@clause("push", "how far an upload is can be asked")
def _(place: Place) -> None:
    said = place.ask("PATCH", place.begin(), b"first ", **OCTETS, Content_Range="0-5")
    where = place.ask("GET", said.place)
    assert (where.status, where.headers["Range"]) == (204, "0-5")
    assert where.place


@clause("push", "an upload can be given up")
def _(place: Place) -> None:
    where = place.begin()
    assert place.ask("DELETE", where).status == 204
    assert place.ask("GET", where).status == 404


@clause("push", "an upload that was never begun is 404")
def _(place: Place) -> None:
    place.blob(b"x")
    said = place.ask("PATCH", f"blobs/uploads/{uuid.uuid4()}", b"x", **OCTETS)
    assert (said.status, said.codes) == (404, ["BLOB_UPLOAD_UNKNOWN"])


@clause("push", "a blob whose digest is another is refused, and is not there")
def _(place: Place) -> None:
    said = place.ask("PUT", and_(place.begin(), digest=ABSENT), b"content", **OCTETS)
    assert (said.status, said.codes) == (400, ["DIGEST_INVALID"])
    for digest in (ABSENT, digest_of(b"content")):
        assert place.ask("HEAD", f"blobs/{digest}").status == 404


@clause("push", "a digest that is none is refused")
def _(place: Place) -> None:
    assert place.ask("PUT", and_(place.begin(), digest="sha256:short"), b"content", **OCTETS).status == 400


@clause("push", "a blob of another repository is mounted")
def _(place: Place) -> None:
    blob = place.blob(b"content")
    there = Place(place.host)
    said = there.ask("POST", f"blobs/uploads/?mount={blob.digest}&from={place.name}", b"")
    assert said.status == 201
    assert there.ask("GET", urljoin(f"http://{place.host}/", said.place)).body == b"content"


@clause("push", "a mount of what is not there opens an upload")
def _(place: Place) -> None:
    place.blob(b"x")
    there = Place(place.host)
    said = there.ask("POST", f"blobs/uploads/?mount={digest_of(b'content')}&from={place.name}", b"")
    assert said.status == 202
    assert there.ask("PUT", and_(said.place, digest=digest_of(b"content")), b"content", **OCTETS).status == 201


@clause("push", "a mount without a source mounts or opens an upload")
def _(place: Place) -> None:
    blob = place.blob(b"content")
    said = Place(place.host).ask("POST", f"blobs/uploads/?mount={blob.digest}", b"")
    assert said.status in (201, 202)
    assert said.place


@clause("push", "a manifest goes in by tag and by digest, and says where it is")
def _(place: Place) -> None:
    content = place.image(b"layer")
    for name in ("1", digest_of(content)):
        said = place.put(name, content)
        assert said.status == 201
        assert place.ask("GET", urljoin(f"http://{place.host}/", said.place)).body == content


@clause("push", "a tag moves to what it is given last, and the older manifest stays")
def _(place: Place) -> None:
    one, two = place.pushed(b"one", tag="1"), place.pushed(b"two", tag="1")
    assert place.ask("HEAD", "manifests/1").headers["Docker-Content-Digest"] == two.digest
    assert place.ask("HEAD", f"manifests/{one.digest}").status == 200


@clause("push", "a manifest whose digest is another is refused")
def _(place: Place) -> None:
    said = place.put(ABSENT, place.image(b"layer"))
    assert (said.status, said.codes) == (400, ["DIGEST_INVALID"])


@clause("push", "a manifest that is none is refused")
def _(place: Place) -> None:
    place.blob(b"x")
    for content in (b"", b"{", b"[]", b'"text"'):
        said = place.put("1", content)
        assert (said.status, said.codes) == (400, ["MANIFEST_INVALID"])


@clause("push", "a manifest that names a blob which is not there is refused")
def _(place: Place) -> None:
    said = place.put("1", manifest_of(place.blob(b"{}", CONFIG), [describe(b"never pushed")]))
    assert (said.status in (400, 404), said.codes) == (True, ["MANIFEST_BLOB_UNKNOWN"])
    assert place.ask("HEAD", "manifests/1").status == 404


@clause("push", "an index that names an image which is not there is refused")
def _(place: Place) -> None:
    place.blob(b"x")
    assert place.put("1", index_of([describe(b"{}", MANIFEST)]), INDEX).status in (400, 404)


@clause("push", "a manifest of almost 4 MiB is taken")
def _(place: Place) -> None:
    said = json.loads(place.image(b"layer"))
    said["annotations"] = {"long": "x" * ((4 << 20) - 2000)}
    assert place.put("1", json.dumps(said).encode()).status == 201


@clause("push", "an artifact is taken: an empty configuration, a type, layers of any type")
def _(place: Place) -> None:
    said = json.loads(manifest_of(place.blob(b"{}", EMPTY), [place.blob(b"anything", "application/x.any+thing")]))
    content = json.dumps({**said, "artifactType": KIND}).encode()
    assert place.put("1", content).status == 201
    assert place.ask("GET", "manifests/1").body == content


@clause("push", "what a manifest says of its subject is confirmed")
def _(place: Place) -> None:
    image = place.pushed(b"layer")
    content = vouching(image, place.blob(b"{}", EMPTY), KIND)
    assert place.put(digest_of(content), content).headers["OCI-Subject"] == image.digest


@clause("push", "a manifest may vouch for what is not there yet")
def _(place: Place) -> None:
    content = vouching(describe(b"not there", MANIFEST), place.blob(b"{}", EMPTY), KIND)
    assert place.put(digest_of(content), content).status == 201


@clause("push", "a tag has 128 characters at most")
def _(place: Place) -> None:
    content = place.image(b"layer")
    assert place.put("a" * 128, content).status == 201
    assert place.put("a" * 129, content).status in (400, 404)


@clause("push", "a repository is called as the specification has it")
def _(place: Place) -> None:
    for name in ("Upper/case", "-dash", "two..dots", "under___scores", "a//b"):
        assert place.ask("POST", f"/v2/{name}/blobs/uploads/", b"").status in (301, 308, 400, 404)
    for name in ("a", "a-b", "a.b", "a_b", "a__b", "a--b/c/d/e"):
        assert place.ask("POST", f"/v2/{name}/blobs/uploads/", b"").status == 202
