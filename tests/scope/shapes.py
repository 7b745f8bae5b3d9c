"""A request's shape: what is the same of all requests that ask the same kind of thing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

_WORDS = re.compile(r"true|false|0|1|All|Strict|Warn|Ignore|Background|Foreground|Orphan|Exact|NotOlderThan")
"""Values of a query that say what is asked for; others are names and numbers."""
_DISCOVERY = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={it};as=APIGroupDiscoveryList" for it in ("v2", "v2beta1")
)
_TABLE = ",".join(f"application/json;as=Table;v={it};g=meta.k8s.io" for it in ("v1", "v1beta1"))
ACCEPTS = {
    "any": "*/*",
    "json": "application/json",
    "json-or-any": "application/json,*/*",
    "protobuf": "application/vnd.kubernetes.protobuf,application/json",
    "protobuf-or-any": "application/vnd.kubernetes.protobuf,*/*",
    "table": f"{_TABLE},application/json",
    "discovery": f"{_DISCOVERY},application/json",
    "openapi": "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
}
"""What clients take, in a word."""
_WORD = {it: word for word, it in ACCEPTS.items()}
_ROOT = {"api": 2, "apis": 3}


def shape(method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
    """``PATCH /apis/apps/v1/namespaces/{namespace}/deployments/{name}?dryRun=All&force application/… json``.

    `headers` by lower-case names.
    """
    pairs = {name: value if _WORDS.fullmatch(value) else "" for name, value in parse_qsl(query, keep_blank_values=True)}
    asked = "&".join(f"{name}={value}" if value else name for name, value in sorted(pairs.items()))
    media = headers.get("content-type", "").partition(";")[0].strip()
    sends = media if method in ("POST", "PUT", "PATCH", "DELETE") and media else "-"
    accept = headers.get("accept", "*/*").replace(" ", "")
    return f"{method} {template(path)}{'?' if asked else ''}{asked} {sends} {_WORD.get(accept, accept)}"


def template(path: str) -> str:
    """The path without the names in it."""
    parts = path.strip("/").split("/")
    root = _ROOT.get(parts[0], len(parts))
    head, rest = parts[:root], parts[root:]
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        head += ["namespaces", "{namespace}"]
        rest = rest[2:]
    if len(rest) > 1:
        rest[1] = "{name}"
    return "/" + "/".join(head + rest)
