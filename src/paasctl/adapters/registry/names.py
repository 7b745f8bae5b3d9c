"""Where a registry answers: scheme, addresses, `Location` headers, and what a request needs to be allowed."""

from __future__ import annotations

import ipaddress
from typing import Self
from urllib.parse import urljoin, urlsplit, urlunsplit

from paasctl.values import dataclass

_HUB = "https://index.docker.io/v1/"
"""What clients have called Docker Hub in their files ever since."""
_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")


def key_of(host: str) -> str:
    """What helpers are asked for: the host, but Docker Hub by its old address."""
    return _HUB if host in _HUB_NAMES else host


def also_called(host: str) -> tuple[str, ...]:
    """The names of a host in files of credentials, its own first."""
    return (host, *(it for it in _HUB_NAMES if it != host)) if host in _HUB_NAMES else (host,)


def address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The literal address in a host without port, brackets allowed; None: it is a name."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether `host[:port]` is this machine by its very name: 127.0.0.0/8, ::1, localhost."""
    name = urlsplit(f"//{host}").hostname or ""
    literal = address(name)
    return name == "localhost" or (literal is not None and literal.is_loopback)


def base_url(host: str, insecure: bool | None) -> str:
    """`http://host` for loopback hosts and where `insecure` says so, else `https://host`. Docker Hub has its own."""
    plain = is_loopback(host) if insecure is None else insecure
    return f"{'http' if plain else 'https'}://{'registry-1.docker.io' if host in _HUB_NAMES else host}"


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port): two addresses of one origin may share credentials."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def located(asked: str, location: str) -> str:
    """The absolute address of a `Location`. A registry behind a TLS proxy may name itself by http: it stays https."""
    found = urlsplit(urljoin(asked, location))
    if found.scheme == "http" and asked.startswith("https:") and found.netloc == urlsplit(asked).netloc:
        found = found._replace(scheme="https")
    return urlunsplit(found)


def with_query(url: str, query: str) -> str:
    """The address with one more `name=value`, whatever it carried before (upload states live there)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


@dataclass(frozen=True, slots=True)
class Access:
    """What a request needs to be allowed: the repository it is about, and token scopes, the decisive one first."""

    path: str
    scopes: tuple[str, ...]

    @classmethod
    def pull(cls, path: str) -> Self:
        """Reading."""
        return cls(path, (f"repository:{path}:pull",))

    @classmethod
    def push(cls, path: str, source: str = "") -> Self:
        """Writing, and mounting from `source`: one token must carry both."""
        scopes = (f"repository:{path}:pull,push", *([f"repository:{source}:pull"] if source else ()))
        return cls(path, scopes)

    @classmethod
    def delete(cls, path: str) -> Self:
        """Deleting: an action of its own (distribution's token scopes); many servers grant it with `push`."""
        return cls(path, (f"repository:{path}:pull,push,delete",))

    @property
    def deletes(self) -> bool:
        """Whether something is to go."""
        return self.scopes[0].endswith("delete")

    @property
    def writes(self) -> bool:
        """Whether more than reading is asked for."""
        return not self.scopes[0].endswith(":pull")


def brief(digest: str) -> str:
    """A digest as people read it: `sha256:` and twelve digits."""
    return digest[:19]
