"""The distribution spec (1.1) over a folder. Called from many threads."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from paasctl.embedded.http.message import Request, Response, whole
from paasctl.embedded.registry.asked import NUMBER, Asked
from paasctl.embedded.registry.folder import Folder, Manifest
from paasctl.embedded.registry.logins import Logins, RefusedError
from paasctl.embedded.registry.receiving import Receiving
from paasctl.embedded.registry.rules import Rules
from paasctl.embedded.registry.uploads import Uploads
from paasctl.embedded.registry.words import Document, document, is_digest, is_media_type, is_name, is_tag

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
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LARGEST = 4 << 20
_CHUNK = 1 << 20


@dataclass
class Registry:
    """What answers."""

    folder: Folder
    logins: Logins = field(default_factory=Logins)
    rules: Rules = field(default_factory=Rules)
    url: Callable[[], str] = lambda: ""
    """Its own address, for challenges."""
    uploads: Uploads = field(init=False)
    _receiving: Receiving = field(init=False)

    def __post_init__(self) -> None:
        """Uploads lie in the folder, so that a finished one need only be renamed."""
        self.uploads = Uploads(self.folder.root / ".uploads")
        self._receiving = Receiving(self.folder, self.rules, self.uploads)

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
            return self._dressed(self._answered(request))
        except RefusedError as error:
            return _failed(error.status, error.code, error.code.replace("_", " ").lower(), error.headers)
        except ConnectionError:
            raise
        except OSError as error:  # a full disk, a folder that became read-only
            return _failed(507, "UNKNOWN", f"keeping it in {self.folder.root}: {error.strerror or error}", {})

    def _dressed(self, answer: Response) -> Response:
        """The answer with such headers as this registry gives."""
        headers = dict(answer.headers)
        if not self.rules.digests:
            headers.pop("Docker-Content-Digest", None)
        if self.rules.absolute and headers.get("Location", "").startswith("/"):
            headers["Location"] = f"{self.url()}{headers['Location']}"
        return replace(answer, headers=headers)

    def _answered(self, request: Request) -> Response:
        route, found = _route(request)
        at, query = found.get("at", ""), dict(request.pairs)
        if route == "token":
            return self.logins.token(request)
        if at and not is_name(at):
            raise RefusedError(400, "NAME_INVALID")
        self.logins.admit(request, at, query.get("from", "") if "mount" in query else "", self.url())
        asked = Asked(request, at, found.get("name", ""), query)
        answers: Mapping[str, Callable[[Asked], Response]] = {
            "base": _base,
            "catalog": self._catalog,
            "tags": self._tags,
            "referrers": self._referrers,
            "manifests": self._manifests,
            "uploads": self._receiving,
            "blobs": self._blobs,
        }
        if route not in answers:
            raise RefusedError(404, "NAME_UNKNOWN")
        return answers[route](asked)

    # --- lists ---

    def _catalog(self, asked: Asked) -> Response:
        return self._page(asked, self.folder.names(), lambda names: {"repositories": names}, "/v2/_catalog")

    def _tags(self, asked: Asked) -> Response:
        if not self.rules.lists:
            raise RefusedError(405, "UNSUPPORTED")
        if not self.folder.knows(asked.at):
            raise RefusedError(404, "NAME_UNKNOWN")
        held = self.folder.repositories.get(asked.at)
        tags = sorted(held.tags) if held else []
        return self._page(asked, tags, lambda names: {"name": asked.at, "tags": names}, f"/v2/{asked.at}/tags/list")

    def _page(self, asked: Asked, names: list[str], body: Callable[[list[str]], object], path: str) -> Response:
        said = asked.query.get("n", "")
        if said and not re.fullmatch(NUMBER, said):
            raise RefusedError(400, "PAGINATIONNUMBER_INVALID")
        rest = [it for it in names if it > asked.query.get("last", "")]
        most = min(int(it) for it in (said or len(rest), self.rules.page or len(rest)))
        headers = {"Content-Type": "application/json"}
        if most < len(rest) and most:
            headers["Link"] = f'<{path}?n={most}&last={rest[most - 1]}>; rel="next"'
        return Response(200, json.dumps(body(rest[:most])).encode(), headers)

    def _referrers(self, asked: Asked) -> Response:
        if not self.rules.referrers:
            return Response(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})
        if not is_digest(asked.name):
            raise RefusedError(400, "DIGEST_INVALID")
        found = [_described(it) for it in self.folder.referrers(asked.at, asked.name)]
        headers = {"Content-Type": _INDEX}
        if wanted := asked.query.get("artifactType"):
            found = [it for it in found if it.get("artifactType") == wanted]
            headers["OCI-Filters-Applied"] = "artifactType"
        found, further = self._part(asked, found)
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": found}
        return Response(200, json.dumps(index).encode(), headers | further)

    def _part(self, asked: Asked, found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The page that was asked for, and where the next one is."""
        first = asked.query.get("after", "0")
        start = int(first) if re.fullmatch(NUMBER, first) else 0
        stop = start + (self.rules.page or len(found))
        if stop >= len(found):
            return found[start:], {}
        kept = [(name, it) for name, it in asked.query.items() if name != "after"]
        query = urlencode([*kept, ("after", stop)])
        return found[start:stop], {"Link": f'</v2/{asked.at}/referrers/{asked.name}?{query}>; rel="next"'}

    # --- manifests ---

    def _manifests(self, asked: Asked) -> Response:
        if not is_digest(asked.name) and not is_tag(asked.name):
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
        headers = {"Content-Type": found.media_type, "Docker-Content-Digest": found.digest}
        if self.rules.etags:
            headers["ETag"] = f'"{found.digest}"'
        return Response(200, found.content, headers)

    def _put_manifest(self, asked: Asked) -> Response:
        if not self.rules.creates and not self.folder.knows(asked.at):
            raise RefusedError(404, "NAME_UNKNOWN")
        content = whole(asked.request.body, _LARGEST)
        if content is None:
            raise RefusedError(413, "SIZE_INVALID")
        said = _document(content)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        is_tag = not asked.name.startswith("sha256:")
        if not is_tag and asked.name != digest:
            raise RefusedError(400, "DIGEST_INVALID")
        held = self.folder.repositories.get(asked.at)
        if is_tag and self.rules.immutable and held and asked.name in held.tags:
            raise RefusedError(400, "TAG_IMMUTABLE")
        if self.rules.checks_manifests and self._lost(asked.at, said):
            raise RefusedError(404, "MANIFEST_BLOB_UNKNOWN")
        media_type = asked.request.headers.get("content-type") or said.said.get("mediaType") or _MANIFEST
        if not is_media_type(media_type):
            raise RefusedError(400, "MANIFEST_INVALID")
        with self.folder.lock:
            self._check_match(asked)
            self.folder.put_manifest(asked.at, media_type, content, asked.name if is_tag else "")
        headers = {"Docker-Content-Digest": digest, "Location": f"/v2/{asked.at}/manifests/{digest}"}
        if is_digest(said.subject) and self.rules.referrers:
            headers["OCI-Subject"] = said.subject
        return Response(201, b"", headers)

    def _check_match(self, asked: Asked) -> None:
        """Refuse to write over something else than who asks has read (RFC 9110, 13.1.1)."""
        wanted = asked.request.headers.get("if-match", "") if self.rules.etags else ""
        found = self.folder.manifest(asked.at, asked.name) if wanted else None
        if wanted and (not found or (wanted != "*" and f'"{found.digest}"' not in wanted)):
            raise RefusedError(412, "DENIED")

    def _lost(self, at: str, said: Document) -> bool:
        held = self.folder.repositories.get(at)
        return any(self.folder.blob(at, it["digest"]) is None for it in said.blobs if not it.get("urls")) or any(
            not held or it["digest"] not in held.manifests for it in said.children
        )

    def _delete_manifest(self, asked: Asked) -> Response:
        if not self.rules.deletes:
            raise RefusedError(405, "UNSUPPORTED")
        is_tag = not asked.name.startswith("sha256:")
        gone = self.folder.untag(asked.at, asked.name) if is_tag else self.folder.delete_manifest(asked.at, asked.name)
        if not gone:
            raise RefusedError(404, "MANIFEST_UNKNOWN")
        return Response(202)

    # --- blobs ---

    def _blobs(self, asked: Asked) -> Response:
        if not is_digest(asked.name):
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


def _failed(status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Response(status, body, {"Content-Type": "application/json", **headers})


def _route(request: Request) -> tuple[str, Mapping[str, str]]:
    for name, pattern in _ROUTES:
        if found := pattern.fullmatch(request.path):
            return name, found.groupdict()
    return "", {}


def _base(asked: Asked) -> Response:
    del asked
    return Response(200, b"{}", {"Content-Type": "application/json", "Docker-Distribution-API-Version": "registry/2.0"})


def _blob(path: Path, asked: Asked) -> Response:
    size = path.stat().st_size
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": asked.name,
        "Accept-Ranges": "bytes",
    }
    said = asked.request.headers.get("range", "")
    found = re.fullmatch(rf"bytes=({NUMBER})-({NUMBER})?", said)
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


def _document(content: bytes) -> Document:
    try:
        return document(content)
    except ValueError as error:
        raise RefusedError(400, "MANIFEST_INVALID") from error


def _described(it: Manifest) -> dict[str, Any]:
    said: dict[str, Any] = {"mediaType": it.media_type, "digest": it.digest, "size": len(it.content)}
    if not (found := it.meaning):
        return said
    kind = found.said.get("artifactType") or (found.said.get("config") or {}).get("mediaType")
    if kind:
        said["artifactType"] = kind
    return said | ({"annotations": found.said["annotations"]} if found.said.get("annotations") else {})
