"""Whose name we come in: the files docker and podman write, their helpers, and a word for where it was found.

Rows P2 and P3: every credential knows its source, and a helper that is missing or fails is an error, never "anonymous".
"""

from __future__ import annotations

import base64
import binascii
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paasctl.adapters.registry.names import also_called, key_of
from paasctl.errors import ConfigError, Unavailable
from paasctl.model.masked import Masked
from paasctl.values import dataclass

_HELPER_TIMEOUT = 30.0
_NO_SECRET = Masked("")
# The protocol has no exit status for "I have none": the official client compares this very line, and so must we.
_NOT_FOUND = "credentials not found in native keychain"


@dataclass(frozen=True, slots=True)
class Credential:
    """A name and its secret. `identity`: the secret is an OAuth2 refresh token, not a password."""

    source: str
    user: str = ""
    secret: Masked = _NO_SECRET
    identity: bool = False

    @property
    def basic(self) -> str:
        """The value of a Basic `Authorization` header; empty for nobody."""
        pair = f"{self.user}:{self.secret.reveal()}".encode()
        return f"Basic {base64.b64encode(pair).decode()}" if self.user else ""


ANONYMOUS = Credential("anonymous")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the caller's machine knows of one registry host."""

    host: str
    environ: Mapping[str, str]

    def find(self, path: str) -> Credential:
        """Who we are for the repository `path`; `ANONYMOUS` where no source knows the host.

        `ConfigError`: a file can't be read, or names a helper that is missing. `Unavailable`: a helper failed.
        """
        for place, required in _places(self.environ):
            document = _document(place, required=required)
            if found := self._in(document, place, path):
                return found
        return ANONYMOUS

    def _in(self, document: Mapping[str, Any], place: Path, path: str) -> Credential | None:
        helpers, key = _table(document, "credHelpers", place), key_of(self.host)
        helper = next((helpers[it] for it in (*also_called(self.host), key) if it in helpers), None)
        helper = helper or document.get("credsStore")
        if helper and (found := _ask(str(helper), key, place, self.environ)):
            return found
        auths = {_plain(key): entry for key, entry in _table(document, "auths", place).items()}
        for key in (key for name in also_called(self.host) for key in _prefixes(f"{name}/{path}")):
            if isinstance(entry := auths.get(key), dict) and (found := _entry(entry, key, place)):
                return found
        return None


def _places(environ: Mapping[str, str]) -> Iterator[tuple[Path, bool]]:
    """Files in the order they are asked, and whether the caller named that very file, so that it must be there."""
    home = Path(environ["HOME"]) if environ.get("HOME") else Path("~").expanduser()
    if named := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(named), True
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "containers", "auth.json"), False
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "containers", "auth.json"), False
    yield Path(environ.get("DOCKER_CONFIG") or home / ".docker", "config.json"), False


def _document(place: Path, *, required: bool) -> Mapping[str, Any]:
    try:
        document = json.loads(place.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise _unreadable(place, "REGISTRY_AUTH_FILE names it, and it is not there") from None
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(place, str(error)) from error
    if not isinstance(document, dict):
        raise _unreadable(place, "not a JSON object")
    return document


def _table(document: Mapping[str, Any], name: str, place: Path) -> Mapping[str, Any]:
    table = document.get(name) or {}
    if not isinstance(table, dict):
        raise _unreadable(place, f"{name} is not an object")
    return table


def _unreadable(place: Path, why: str) -> ConfigError:
    return ConfigError(
        f"reading registry credentials from {place}: {why}", where=str(place), code="credentials-invalid"
    )


def _plain(key: str) -> str:
    """`https://host/v1/` as old clients wrote it is `host`; a namespace stays."""
    bare = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare.removesuffix("/v1").removesuffix("/v2")


def _prefixes(name: str) -> Iterator[str]:
    """`h/a/b`, `h/a`, `h`: the longest that is there wins (containers-auth.json(5))."""
    while name:
        yield name
        name = name.rpartition("/")[0]


def _entry(entry: Mapping[str, Any], key: str, place: Path) -> Credential | None:
    """A credential of `auths`; an empty entry only says that a helper knows."""
    source = f"auths of {place}"
    user, secret = entry.get("username") or "", entry.get("password") or ""
    if entry.get("auth"):
        try:
            pair = base64.b64decode(entry["auth"], validate=True).decode().rstrip("\0")
        except (binascii.Error, ValueError, TypeError) as error:
            raise _unreadable(place, f'"auth" of {key} is not base64 of user:password') from error
        user, _, secret = pair.partition(":")
    if entry.get("identitytoken"):
        return Credential(source, user or "<token>", Masked(entry["identitytoken"]), identity=True)
    return Credential(source, user, Masked(secret)) if user else None


def _ask(name: str, host: str, place: Path, environ: Mapping[str, str]) -> Credential | None:
    """What `docker-credential-NAME get` says (docker-credential-helpers protocol); None: it knows no such host."""
    binary = f"docker-credential-{name}"
    program = shutil.which(binary, path=environ.get("PATH"))
    if not program:
        raise ConfigError(
            f"getting credentials for {host}: {place} names the helper {binary}, and it is not on the PATH",
            hint=f"install {binary}, or take it out of {place}",
            where=str(place),
            code="credential-helper-missing",
        )
    said = _run(program, host, environ)
    if said.returncode and _NOT_FOUND in said.stdout:
        return None
    source = f"helper {binary} from {place}"
    if said.returncode:
        why = (said.stdout or said.stderr).strip() or f"exit status {said.returncode}"
        raise _helper_failed(host, source, why)
    return _answer(said.stdout, host, source)


def _run(program: str, host: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [program, "get"],
            input=host,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_HELPER_TIMEOUT,
            env=dict(environ),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _helper_failed(host, f"helper {program}", f"no answer in {_HELPER_TIMEOUT:.0f} s") from error
    except OSError as error:
        raise _helper_failed(host, f"helper {program}", str(error)) from error


def _answer(text: str, host: str, source: str) -> Credential:
    try:
        said = json.loads(text)
        user, secret = str(said["Username"]), str(said["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        # Not a word of what it printed: it may be half a secret.
        raise _helper_failed(host, source, "its answer is not the JSON it should be") from error
    return Credential(source, user, Masked(secret), identity=user == "<token>")


def _helper_failed(host: str, source: str, why: str) -> Unavailable:
    return Unavailable(f"getting credentials for {host} from {source}: {why}", code="credential-helper-failed")
