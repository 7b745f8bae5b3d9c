"""The HTTP of the small registry: routes, logins, faults. What it holds and who may misbehave is in `registry.py`."""

from __future__ import annotations

import base64
import json
import re
import socket
import struct
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Never
from urllib.parse import parse_qs, urlsplit

from support.registry_values import Seen, Upload, digest_of

_ROUTES = (
    ("base", re.compile(r"/v2/")),
    ("token", re.compile(r"/token")),
    ("tags", re.compile(r"/v2/(?P<path>.+)/tags/list")),
    ("manifests", re.compile(r"/v2/(?P<path>.+)/manifests/(?P<name>[^/]+)")),
    ("uploads", re.compile(r"/v2/(?P<path>.+)/blobs/uploads/(?P<name>[^/]*)")),
    ("blobs", re.compile(r"/v2/(?P<path>.+)/blobs/(?P<name>[^/]+)")),
)


class _Answered(Exception):  # noqa: N818
    """The request has its answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    state: ClassVar[Any]  # the Registry; it imports this module
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def setup(self) -> None:
        super().setup()
        self.state.opened(self.connection)

    def finish(self) -> None:
        self.state.closed(self.connection)
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the client went away, or we cut it off
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)  # a proxy gets whole addresses
        self.query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        self.scopes = parse_qs(parts.query).get("scope", [])
        self.left = int(self.headers.get("Content-Length") or 0)
        try:
            for route, pattern in _ROUTES:
                if found := pattern.fullmatch(parts.path):
                    self._routed(route, found.groupdict())
            self._refuse(404, "NAME_UNKNOWN")
        except _Answered:
            self.wfile.flush()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _routed(self, route: str, found: Mapping[str, str]) -> None:
        if route == "uploads" and "mount" in self.query:
            route = "mounts"
        self.due = self.state.heard(
            Seen(self.command, self.path, {key.title(): value for key, value in self.headers.items()}), route
        )
        if self.due and self.due.stall:
            self.state.over.wait()
            self._leave()
        if self.due and self.due.status:
            self._answer(self.due.status, self.due.body, self.due.headers)
        self.at, self.name = found.get("path", ""), found.get("name", "")
        if route != "token":
            self._admit()
        getattr(self, f"_{route}")()

    # --- logins ---

    def _admit(self) -> None:
        action = "pull" if self.command in ("GET", "HEAD") and "/uploads/" not in self.path else "push"
        kind, _, secret = self.headers.get("Authorization", "").partition(" ")
        if self.state.auth == "basic":
            user = self._user(kind, secret)
            if not user:
                self._challenge('Basic realm="small, registry"')
            if not self.state.grants(user, action):
                self._refuse(403, "DENIED")
        if self.state.auth == "token":
            allowed = self.state.granted.get(secret, {}).get(self.at, set())
            source = self.query.get("from")
            readable = not source or "pull" in self.state.granted.get(secret, {}).get(source, set())
            if action not in allowed or not readable:
                realm = self.state.realm or f"{self.state.url}/token"
                scope = f"repository:{self.at}:{'pull' if action == 'pull' else 'pull,push'}"
                self._challenge(f'Bearer realm="{realm}",service="small, registry",scope="{scope}"')

    def _user(self, kind: str, secret: str) -> str:
        if kind != "Basic":
            return ""
        user, _, password = base64.b64decode(secret).decode().partition(":")
        return user if self.state.users.get(user) == password else ""

    def _challenge(self, challenge: str) -> Never:
        self._refuse(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})

    def _token(self) -> None:
        kind, _, secret = self.headers.get("Authorization", "").partition(" ")
        user = self._user(kind, secret)
        scopes = self.scopes
        if self.command == "POST":
            form = {key: value[-1] for key, value in parse_qs(self._body().decode()).items()}
            if not self.state.oauth:
                self._refuse(404, "UNSUPPORTED")
            user, scopes = self.state.identity.get(form["refresh_token"], ""), form["scope"].split()
            kind = "identity"
        if kind and not user:
            self._refuse(401, "UNAUTHORIZED")
        granted: dict[str, set[str]] = {}
        for scope in scopes:
            _, repository, actions = scope.split(":")
            granted[repository] = {it for it in actions.split(",") if self.state.grants(user, it)}
            if not self.state.generous and granted[repository] != set(actions.split(",")):
                self._refuse(403, "DENIED")
        token = uuid.uuid4().hex
        self.state.granted[token] = granted
        name = "access_token" if kind == "identity" else "token"
        self._answer_json(200, {name: token, "expires_in": self.state.expires_in})

    # --- what is there ---

    def _base(self) -> None:
        self._answer(200, b"{}")

    def _tags(self) -> None:
        if not self.state.knows(self.at):
            self._refuse(404, "NAME_UNKNOWN")
        names = sorted(it for it in self.state.tags[self.at] if it > self.query.get("last", ""))
        size = self.state.page or int(self.query.get("n", 0)) or len(names)
        headers = {}
        if self.state.page and len(names) > size:
            last = names[size - 1]
            headers["Link"] = f'</v2/{self.at}/tags/list?n={size}&last={last}>; rel="next"'
        self._answer_json(200, {"name": self.at, "tags": names[:size]}, headers)

    def _manifests(self) -> None:
        digest = self.state.tags[self.at].get(self.name, self.name)
        if self.command == "PUT":
            self._take_manifest()
        if digest not in self.state.manifests[self.at]:
            self._refuse(404, "MANIFEST_UNKNOWN")
        media_type, content = self.state.manifests[self.at][digest]
        if media_type not in self.headers.get("Accept", ""):
            self._refuse(404, "MANIFEST_UNKNOWN")
        self._answer(200, content, {"Content-Type": media_type, "Docker-Content-Digest": digest})

    def _take_manifest(self) -> None:
        content = self._body()
        digest = digest_of(content)
        if self.name.startswith("sha256:") and self.name != digest:
            self._refuse(400, "DIGEST_INVALID")
        if self.state.immutable and self.name in self.state.tags[self.at]:
            self._refuse(409, "TAG_IMMUTABLE")
        if self.state.checks_manifests and self._lost(json.loads(content)):
            self._refuse(400, "MANIFEST_BLOB_UNKNOWN")
        self.state.manifests[self.at][digest] = (self.headers["Content-Type"], content)
        if not self.name.startswith("sha256:"):
            self.state.tags[self.at][self.name] = digest
        self._answer(201, headers={"Docker-Content-Digest": digest, "Location": f"/v2/{self.at}/manifests/{digest}"})

    def _lost(self, document: Mapping[str, Any]) -> list[str]:
        blobs = [it["digest"] for it in (document.get("config"), *document.get("layers", ())) if it]
        children = [it["digest"] for it in document.get("manifests", ())]
        lost = [it for it in blobs if it not in self.state.blobs[self.at]]
        return lost + [it for it in children if it not in self.state.manifests[self.at]]

    def _blobs(self) -> None:
        if self.name not in self.state.blobs[self.at]:
            self._refuse(404, "BLOB_UNKNOWN")
        content = self.state.blobs[self.at][self.name]
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": self.name}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._answer(206 if start else 200, content[start:], headers)

    # --- what comes ---

    def _mounts(self) -> None:
        digest, source = self.query["mount"], self.query.get("from", "")
        if self.state.mounts and digest in self.state.blobs[source]:
            self.state.blobs[self.at][digest] = self.state.blobs[source][digest]
            self._answer(201, headers={"Location": f"/v2/{self.at}/blobs/{digest}", "Docker-Content-Digest": digest})
        self._begin()

    def _begin(self) -> Never:
        if not self.state.creates and not self.state.knows(self.at):
            self._refuse(404, "NAME_UNKNOWN")
        name = uuid.uuid4().hex
        self.state.uploads[self.at, name] = Upload()
        self._answer(202, headers=self._place(name))

    def _place(self, name: str) -> dict[str, str]:
        upload = self.state.uploads[self.at, name]
        upload.state += 1
        place = {
            "Location": f"/v2/{self.at}/blobs/uploads/{name}?_state={upload.state}",
            "Range": f"0-{max(0, len(upload.content) - 1)}",
        }
        return place | ({"OCI-Chunk-Min-Length": str(self.state.least)} if self.state.least else {})

    def _uploads(self) -> None:
        if self.command == "POST":
            self._begin()
        upload = self.state.uploads.get((self.at, self.name))
        # GET tells the latest place even to who holds an older one; all else wants the latest.
        if upload is None or (self.command != "GET" and self.query.get("_state") != str(upload.state)):
            self._refuse(404, "BLOB_UPLOAD_UNKNOWN")
        if self.command == "GET":
            self._answer(204, headers=self._place(self.name))
        if self.command == "DELETE":
            del self.state.uploads[self.at, self.name]
            self._answer(204)
        self._receive(upload)

    def _receive(self, upload: Any) -> Never:
        if self.state.largest is not None and self.left > self.state.largest:
            self._refuse(413, "SIZE_INVALID")
        told = re.fullmatch(r"(\d+)-(\d+)", self.headers.get("Content-Range", ""))
        if told and int(told[1]) != len(upload.content):
            self._refuse(416, "RANGE_INVALID")
        if self.due and self.due.cut is not None:
            part = self._body(self.due.cut)
            if self.due.keeps:
                upload.content += part
            self._leave()
        upload.content += self._body()
        if self.command == "PATCH":
            self._answer(202, headers=self._place(self.name))
        content = bytes(upload.content)
        if digest_of(content) != self.query["digest"]:
            self._refuse(400, "DIGEST_INVALID")
        del self.state.uploads[self.at, self.name]
        self.state.blobs[self.at][self.query["digest"]] = content
        self._answer(201, headers={"Location": f"/v2/{self.at}/blobs/{self.query['digest']}"})

    def _body(self, length: int | None = None) -> bytes:
        found = self.rfile.read(self.left if length is None else min(length, self.left))
        self.left -= len(found)
        if self.command in ("PATCH", "PUT") and "/uploads/" in self.path:
            self.state.received += len(found)
        return found

    # --- answers ---

    def _refuse(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> Never:
        self._answer_json(status, {"errors": [{"code": code, "message": code.replace("_", " ").lower()}]}, headers)

    def _answer_json(self, status: int, document: object, headers: Mapping[str, str] | None = None) -> Never:
        self._answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})

    def _answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Never:
        self._body()
        due, quiet = self.due if status < 300 else None, self.command == "HEAD" or status == 204
        if due and due.mute:
            self._leave()
        if due and due.flip and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if due and due.cut is not None and not quiet:
            self.wfile.write(body[: due.cut])
            self._leave(abruptly=not due.cut)  # a reset would take back what was not yet sent
        if not quiet:
            self.wfile.write(body)
        raise _Answered

    def _leave(self, *, abruptly: bool = True) -> Never:
        """End the connection, abruptly with a reset, as a dying peer does."""
        self.wfile.flush()
        if abruptly:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        raise _Answered
