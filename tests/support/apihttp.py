"""Plain HTTP to an API server, for what the `Cluster` port never sends: one request, or a watch line by line."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from paasctl.adapters.kube.connect import Where, open_access

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@dataclass(frozen=True)
class Said:
    """An answer. `body` is the parsed JSON, or the text where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def names(self) -> list[str]:
        """The names of a list's items, without what every namespace has."""
        return [it["metadata"]["name"] for it in self.body["items"] if it["metadata"]["name"] != "kube-root-ca.crt"]

    @property
    def version(self) -> str:
        version: str = self.body["metadata"]["resourceVersion"]
        return version

    @property
    def refusal(self) -> tuple[int, str, str]:
        """Status, reason and message of a failure."""
        return self.status, self.body.get("reason", ""), self.body.get("message", "")


def _connected(where: Where) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    access = open_access(where)
    url = urlsplit(access.host)
    assert url.hostname is not None
    made = http.client.HTTPSConnection(url.hostname, url.port, timeout=20, context=access.tls)
    return made, {"Authorization": access.authorization} if access.authorization else {}


def ask(
    where: Where,
    method: str,
    path: str,
    body: Any = None,
    *,
    media: str = "application/json",
    accept: str = "application/json",
    **query: str,
) -> Said:
    """One request. `body`: text and bytes as they are, anything else as JSON."""
    connection, headers = _connected(where)
    content = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
    more = {"Accept": accept} | ({} if body is None else {"Content-Type": media})
    connection.request(method, f"{path}?{urlencode(query)}" if query else path, content, {**headers, **more})
    answer = connection.getresponse()
    text = answer.read().decode()
    told = {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return Said(answer.status, told, json.loads(text) if text.startswith(("{", "[")) else text)


@contextmanager
def watching(where: Where, path: str, *, accept: str = "application/json", **query: str) -> Iterator[Iterator[Any]]:
    """A watch: its events as they come; the iterator ends when the server ends it. Nothing for 20 s is an error."""
    connection, headers = _connected(where)
    connection.request("GET", f"{path}?{urlencode({'watch': '1', **query})}", headers={**headers, "Accept": accept})
    answer = connection.getresponse()
    try:
        yield (json.loads(line) for line in answer)
    finally:
        connection.close()
