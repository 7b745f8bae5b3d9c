"""A build's secrets: from the caller into BuildKit, by name on the command line, and nowhere else.

BuildKit masks nothing: a step that prints its secret prints it. So what goes through our hands is searched for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from paasctl.adapters.disk import read_regular
from paasctl.errors import ConfigError
from paasctl.model.config import BuildSecret, Image
from paasctl.model.counting import count

_SHOWN = "***"
_SHORTEST = 4
"""Characters: shorter ones would blacken everything, and hide nothing."""
_LARGEST = 500 << 10
"""Bytes that BuildKit takes as one secret."""


def secret_flags(image: Image, project: Path, environ: Mapping[str, str]) -> list[str]:
    """Values of `--secret`, and of nothing that is secret. `ConfigError` for what is not there."""
    for it in image.secrets:
        _value(it, image, project, environ)
    return [
        f"id={it.id},env={it.env}" if it.env else f"id={it.id},src={_below(it.path, project)}" for it in image.secrets
    ]


def ssh_flags(image: Image, project: Path, environ: Mapping[str, str]) -> list[str]:
    """Values of `--ssh`. `ConfigError` where a key is meant that no agent holds."""
    agent = environ.get("SSH_AUTH_SOCK", "")
    if not agent and (bare := next((it for it in image.ssh if "=" not in it), "")):
        raise ConfigError(
            f"building image {image.name}: ssh {bare} needs an agent, and SSH_AUTH_SOCK is not set",
            hint=f"eval $(ssh-agent) && ssh-add, or ssh: [{bare}=path/to/key]",
            code="secret-missing",
        )
    return [_ssh(it, project) for it in image.ssh]


def _ssh(said: str, project: Path) -> str:
    name, equals, paths = said.partition("=")
    return f"{name}{equals}{','.join(str(_below(it, project)) for it in paths.split(','))}" if equals else said


def hiding(image: Image, project: Path, environ: Mapping[str, str]) -> Callable[[str], str]:
    """What blackens the secrets of an image in a text: whole ones, and each line of those that have several."""
    values = [_value(it, image, project, environ).decode("utf-8", "replace") for it in image.secrets]
    parts = {part.strip() for value in values for part in (value, *value.splitlines())}
    hidden = sorted((it for it in parts if len(it) >= _SHORTEST), key=len, reverse=True)
    return lambda text: _without(text, hidden)


def _without(text: str, hidden: Sequence[str]) -> str:
    for it in hidden:
        text = text.replace(it, _SHOWN)
    return text


def _below(path: str, project: Path) -> Path:
    return Path(os.path.normpath(project.resolve() / Path(path).expanduser()))


def _value(secret: BuildSecret, image: Image, project: Path, environ: Mapping[str, str]) -> bytes:
    doing = f"building image {image.name}: its secret {secret.id}"
    if secret.env:
        value = environ.get(secret.env)
        if value is None:
            raise ConfigError(
                f"{doing}: the variable {secret.env} is not set", hint=f"export {secret.env}=…", code="secret-missing"
            )
        return value.encode("utf-8", "surrogateescape")
    path = _below(secret.path, project)
    if "," in str(path) or '"' in str(path):
        raise ConfigError(f"{doing}: BuildKit can't be told of a file with such a name: {path}", code="secret-missing")
    try:
        content = read_regular(path)
    except OSError as error:
        raise ConfigError(f"{doing}: {secret.path}: {error.strerror}", code="secret-missing") from error
    if len(content) > _LARGEST:
        raise ConfigError(f"{doing}: {secret.path} has {count(len(content), 'byte')}, BuildKit takes {_LARGEST}")
    return content
