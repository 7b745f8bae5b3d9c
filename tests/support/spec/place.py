"""The distribution specification (1.1), clause by clause, as requests and what must come back.

Each clause is a function that takes a `Place`: a repository of its own in some registry.
"""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from paasctl.model.image import Descriptor
from support.registry_values import CONFIG, INDEX, LAYER, MANIFEST, describe, digest_of, manifest_of, vouching

Category = Literal["pull", "push", "discovery", "management"]
KIND = "application/vnd.example.signature"
EMPTY = "application/vnd.oci.empty.v1+json"
ABSENT = digest_of(b"this is nowhere")
_ACCEPT = f"{MANIFEST}, {INDEX}"


@dataclass(frozen=True)
class Said:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def place(self) -> str:
        return self.headers["Location"]

    @property
    def codes(self) -> list[str]:
        return [it["code"] for it in json.loads(self.body)["errors"]]


@dataclass
class Place:
    """A repository that nothing else uses."""

    host: str
    name: str = field(default_factory=lambda: f"spec/{uuid.uuid4().hex}")

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Said:
        """One request below the repository, or of an absolute path or address."""
        target = path if path.startswith(("/", "http:")) else f"/v2/{self.name}/{path}"
        parts = urlsplit(target)
        wanted = {name.replace("_", "-"): it for name, it in headers.items()}
        with closing(http.client.HTTPConnection(parts.netloc or self.host, timeout=30)) as connection:
            at = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, at, body, {"Accept": _ACCEPT, **wanted})
            answer = connection.getresponse()
            return Said(answer.status, answer.headers, answer.read())

    def begin(self) -> str:
        """An upload's place."""
        said = self.ask("POST", "blobs/uploads/", b"")
        assert said.status == 202
        return said.place

    def blob(self, content: bytes, media_type: str = LAYER) -> Descriptor:
        """A blob that is there."""
        said = self.ask("PUT", and_(self.begin(), digest=digest_of(content)), content, **OCTETS)
        assert said.status == 201
        return describe(content, media_type)

    def image(self, *layers: bytes) -> bytes:
        """A manifest whose blobs are there."""
        return manifest_of(self.blob(b"{}", CONFIG), [self.blob(it) for it in layers])

    def put(self, name: str, content: bytes, media_type: str = MANIFEST) -> Said:
        """A manifest, by tag or digest."""
        return self.ask("PUT", f"manifests/{name}", content, Content_Type=media_type)

    def pushed(self, *layers: bytes, tag: str = "") -> Descriptor:
        """An image that is there."""
        content = self.image(*layers)
        assert self.put(tag or digest_of(content), content).status == 201
        return describe(content, MANIFEST)

    def vouched(self, subject: Descriptor, note: str = "", kind: str = KIND) -> Descriptor:
        """A manifest that vouches for another."""
        content = vouching(subject, self.blob(b"{}", EMPTY), kind, note)
        assert self.put(digest_of(content), content).status == 201
        return describe(content, MANIFEST)

    def listed(self, digest: str, **query: str) -> list[dict[str, Any]]:
        """What the referrers API lists."""
        said = self.ask("GET", f"referrers/{digest}?{urlencode(query)}")
        assert said.status == 200
        assert said.headers["Content-Type"] == INDEX
        found: list[dict[str, Any]] = json.loads(said.body)["manifests"]
        return found

    def tags(self, query: str = "") -> list[str]:
        said = self.ask("GET", f"tags/list{query}")
        assert said.status == 200
        answer = json.loads(said.body)
        assert answer["name"] == self.name
        return list(answer["tags"] or [])


Clause = Callable[[Place], None]
CLAUSES: dict[Category, dict[str, Clause]] = {"pull": {}, "push": {}, "discovery": {}, "management": {}}
OCTETS = {"Content_Type": "application/octet-stream"}


def clause(category: Category, name: str) -> Callable[[Clause], Clause]:
    """What the specification says, in a sentence."""

    def add(it: Clause) -> Clause:
        assert name not in CLAUSES[category]
        CLAUSES[category][name] = it
        return it

    return add


def and_(place: str, **query: str) -> str:
    """An upload's place with something more in its query."""
    return f"{place}{'&' if '?' in place else '?'}{urlencode(query, safe=':/')}"
