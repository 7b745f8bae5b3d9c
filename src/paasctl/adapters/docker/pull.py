"""What the engine can't fetch by itself: BuildKit takes no credentials without a session, so a base is pulled first.

The docker SDK reads the credentials (config.json and its helpers).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.auth import AuthConfig, encode_header, load_config, resolve_repository_name
from docker.errors import DockerException

from paasctl.adapters.docker.engine import Engine
from paasctl.adapters.docker.stream import messages
from paasctl.errors import BuildFailed, Unavailable
from paasctl.ports.cancel import Cancel


def pull(engine: Engine, reference: str, environ: Mapping[str, str], cancel: Cancel) -> None:
    """Have the engine fetch an image (`name:tag` or `name@sha256:…`). `BuildFailed` with its words where it can't."""
    name, _, digest = reference.partition("@")
    path, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    query = {"fromImage": f"{path}{slash}{last}", "tag": digest or tag or "latest"}
    headers = _one(reference, environ)
    with engine.post("/images/create", query, headers=headers, body=(), cancel=cancel) as chunks:
        for message in messages(chunks):
            if "error" in message:
                raise BuildFailed(f"pulling {reference}: {message['error']}", code="base-unreachable")


def all_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The header that hands all credentials to the classic builder; none where there are none."""
    try:
        found = _config(environ).get_all_credentials()  # type: ignore[no-untyped-call]  # the stubs leave it untyped
    except DockerException as error:
        raise Unavailable(f"reading the Docker credentials: {error}", code="credentials") from error
    return _header("X-Registry-Config", found)


def _one(reference: str, environ: Mapping[str, str]) -> dict[str, str]:
    try:
        host, _ = resolve_repository_name(reference.partition("@")[0])
        found = _config(environ).resolve_authconfig(host)
    except DockerException as error:
        raise Unavailable(f"reading the credentials for {reference}: {error}", code="credentials") from error
    return _header("X-Registry-Auth", found)


def _config(environ: Mapping[str, str]) -> AuthConfig:
    folder = environ.get("DOCKER_CONFIG")
    return load_config(config_path=str(Path(folder) / "config.json") if folder else None)


def _header(name: str, credentials: Any) -> dict[str, str]:
    return {name: encode_header(credentials).decode()} if credentials else {}
