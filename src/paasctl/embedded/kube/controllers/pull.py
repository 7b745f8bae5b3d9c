"""Whether a node could pull an image: asked of the registry that its name names, over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
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
_LATER = 60.0
"""Seconds for which a registry that did not answer is not asked again: controllers wait for each question."""
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
    """Asks, and remembers what is there by digest: it can't change; and for a while which registries don't answer."""

    known: set[str] = field(default_factory=set)
    _silent: dict[str, float] = field(default_factory=dict)
    """Host -> when it may be asked again, by the monotonic clock."""

    def __call__(self, image: str, secrets: Sequence[Mapping[str, Any]]) -> str:
        """As `Pull`."""
        if image in self.known:
            return ""
        host, path, reference = parts_of(image)
        why = self._why(host, f"/v2/{path}/manifests/{reference}", _credentials(host, secrets))
        if not why and reference.startswith("sha256:"):
            self.known.add(image)
        if not why:
            return ""
        code = "NotFound" if "not found" in why else "Unknown"
        head = f'rpc error: code = {code} desc = failed to pull and unpack image "{image}"'
        return f'{head}: failed to resolve reference "{image}": {why.replace("IMAGE", image)}'

    def _why(self, host: str, url: str, credentials: str) -> str:
        """Why not, in containerd's words, with IMAGE for the image's name; empty: it is there."""
        if time.monotonic() < self._silent.get(host, 0.0):
            return _unreached(host, url, "timed out")
        try:
            return _asked(host, url, credentials)
        except TimeoutError as error:
            self._silent[host] = time.monotonic() + _LATER
            return _unreached(host, url, str(error))
        except OSError as error:
            return _unreached(host, url, error.strerror or str(error))
        except (http.client.HTTPException, ValueError) as error:  # no host's name, or a token service without JSON
            return f"failed to do request: {error}"


def _is_local(host: str) -> bool:
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


def _unreached(host: str, url: str, why: str) -> str:
    return f'failed to do request: Head "{"http" if _is_local(host) else "https"}://{host}{url}": {why}'


def _credentials(host: str, secrets: Sequence[Mapping[str, Any]]) -> str:
    for it in secrets:
        entry = (it.get("auths") or {}).get(host) or {}
        if entry.get("auth"):
            return str(entry["auth"])
        if entry.get("username"):
            return base64.b64encode(f"{entry['username']}:{entry.get('password', '')}".encode()).decode()
    return ""


def _asked(host: str, url: str, credentials: str) -> str:
    """As `AskRegistry._why`. Raises what the network and a broken answer raise."""
    headers = {"Accept": _KINDS} | ({"Authorization": f"Basic {credentials}"} if credentials else {})
    status, challenge = _head(host, url, headers)
    if status == http.client.UNAUTHORIZED and challenge.lower().startswith("bearer"):
        status, _ = _head(host, url, {**headers, "Authorization": f"Bearer {_token(challenge, credentials)}"})
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


def _head(host: str, url: str, headers: Mapping[str, str]) -> tuple[int, str]:
    if _is_local(host):
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
