"""ConfigMaps and Secrets, named after what is in them: a change restarts pods, a rollback finds its own (D34)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import field
from functools import partial
from typing import Any

from paasctl.errors import ConfigError
from paasctl.model.config import Service
from paasctl.model.masked import Masked
from paasctl.planning.manifests.inputs import Renderer, RenderInputs
from paasctl.planning.manifests.labels import content_hash
from paasctl.planning.manifests.problems import gather
from paasctl.values import dataclass

LARGEST = 1024 * 1024
"""Bytes in a ConfigMap or Secret (`MaxSecretSize` in core/v1)."""
SECRETS_PATH = "/secrets"
STAND_IN = "paasctl-stand-in:"
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigContent:
    """A service's `config:`: texts, and base64 of what is no UTF-8."""

    name: str
    data: Mapping[str, str]
    binary: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretContent:
    """A service's `secrets:`, masked."""

    name: str
    values: Mapping[str, Masked] = field(repr=False)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that can be environment variables, and are."""
        return tuple(it for it in self.values if _VARIABLE.fullmatch(it))

    @property
    def files(self) -> tuple[str, ...]:
        """All other names: files below `/secrets`."""
        return tuple(it for it in self.values if not _VARIABLE.fullmatch(it))

    def values_for(self, key: str) -> Mapping[str, Masked]:
        """The values as a Secret's `data` (base64) or `stringData` wants them."""
        if key == "stringData":
            return self.values
        return {name: Masked(base64.b64encode(it.reveal().encode()).decode()) for name, it in self.values.items()}

    def stand_ins(self) -> dict[str, str]:
        """What templates see in place of the values."""
        return {name: stand_in(self.name, name) for name in self.values}


def stand_in(secret: str, name: str) -> str:
    """A text that no author writes by accident."""
    return f"{STAND_IN}{secret}/{name}"


def config_content(
    service: Service, inputs: RenderInputs, renderer: Renderer, names: Mapping[str, Any]
) -> ConfigContent | None:
    """The ConfigMap's content, files ending in `.j2` expanded; None: the service has no `config`."""
    if not service.config:
        return None
    read = gather(partial(_file, service, key, inputs) for key in service.config)
    texts: dict[str, str] = {}
    binary: dict[str, str] = {}
    for (key, path), content in zip(service.config.items(), read, strict=True):
        try:
            text = content.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(content).decode()
        else:
            texts[key] = renderer.expand(text, names, path) if path.endswith(".j2") else text
    if sum(map(len, [*texts.values(), *binary.values()])) > LARGEST:
        raise _wrong(service, inputs, "config", "", "is over 1 MiB, more than a ConfigMap holds")
    name = f"{service.name}-config-{content_hash({'data': texts, 'binaryData': binary})}"
    return ConfigContent(name=name, data=texts, binary=binary)


def _file(service: Service, key: str, inputs: RenderInputs) -> bytes:
    _check_key(service, inputs, "config", key)
    path = service.config[key]
    if path not in inputs.files:
        raise _wrong(service, inputs, "config", key, f"names {path}; there is no such file")
    return inputs.files[path]


def secret_content(service: Service, inputs: RenderInputs) -> SecretContent | None:
    """The Secret's content; None: the service has no `secrets`."""
    if not service.secrets:
        return None
    found = gather(partial(_secret, service, name, inputs) for name in service.secrets)
    values = dict(zip(service.secrets, found, strict=True))
    told = {name: it.reveal() for name, it in values.items()}
    return SecretContent(name=f"{service.name}-secrets-{content_hash(told)}", values=values)


def _secret(service: Service, name: str, inputs: RenderInputs) -> Masked:
    _check_key(service, inputs, "secrets", name)
    if (service.name, name) not in inputs.secrets:
        raise _wrong(service, inputs, "secrets", name, "has no value")
    return inputs.secrets[service.name, name]


def _check_key(service: Service, inputs: RenderInputs, field_name: str, key: str) -> None:
    if not _KEY.fullmatch(key):
        raise _wrong(service, inputs, field_name, key, "is no file name: letters, digits, '-', '_' and '.' only")


def _wrong(service: Service, inputs: RenderInputs, field_name: str, key: str, why: str) -> ConfigError:
    path = ("services", service.name, field_name, *((key,) if key else ()))
    return ConfigError(
        f"rendering service {service.name}: {'.'.join(path[2:])} {why}",
        where=inputs.where(*path),
        code="content-invalid",
    )
