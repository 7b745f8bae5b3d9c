"""What options say about the embedded world: faults, scripts of pods, users. Files are read here, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import read_regular
from paasctl.adapters.yaml.read import read
from paasctl.embedded.http.faults import OF_API_SERVERS, BadFaultError, Fault, parsed
from paasctl.embedded.kube.controllers.scripts import BadScriptError, Script, read_scripts
from paasctl.errors import ConfigError, UsageError
from paasctl.ports.embedded import RegistryPart

_SCRIPT = 'pods: [{match: {env: {DATABASE_URL: ""}}, crash: {exit: 3}}]'


def read_faults(lines: Sequence[str], *, of_registry: bool = False) -> list[Fault]:
    """Faults from their lines. Raises `UsageError`, also for what only an API server can have, `of_registry`."""
    try:
        found = [parsed(it) for it in lines]
    except BadFaultError as error:
        raise UsageError(f"reading --fault: {error}") from error
    for it in found:
        if of_registry and it.word in OF_API_SERVERS:
            raise UsageError(f"reading --fault: {it.word!r} can only happen to an API server", hint=f"{it.on}: 503")
    return found


def read_users(how: RegistryPart) -> dict[str, str]:
    """Who may come in: name -> password. Raises `UsageError`, `ConfigError`; a password is never shown."""
    found: dict[str, str] = {}
    for source, lines in (("--user", how.users), (how.password_file, _lines(how.password_file))):
        for line in lines:
            name, colon, password = line.partition(":")
            if not (name and colon and password):
                raise UsageError(f"reading {source}: a user is written NAME:PASSWORD", hint="--user ann:secret")
            found[name] = password
    if how.password_file and not found:
        raise UsageError(f"reading {how.password_file}: it names nobody", hint="write NAME:PASSWORD, a line for each")
    return found


def _lines(path: str) -> list[str]:
    if not path:
        return []
    try:
        return [it for it in read_regular(Path(path)).decode().splitlines() if it.strip() and not it.startswith("#")]
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"reading {path}: {said}", code="file-unreadable") from error


def read_script_file(path: Path) -> tuple[Script, ...]:
    """How pods behave, from a file. Raises `ConfigError`."""
    try:
        found = read(read_regular(path), str(path))
    except OSError as error:
        raise ConfigError(f"reading {path}: {error.strerror}", code="file-unreadable") from error
    except ConfigError as error:  # its hint is about paas.yaml
        raise ConfigError(
            f"reading {path}: {error.message}", hint=_SCRIPT, where=error.where, code="script-invalid"
        ) from error
    if found.problems:
        raise ConfigError.of(tuple(found.problems))
    try:
        return read_scripts(_pods(found.values, path))
    except BadScriptError as error:
        raise ConfigError(f"reading {path}: {error}", where=str(path), code="script-invalid") from error


def _pods(said: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    pods = said.get("pods")
    if set(said) - {"pods"} or not isinstance(pods, list):
        raise ConfigError(
            f"reading {path}: it takes one key, a list", hint=_SCRIPT, where=str(path), code="script-invalid"
        )
    return pods
