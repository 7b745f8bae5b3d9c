"""The distribution spec (1.1) over a folder. Called from many threads."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasctl.embedded.http.message import Request, Response
from paasctl.embedded.registry.folder import Folder, Manifest
from paasctl.embedded.registry.logins import Logins, RefusedError
from paasctl.embedded.registry.uploads import Upload, Uploads

_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_ROUTES = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("base", r"/v2/?"),
        ("token", r"/token"),
        ("catalog", r"/v2/_catalog"),
        ("tags", r"/v2/(?P<at>.+)/tags/list"),
        ("referrers", r"/v2/(?P<at>.+)/referrers/(?P<name>[^/]+)"),
        ("manifests", r"/v2/(?P<at>.+)/manifests/(?P<name>[^/]+)"),
        ("uploads", r"/v2/(?P<at>.+)/blobs/uploads/(?P<name>[^/]*)"),
        ("blobs", r"/v2/(?P<at>.+)/blobs/(?P<name>[^/]+)"),
    )
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LARGEST = 4 << 20
_CHUNK = 1 << 20


@dataclass
class Rules:
    """How it behaves where registries differ."""

    mounts: bool = True
    """False: every mount is answered by 202 and an open upload."""
    checks_manifests: bool = True
    """False: takes a manifest whatever is missing of it."""
    creates: bool = True
    """False: a repository that holds nothing is unknown, also to pushes."""
    immutable: bool = False
    """True: an existing tag cannot be written, not even to what it is."""
    page: int = 0
    """Tags per page at most, by `Link`; 0: as many as are asked for."""
    least: int = 0
    """What `OCI-Chunk-Min-Length` asks for."""
    largest: int | None = None
    """The biggest body an upload may send; more is 413."""


@dataclass
class Registry:
    """What answers."""

    folder: Folder
    logins: Logins = field(default_factory=Logins)
    rules: Rules = field(default_factory=Rules)
    url: Callable[[], str] = lambda: ""
    """Its own address, for challenges."""
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        """Uploads lie in the folder, so that a finished one need only be renamed."""
        self.uploads = Uploads(self.folder.root / ".uploads")

    def names(self, request: Request) -> Sequence[str]:
        """What a request is called, for faults and counts: ``PUT manifests``, ``POST mounts``, ``GET /v2/``."""
        route, found = _route(request)
        if route == "uploads" and any(name == "mount" for name, _ in request.pairs):
            route = "mounts"
        path = f"{request.method} {request.path}"
        return (
            (f"{request.method} {route}", f"{request.method} {route} {found.get('at', '')}", path) if route else (path,)
        )

    def __call__(self, request: Request) -> Response:
        """The answer."""
        try:
            return self._answered(request)
        except RefusedError as error:
            said = {"code": error.code, "message": error.code.replace("_", " ").lower()}
            body = json.dumps({"errors": [said]}).encode()
            return Response(error.status, body, {"Content-Type": "application/json", **error.headers})

    def _answered(self, request: Request) -> Response:
        route, found = _route(request)
        at, query = found.get("at", ""), dict(request.pairs)
        if route == "token":
            return self.logins.token(request)
        if at and not re.fullmatch(_NAME, at):
            raise RefusedError(400, "NAME_INVALID")
        self.logins.admit(request, at, query.get("from", "") if "mount" in query else "", self.url())
        asked = Asked(request, at, found.get("name", ""), query)
        answers: Mapping[str, Callable[[Asked], Response]] = {
            "base": _base,
            "catalog": self._catalog,
            "tags": self._tags,
            "referrers": self._referrers,
            "manifests": self._manifests,
            "uploads": self._uploads,
            "blobs": self._blobs,
        }
        if route not in answers:
            raise RefusedError(404, "NAME_UNKNOWN")
        return answers[route](asked)

    # --- lists ---

    def _catalog(self, asked: Asked) -> Response:
        return self._page(asked, self.folder.names(), lambda names: {"repositories": names}, "/v2/_catalog")

    def _tags(self, asked: Asked) -> Response:
        if not self.folder.knows(asked.at):
            raise RefusedError(404, "NAME_UNKNOWN")
        held = self.folder.repositories.get(asked.at)
        tags = sorted(held.tags) if held else []
        return self._page(asked, tags, lambda names: {"name": asked.at, "tags": names}, f"/v2/{asked.at}/tags/list")

    def _page(self, asked: Asked, names: list[str], body: Callable[[list[str]], object], path: str) -> Response:
        said = asked.query.get("n", "")
        if said and not said.isdecimal():
            raise RefusedError(400, "PAGINATION_NUMBER_INVALID")
        rest = [it for it in names if it > asked.query.get("last", "")]
        most = min(int(it) for it in (said or len(rest), self.rules.page or len(rest)))
        headers = {"Content-Type": "application/json"}
        if most < len(rest) and most:
            headers["Link"] = f'<{path}?n={most}&last={rest[most - 1]}>; rel="next"'
        return Response(200, json.dumps(body(rest[:most])).encode(), headers)

    def _referrers(self, asked: Asked) -> Response:
        if not _DIGEST.fullmatch(asked.name):
            raise RefusedError(400, "DIGEST_INVALID")
        found = [_described(it) for it in self.folder.referrers(asked.at, asked.name)]
        headers = {"Content-Type": _INDEX}
        if wanted := asked.query.get("artifactType"):
            found = [it for it in found if it.get("artifactType") == wanted]
            headers["OCI-Filters-Applied"] = "artifactType"
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": found}
        return Response(200, json.dumps(index).encode(), headers)

    # --- manifests ---

    def _manifests(self, asked: Asked) -> Response:
        if not _DIGEST.fullmatch(asked.name) and not _TAG.fullmatch(asked.name):
            raise RefusedError(400 if asked.method == "PUT" else 404, "MANIFEST_INVALID")
        match asked.method:
            case "GET" | "HEAD":
                return self._manifest(asked)
            case "PUT":
                return self._put_manifest(asked)
            case "DELETE":
                return self._delete_manifest(asked)
            case _:
                raise RefusedError(405, "UNSUPPORTED")

    def _manifest(self, asked: Asked) -> Response:
        found = self.folder.manifest(asked.at, asked.name)
        if found is None:
            raise RefusedError(404, "MANIFEST_UNKNOWN" if self.folder.knows(asked.at) else "NAME_UNKNOWN")
        headers = {"Content-Type": found.media_type, "Docker-Content-Digest": found.digest, "ETag": f'"{found.digest}"'}
        return Response(200, found.content, headers)

    def _put_manifest(self, asked: Asked) -> Response:
        if not self.rules.creates and not self.folder.knows(asked.at):
            raise RefusedError(404, "NAME_UNKNOWN")
        content = asked.request.body.read()
        if len(content) > _LARGEST:
            raise RefusedError(413, "SIZE_INVALID")
        document = _document(content)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        is_tag = not asked.name.startswith("sha256:")
        if not is_tag and asked.name != digest:
            raise RefusedError(400, "DIGEST_INVALID")
        held = self.folder.repositories.get(asked.at)
        if is_tag and self.rules.immutable and held and asked.name in held.tags:
            raise RefusedError(400, "TAG_IMMUTABLE")
        if self.rules.checks_manifests and self._lost(asked.at, document):
            raise RefusedError(404, "MANIFEST_BLOB_UNKNOWN")
        media_type = asked.request.headers.get("content-type") or str(document.get("mediaType", _MANIFEST))
        self.folder.put_manifest(asked.at, media_type, content, asked.name if is_tag else "")
        headers = {"Docker-Content-Digest": digest, "Location": f"/v2/{asked.at}/manifests/{digest}"}
        if subject := document.get("subject"):
            headers["OCI-Subject"] = subject["digest"]
        return Response(201, b"", headers)

    def _lost(self, at: str, document: Mapping[str, Any]) -> bool:
        blobs = [it for it in (document.get("config"), *document.get("layers", ())) if it and not it.get("urls")]
        children = [it["digest"] for it in document.get("manifests", ())]
        held = self.folder.repositories.get(at)
        return any(self.folder.blob(at, it["digest"]) is None for it in blobs) or any(
            not held or it not in held.manifests for it in children
        )

    def _delete_manifest(self, asked: Asked) -> Response:
        is_tag = not asked.name.startswith("sha256:")
        gone = self.folder.untag(asked.at, asked.name) if is_tag else self.folder.delete_manifest(asked.at, asked.name)
        if not gone:
            raise RefusedError(404, "MANIFEST_UNKNOWN")
        return Response(202)

    # --- blobs ---

    def _blobs(self, asked: Asked) -> Response:
        if not _DIGEST.fullmatch(asked.name):
            raise RefusedError(400, "DIGEST_INVALID")
        path = self.folder.blob(asked.at, asked.name)
        if path is None:
            raise RefusedError(404, "BLOB_UNKNOWN")
        match asked.method:
            case "GET" | "HEAD":
                return _blob(path, asked)
            case "DELETE":
                self.folder.unlink(asked.at, asked.name)
                return Response(202)
            case _:
                raise RefusedError(405, "UNSUPPORTED")

    def _uploads(self, asked: Asked) -> Response:
        if asked.method == "POST":
            return self._begin(asked)
        upload = self.uploads.get(asked.at, asked.name)
        # GET tells the latest place even to who holds an older one; all else wants the latest.
        if upload is None or (asked.method != "GET" and asked.query.get("_state") != str(upload.state)):
            raise RefusedError(404, "BLOB_UPLOAD_UNKNOWN")
        match asked.method:
            case "GET":
                return Response(204, b"", self._place(asked, asked.name, upload))
            case "DELETE":
                self.uploads.end(asked.at, asked.name)
                return Response(204)
            case "PATCH" | "PUT":
                return self._receive(asked, upload)
            case _:
                raise RefusedError(405, "UNSUPPORTED")

    def _begin(self, asked: Asked) -> Response:
        if not self.rules.creates and not self.folder.knows(asked.at):
            raise RefusedError(404, "NAME_UNKNOWN")
        mounted, source = asked.query.get("mount", ""), asked.query.get("from", "")
        if mounted and self.rules.mounts and source and self.folder.blob(source, mounted):
            self.folder.link(asked.at, mounted)
            return _made(asked.at, mounted)
        name = self.uploads.begin(asked.at)
        upload = self.uploads.get(asked.at, name)
        if upload is None:
            raise RefusedError(404, "BLOB_UPLOAD_UNKNOWN")
        if "digest" in asked.query:
            return self._receive(Asked(asked.request, asked.at, name, asked.query), upload)
        return Response(202, b"", self._place(asked, name, upload))

    def _place(self, asked: Asked, name: str, upload: Upload) -> dict[str, str]:
        upload.state += 1
        place = {
            "Location": f"/v2/{asked.at}/blobs/uploads/{name}?_state={upload.state}",
            "Range": f"0-{max(0, upload.size - 1)}",
            "Docker-Upload-UUID": name,
        }
        return place | ({"OCI-Chunk-Min-Length": str(self.rules.least)} if self.rules.least else {})

    def _receive(self, asked: Asked, upload: Upload) -> Response:
        with upload.lock:
            length = int(asked.request.headers.get("content-length") or 0)
            if self.rules.largest is not None and length > self.rules.largest:
                raise RefusedError(413, "SIZE_INVALID")
            told = re.fullmatch(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?", asked.request.headers.get("content-range", ""))
            if told and int(told[1]) != upload.size:
                raise RefusedError(416, "RANGE_INVALID", self._place(asked, asked.name, upload))
            before = upload.size
            try:
                upload.receive(asked.request.body, self.uploads.count)
            except ConnectionError:
                if asked.request.fault and asked.request.fault.lost:
                    upload.forget_from(before)
                raise
            if asked.method == "PATCH":
                return Response(202, b"", self._place(asked, asked.name, upload))
            return self._finish(asked, upload)

    def _finish(self, asked: Asked, upload: Upload) -> Response:
        wanted = asked.query.get("digest", "")
        if wanted != f"sha256:{upload.digest.hexdigest()}":
            raise RefusedError(400, "DIGEST_INVALID")
        self.folder.adopt(asked.at, upload.path, wanted)
        self.uploads.end(asked.at, asked.name)
        return _made(asked.at, wanted)


@dataclass(frozen=True)
class Asked:
    """A request, taken apart."""

    request: Request
    at: str
    """The repository."""
    name: str
    """A tag, a digest or an upload's id."""
    query: Mapping[str, str]

    @property
    def method(self) -> str:
        """Its method."""
        return self.request.method


def _route(request: Request) -> tuple[str, Mapping[str, str]]:
    for name, pattern in _ROUTES:
        if found := pattern.fullmatch(request.path):
            return name, found.groupdict()
    return "", {}


def _base(asked: Asked) -> Response:
    del asked
    return Response(200, b"{}", {"Content-Type": "application/json", "Docker-Distribution-API-Version": "registry/2.0"})


def _made(at: str, digest: str) -> Response:
    return Response(201, b"", {"Location": f"/v2/{at}/blobs/{digest}", "Docker-Content-Digest": digest})


def _blob(path: Path, asked: Asked) -> Response:
    size = path.stat().st_size
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": asked.name,
        "Accept-Ranges": "bytes",
    }
    said = asked.request.headers.get("range", "")
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", said)
    if not found:
        return Response(200, _chunks(path, 0, size), headers, size)
    start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if start > end:
        raise RefusedError(416, "RANGE_INVALID", {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(206, _chunks(path, start, end + 1 - start), headers, end + 1 - start)


def _chunks(path: Path, start: int, left: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise RefusedError(400, "MANIFEST_INVALID") from error
    if not isinstance(found, dict):
        raise RefusedError(400, "MANIFEST_INVALID")
    return found


def _described(it: Manifest) -> dict[str, Any]:
    document = it.document
    kind = document.get("artifactType") or (document.get("config") or {}).get("mediaType")
    said = {"mediaType": it.media_type, "digest": it.digest, "size": len(it.content)}
    if kind:
        said["artifactType"] = kind
    return said | ({"annotations": document["annotations"]} if document.get("annotations") else {})
