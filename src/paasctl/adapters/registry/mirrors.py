"""Mirrors of a registry, as containerd's `hosts.toml` has them: asked first, for content by digest, and only to read.

    # /etc/containerd/certs.d/registry.example/hosts.toml (or below /etc/containers, /etc/docker, ~/.config/containers)
    [host."https://mirror.example:5000"]
      capabilities = ["pull"]

`server = "http://registry.example"` in it allows plain HTTP with the registry itself.
What a name means is never asked of a mirror, nothing is pushed to one, and the registry's credentials are not for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paasctl.adapters.registry.trust import host_folders
from paasctl.errors import ConfigError

_FILE = "hosts.toml"


def mirrors_of(host: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses (`https://host[:port]`) in the order in which they are asked; the first folder that has a file counts.

    `ConfigError` where the file can't be read or names what is no address of a mirror.
    """
    file = _file(host, environ)
    return tuple(_addresses(_read(file), file, host)) if file else ()


def is_plain(host: str, environ: Mapping[str, str]) -> bool:
    """Whether such a file says that the registry itself speaks plain HTTP: `server = "http://HOST"`."""
    file = _file(host, environ)
    return file is not None and str(_read(file).get("server", "")).rstrip("/") == f"http://{host}"


def _file(host: str, environ: Mapping[str, str]) -> Path | None:
    return next((it for folder in host_folders(host, environ) if (it := folder / _FILE).is_file()), None)


def _read(file: Path) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - few have such a file, and all would pay for its parser

    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise _invalid(file, str(error)) from error


def _addresses(said: Mapping[str, Any], file: Path, host: str) -> Iterator[str]:
    hosts = said.get("host") or {}
    if not isinstance(hosts, dict) or not all(isinstance(it, dict) for it in hosts.values()):
        raise _invalid(file, "`host` is no table of tables")
    for address, settings in hosts.items():
        if "pull" not in settings.get("capabilities", ["pull"]):
            continue
        parts = urlsplit(address if "://" in address else f"https://{address}")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.rstrip("/") not in ("", "/v2"):
            raise _invalid(file, f"{address} is no http(s)://host[:port]; mirrors below a path are not supported")
        if parts.netloc != host:
            yield f"{parts.scheme}://{parts.netloc}"


def _invalid(file: Path, why: str) -> ConfigError:
    return ConfigError(f"reading the mirrors of {file}: {why}", where=str(file), code="mirrors-invalid")
