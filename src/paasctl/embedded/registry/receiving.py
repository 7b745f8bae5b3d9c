"""Blobs on their way in: mounts, uploads in one piece, and uploads in chunks (distribution-spec, *Push*)."""

from __future__ import annotations

import re

from paasctl.embedded.http.message import Response
from paasctl.embedded.registry.asked import NUMBER, Asked
from paasctl.embedded.registry.folder import Folder
from paasctl.embedded.registry.logins import RefusedError
from paasctl.embedded.registry.rules import Rules
from paasctl.embedded.registry.uploads import Upload, Uploads


class Receiving:
    """What answers below `blobs/uploads/`. Called from many threads."""

    def __init__(self, folder: Folder, rules: Rules, uploads: Uploads) -> None:
        """Finished blobs go to the folder."""
        self._folder = folder
        self._rules = rules
        self._uploads = uploads

    def __call__(self, asked: Asked) -> Response:
        """The answer."""
        if asked.method == "POST":
            return self._begin(asked)
        upload = self._uploads.get(asked.at, asked.name)
        # GET tells the latest place even to who holds an older one; all else wants the latest.
        if upload is None or (asked.method != "GET" and not _is_latest(asked, upload)):
            raise RefusedError(404, "BLOB_UPLOAD_UNKNOWN")
        match asked.method:
            case "GET":
                with upload.lock:  # what a broken connection still brings is counted first
                    return Response(204, b"", self._place(asked, asked.name, upload))
            case "DELETE":
                self._uploads.end(asked.at, asked.name)
                return Response(204)
            case "PATCH" | "PUT":
                return self._receive(asked, upload)
            case _:
                raise RefusedError(405, "UNSUPPORTED")

    def _begin(self, asked: Asked) -> Response:
        if not self._rules.creates and not self._folder.knows(asked.at):
            raise RefusedError(404, "NAME_UNKNOWN")
        mounted, source = asked.query.get("mount", ""), asked.query.get("from", "")
        if mounted and self._rules.mounts and source and self._folder.blob(source, mounted):
            self._folder.link(asked.at, mounted)
            return made(asked.at, mounted)
        name = self._uploads.begin(asked.at)
        upload = self._uploads.get(asked.at, name)
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
        return place | ({"OCI-Chunk-Min-Length": str(self._rules.least)} if self._rules.least else {})

    def _receive(self, asked: Asked, upload: Upload) -> Response:
        with upload.lock:
            if asked.method != "POST" and not _is_latest(asked, upload):
                # Somebody asked how far it is while this one waited, and goes on from there.
                raise RefusedError(404, "BLOB_UPLOAD_UNKNOWN")
            length = int(asked.request.headers.get("content-length") or 0)
            if self._rules.largest is not None and length > self._rules.largest:
                raise RefusedError(413, "SIZE_INVALID")
            told = re.fullmatch(
                rf"(?:bytes )?({NUMBER})-({NUMBER})(?:/.*)?", asked.request.headers.get("content-range", "")
            )
            if self._rules.ordered and told and int(told[1]) != upload.size:
                raise RefusedError(416, "RANGE_INVALID", self._place(asked, asked.name, upload))
            before = upload.size
            try:
                upload.receive(asked.request.body, self._uploads.count)
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
        self._folder.adopt(asked.at, upload.path, wanted)
        self._uploads.end(asked.at, asked.name)
        return made(asked.at, wanted)


def _is_latest(asked: Asked, upload: Upload) -> bool:
    return asked.query.get("_state") == str(upload.state)


def made(at: str, digest: str) -> Response:
    """The answer for a blob that is there now."""
    return Response(201, b"", {"Location": f"/v2/{at}/blobs/{digest}", "Docker-Content-Digest": digest})
