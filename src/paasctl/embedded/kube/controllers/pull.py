"""Whether a node could pull an image: asked of the registry that its name names, over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_KINDS = ", ".join(
    f"application/vnd.{it}+json"
    for it in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)
_TIMEOUT = 10.0
_DENIED = "pull access denied, repository does not exist or may require authorization"
Pull = Callable[[str, Sequence[Mapping[str, Any]]], str]
"""(image, contents of `.dockerconfigjson`) -> why it can't be pulled, as containerd says it; empty: it can."""


def parts_of(image: str) -> tuple[str, str, str]:
    """Host, path, and tag or digest of an image's name."""
    name, at, digest = image.partition("@")
    head, slash, rest = name.partition("/")
    is_host = bool(slash) and ("." in head or ":" in head or head == "localhost")
    host, path = (head, rest) if is_host else ("registry-1.docker.io", name if slash else f"library/{name}")
    path, _, tag = path.partition(":")
    return host, path, digest if at else tag or "latest"


@dataclass
class AskRegistry:
    """Asks, and remembers what is there by digest: it can't change."""

    known: set[str] = field(default_factory=set)

    def __call__(self, image: str, secrets: Sequence[Mapping[str, Any]]) -> str:
        """As `Pull`."""
        if image in self.known:
            return ""
        host, path, reference = parts_of(image)
        why = _asked(host, path, reference, _credentials(host, secrets))
        if not why and reference.startswith("sha256:"):
            self.known.add(image)
        if not why:
            return ""
        code = "NotFound" if "not found" in why else "Unknown"
        head = f'rpc error: code = {code} desc = failed to pull and unpack image "{image}"'
        return f'{head}: failed to resolve reference "{image}": {why.replace("IMAGE", image)}'


def _credentials(host: str, secrets: Sequence[Mapping[str, Any]]) -> str:
    for it in secrets:
        entry = (it.get("auths") or {}).get(host) or {}
        if entry.get("auth"):
            return str(entry["auth"])
        if entry.get("username"):
            return base64.b64encode(f"{entry['username']}:{entry.get('password', '')}".encode()).decode()
    return ""


def _asked(host: str, path: str, reference: str, credentials: str) -> str:
    """Why not, in containerd's words, with IMAGE for the image's name; empty: it is there."""
    url = f"/v2/{path}/manifests/{reference}"
    headers = {"Accept": _KINDS} | ({"Authorization": f"Basic {credentials}"} if credentials else {})
    is_local = host.partition(":")[0] in ("127.0.0.1", "localhost")
    try:
        status, challenge = _head(host, url, headers, plain=is_local)
        if status == http.client.UNAUTHORIZED and challenge.lower().startswith("bearer"):
            token = _token(challenge, credentials)
            status, _ = _head(host, url, {**headers, "Authorization": f"Bearer {token}"}, plain=is_local)
    except OSError as error:
        scheme = "http" if is_local else "https"
        return f'failed to do request: Head "{scheme}://{host}{url}": {error.strerror or error}'
    except (http.client.HTTPException, ValueError) as error:  # no host's name, or a token service that says no JSON
        return f"failed to do request: {error}"
    match status:
        case 200:
            return ""
        case 404:
            return "IMAGE: not found"
        case 401:
            return f"{_DENIED}: authorization failed: no basic auth credentials"
        case 403:
            return "unexpected status from HEAD request: 403 Forbidden"
        case _:
            return f"unexpected status code from HEAD request to {url}: {status}"


def _head(host: str, url: str, headers: Mapping[str, str], *, plain: bool) -> tuple[int, str]:
    if plain:
        connection = http.client.HTTPConnection(host, timeout=_TIMEOUT)
    else:
        connection = http.client.HTTPSConnection(host, timeout=_TIMEOUT, context=ssl.create_default_context())
    try:
        connection.request("HEAD", url, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.getheader("WWW-Authenticate", "")
    finally:
        connection.close()


def _token(challenge: str, credentials: str) -> str:
    said = dict(it.strip().partition("=")[::2] for it in challenge.partition(" ")[2].split('",'))
    realm = said.get("realm", "").strip('"')
    scheme, _, rest = realm.partition("://")
    host, _, path = rest.partition("/")
    query = "&".join(
        f"{name}={said[name].strip(chr(34)).replace(' ', '%20')}" for name in ("service", "scope") if name in said
    )
    kind = http.client.HTTPConnection if scheme == "http" else http.client.HTTPSConnection
    connection = kind(host, timeout=_TIMEOUT)
    try:
        headers = {"Authorization": f"Basic {credentials}"} if credentials else {}
        connection.request("GET", f"/{path}?{query}", headers=headers)
        found = json.loads(connection.getresponse().read() or b"{}")
        if not isinstance(found, dict):
            raise ValueError("failed to fetch oauth token: the answer is no object")  # noqa: TRY004 - it is about content
        return str(found.get("token") or found.get("access_token") or "")
    finally:
        connection.close()
