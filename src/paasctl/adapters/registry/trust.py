"""Whom we believe and through whom we go: certificate authorities and proxies, as the environment says."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from paasctl.adapters.registry.names import address, is_loopback
from paasctl.adapters.tls import settled
from paasctl.errors import ConfigError


def tls_context(host: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    """The system's authorities, `SSL_CERT_FILE`, and every `*.crt` of the host's `certs.d` folders."""
    context = ssl.create_default_context()
    if named := environ.get("SSL_CERT_FILE"):
        _believe(context, Path(named))
    for folder in host_folders(host, environ):
        for file in sorted(folder.glob("*.crt")):
            _believe(context, file)
    return settled(context)


def host_folders(host: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where this machine keeps what it knows of a host, in the `certs.d` layout of docker, podman and containerd."""
    roots = [Path("/etc/docker"), Path("/etc/containers"), Path("/etc/containerd")]
    if home := environ.get("HOME"):
        roots += [Path(home, ".config", "docker"), Path(home, ".config", "containers"), Path(home, ".docker")]
    return (root / "certs.d" / host for root in roots)


def _believe(context: ssl.SSLContext, file: Path) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except OSError as error:  # a missing file and broken PEM alike (SSLError is one)
        raise ConfigError(
            f"reading the certificate authorities of {file}: {error}", where=str(file), code="certificates-invalid"
        ) from error


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy's address for this url, from `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`; never one for loopback hosts."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(parts.netloc) or _is_exempt(host, parts.port, _either(environ, "NO_PROXY")):
        return None
    proxy = _either(environ, f"{parts.scheme.upper()}_PROXY")
    return (proxy if "://" in proxy else f"http://{proxy}") if proxy else None


def _either(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def _is_exempt(host: str, port: int | None, rules: str) -> bool:
    return any(_covers(rule.strip().lower(), host.lower(), port) for rule in rules.split(",") if rule.strip())


def _covers(rule: str, host: str, port: int | None) -> bool:
    """`*`, a name (and what is below it), `.name`, `name:port`, an address, or a network."""
    if rule == "*":
        return True
    if literal := address(host):
        try:
            return literal in ipaddress.ip_network(rule.removeprefix("[").removesuffix("]"), strict=False)
        except ValueError:
            return rule == f"{host}:{port}"
    name, _, wanted = rule.partition(":")
    name = name.removeprefix("*").removeprefix(".")
    return (not wanted or wanted == str(port)) and (host == name or host.endswith(f".{name}"))
