"""Which key of paas.yaml, or which default of ours, a field of a rendered object comes from."""

from __future__ import annotations

import re
from typing import Any

from paasctl.planning.manifests.draft import Draft
from paasctl.planning.manifests.inputs import RenderInputs
from paasctl.values import dataclass

_POD = r"spec(?:\.jobTemplate\.spec)?\.template\."
_SPEC = _POD + r"spec\."
_BOX = _SPEC + r"containers\[[^]]+\]\."


@dataclass(frozen=True, slots=True)
class _Rule:
    """Fields by path; the service's keys they come from; the default that holds while none of those is written."""

    path: str
    keys: tuple[str, ...] = ()
    default: str = ""


_EVERYWHERE = (
    _Rule(r"metadata\.namespace", default="the environment's namespace"),
    _Rule(r"(?:.*\.)?metadata\.labels(?:\..*)?", default="labels of ownership and role"),
    _Rule(r"metadata\.annotations\.paasctl\.dev/(?:version|commit)", default="which release it runs"),
)
_OURS = (
    _Rule(r"metadata\.annotations\.paasctl\.dev/replicas-on-create", ("scale",)),
    _Rule(r"metadata\.annotations\.cert-manager\.io/.*", ("tls",)),
    _Rule(r"spec\.selector", default="the service's own pods"),
    _Rule(r"spec\.replicas", ("replicas",), "1 replica"),
    _Rule(r"spec\.(?:strategy|updateStrategy|minReadySeconds)", default="zero downtime"),
    _Rule(r"spec\.ports", ("port",)),
    _Rule(r"spec\.schedule", ("schedule",)),
    _Rule(r"spec\.volumeClaimTemplates", ("volumes",)),
    _Rule(r"spec\.(?:minReplicas|maxReplicas|metrics)", ("scale",)),
    _Rule(r"spec\.(?:rules|hostnames)", ("hosts",)),
    _Rule(r"spec\.tls", ("tls",)),
    _Rule(_BOX + "command", ("command",)),
    _Rule(_BOX + "args", ("args",)),
    _Rule(_BOX + "ports", ("port",)),
    _Rule(_BOX + "resources", ("resources",), "something for `scale` to measure by"),
    _Rule(_BOX + "readinessProbe", ("health", "port"), "ready when it answers"),
    _Rule(_BOX + "lifecycle", ("drain",), "drain 5s"),
    _Rule(_SPEC + "terminationGracePeriodSeconds", ("drain", "grace"), "drain 5s (with a port), then grace 30s"),
    _Rule(_SPEC + "topologySpreadConstraints", default="replicas on several nodes"),
    _Rule(_SPEC + "serviceAccountName", ("serviceAccount",)),
    _Rule(_SPEC + "automountServiceAccountToken", default="no token without a serviceAccount"),
    _Rule(_SPEC + "enableServiceLinks", default="no variables about other services"),
)
_EVERYWHERE_BY_PATH = tuple((re.compile(it.path), it) for it in _EVERYWHERE)
_OURS_BY_PATH = tuple((re.compile(it.path), it) for it in _OURS)
_ENV = re.compile(_BOX + r'env\[name="(.+)"\]')
_IMAGE = re.compile(r".*ontainers\[[^]]+\]\.image")
_STORED = re.compile(_SPEC + r"volumes\[.+\]|" + _BOX + r"volumeMounts\[.+\]")
_PULLED = re.compile(_SPEC + r"imagePullSecrets")


@dataclass(frozen=True, slots=True)
class Origins:
    """Answers for the fields of one draft."""

    draft: Draft
    inputs: RenderInputs

    def release(self, path: str, value: Any) -> str | None:
        """What to say of an image that this release pinned; None: it is no such field."""
        if not _IMAGE.fullmatch(path):
            return None
        name = next((name for name, image in self.inputs.images.items() if str(image) == value), "")
        return f"release {self.inputs.version}: images.{name}" if name else None

    def of(self, path: str, value: Any) -> str | None:
        """Where a field that the author did not write came from; None: its parts know, or the template."""
        rules = (*_EVERYWHERE_BY_PATH, *(_OURS_BY_PATH if self._is_ours else ()))
        for pattern, rule in rules:
            if pattern.fullmatch(path):
                return self._said(rule)
        return self._item(path, value) if self._is_ours else None

    @property
    def fallback(self) -> str:
        """The template, which is never wrong."""
        return f"{self.draft.source.name}{'' if self._is_ours or not self.draft.template else ' of the project'}"

    @property
    def _is_ours(self) -> bool:
        """A template that the project wrote itself says what it likes, so no rule knows better."""
        return bool(self.draft.template) and f"templates/{self.draft.template}" not in self.inputs.files

    def _said(self, rule: _Rule) -> str:
        keys = [it for it in rule.keys if not rule.default or self._is_written(it)]
        return ", ".join(map(self._key, keys)) or f"platform default: {rule.default}"

    def _item(self, path: str, value: Any) -> str | None:
        if found := _ENV.fullmatch(path):
            secrets = self.draft.service.secrets if self.draft.service else {}
            return self._key(f"{'secrets' if found[1] in secrets else 'env'}.{found[1]}")
        if _STORED.fullmatch(path):
            kinds = {"config-files": "config", "secret-files": "secrets"}
            return self._key(kinds.get(value["name"], f"volumes.{value['name']}"))
        if _PULLED.fullmatch(path):
            return f"{self.inputs.config.file} registries.{self.inputs.environment.registry}.pullSecret"
        return None

    def _key(self, key: str) -> str:
        name = self.draft.service.name if self.draft.service else ""
        return f"{self.inputs.config.file} services.{name}.{key}"

    def _is_written(self, key: str) -> bool:
        service = self.draft.service
        return service is not None and ("services", service.name, key) in self.inputs.config.places
