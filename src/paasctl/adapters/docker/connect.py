"""Finding the Docker Engine, as its own command line does: by the docker SDK (DOCKER_HOST, contexts, TLS)."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from docker import APIClient
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.utils import kwargs_from_env, parse_host

from paasctl.adapters.docker.engine import ABSENT, ANSWER, CONNECT, Engine, check, translated
from paasctl.errors import Unavailable

_OLDEST, _KNOWN = (1, 24), (1, 47)
"""Engine API versions: what we can't do without, and the newest whose answers we know."""
_UNIX = "http+unix://"


@contextmanager
def connect(environ: Mapping[str, str]) -> Iterator[Engine]:
    """A connection to the engine that DOCKER_HOST names, else the docker context in use, else the local one (B1).

    It is open while in the context. Absent, unreachable or too old: `Unavailable`; a socket we may not use:
    `Forbidden`; both with a hint.
    """
    client, name = _client(environ)
    with client:
        yield _greeted(client, name)


def engine_version(environ: Mapping[str, str]) -> str:
    """What builds Dockerfiles here, in a few words; raises as `connect` does."""
    with connect(environ) as engine:
        return f"Docker Engine {engine.version or 'of unknown version'} at {engine.name}"


def _greeted(client: APIClient, name: str) -> Engine:
    doing = f"connecting to the Docker engine at {name}"
    with translated(doing):
        answer = client.get(f"{client.base_url}/version", timeout=(CONNECT, ANSWER))
    check(answer, doing)
    said = _document(answer, doing)
    version = str(said.get("ApiVersion", ""))
    offered, least = _numbers(version), _numbers(str(said.get("MinAPIVersion", "")))
    if offered < _OLDEST:
        raise Unavailable(
            f"{doing}: it speaks API version {version or 'unknown'}, and we need {_spelled(_OLDEST)}",
            hint="update the Docker engine, or set DOCKER_HOST to another",
            code="engine-too-old",
        )
    spoken = max(min(offered, _KNOWN), least)
    return Engine(client, f"{client.base_url}/v{_spelled(spoken)}", name, str(said.get("Version", "")), _platform(said))


def _client(environ: Mapping[str, str]) -> tuple[APIClient, str]:
    try:
        found = kwargs_from_env(environ) if environ.get("DOCKER_HOST") else _context(environ.get("DOCKER_CONTEXT"))
        name = str(found.get("base_url") or "the default socket")
        # A version of ours keeps the SDK from asking the engine for its own, and from failing in its own words.
        client = APIClient(**found, version=DEFAULT_DOCKER_API_VERSION)
        address = str(parse_host(found.get("base_url")))
    except (DockerException, OSError, ValueError, KeyError) as error:
        raise Unavailable(f"finding the Docker engine: {error}", hint=ABSENT, code="engine-absent") from error
    if address.startswith(_UNIX):
        _knock(address.removeprefix(_UNIX), f"connecting to the Docker engine at {name}")
    return client, name


def _knock(path: str, doing: str) -> None:
    """Connect to a socket once by ourselves: what is wrong with it is then plain, and the SDK leaks no socket."""
    with translated(doing), socket.socket(socket.AF_UNIX) as door:
        door.settimeout(CONNECT)
        door.connect(path)


def _context(name: str | None) -> dict[str, Any]:
    context = ContextAPI.get_context(name)
    if context is None:
        raise KeyError(f"there is no docker context {name or 'of the name in config.json'}")
    found = {"base_url": context.Host, "tls": context.TLSConfig}
    return {key: value for key, value in found.items() if value}


def _document(answer: requests.Response, doing: str) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError as error:
        raise Unavailable(f"{doing}: its answer is no JSON; is it a Docker engine?", code="engine-failed") from error
    return said if isinstance(said, dict) else {}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(it) for it in version.split(".") if it.isdigit())


def _spelled(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _platform(said: Mapping[str, Any]) -> str:
    return f"{said.get('Os', '')}/{said.get('Arch', '')}"
