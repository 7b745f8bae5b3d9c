"""The names that templates see: `service` is what paas.yaml says, `pod`, `config` … what the platform worked out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from paasctl.errors import ConfigError
from paasctl.model.config import FromKey, Scale, Service
from paasctl.planning.manifests.content import SECRETS_PATH, ConfigContent, SecretContent
from paasctl.planning.manifests.images import known_image, service_image
from paasctl.planning.manifests.inputs import Renderer, RenderInputs
from paasctl.planning.manifests.kinds import workload_kind
from paasctl.planning.manifests.labels import pod_labels, selector
from paasctl.planning.manifests.pods import AuthoredPod
from paasctl.planning.manifests.problems import gather
from paasctl.planning.manifests.routes import Route
from paasctl.values import dataclass

GRACE = 30.0
CPU_TARGET = 80
_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
"""Asked for where a service scales by a resource and says nothing of it: a percentage needs a whole."""
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read and worked out for one service, before its templates are rendered."""

    service: Service
    authored: AuthoredPod
    config: ConfigContent | None
    secret: SecretContent | None
    hosts: tuple[str, ...]
    env: tuple[dict[str, Any], ...]
    route: Route | None

    @property
    def replicas(self) -> int:
        """How many pods there are, at least."""
        if self.service.scale:
            return self.service.scale.min
        said = self.authored.spec.get("replicas", self.service.replicas)
        return said if isinstance(said, int) else 1

    @property
    def several(self) -> bool:
        """Whether there is more than one pod, so that one may go while others serve."""
        return self.replicas > 1


def common_names(inputs: RenderInputs, service: str = "") -> dict[str, Any]:
    """The names in every template, config file ending in `.j2`, host and environment variable."""
    return {
        "app": inputs.config.app,
        "environment": inputs.environment.name,
        "cluster": inputs.cluster.name,
        "namespace": inputs.environment.namespace,
        "version": inputs.version,
        "commit": inputs.commit,
        "values": inputs.values,
        "images": {name: str(image) for name, image in inputs.images.items()},
        **({"service": {"name": service}} if service else {}),
    }


def expanded_hosts(
    service: Service, inputs: RenderInputs, renderer: Renderer, names: Mapping[str, Any]
) -> tuple[str, ...]:
    """The service's hosts, expanded and proved to be host names."""

    def host(index: int, text: str) -> str:
        place = inputs.where("services", service.name, "hosts", index)
        if not _HOST.fullmatch(expanded := renderer.expand(text, names, place)):
            message = f"rendering service {service.name}: hosts[{index}] is no host name: {expanded!r}"
            raise ConfigError(message, where=place, code="host-invalid")
        return expanded

    return tuple(gather(partial(host, index, text) for index, text in enumerate(service.hosts)))


def expanded_env(
    service: Service, inputs: RenderInputs, renderer: Renderer, names: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """The service's `env` as Kubernetes' EnvVars."""

    def variable(name: str, value: str | FromKey) -> dict[str, Any]:
        if isinstance(value, FromKey):
            field = "secretKeyRef" if value.kind == "secret" else "configMapKeyRef"
            return {"name": name, "valueFrom": {field: {"name": value.name, "key": value.key}}}
        return {
            "name": name,
            "value": renderer.expand(value, names, inputs.where("services", service.name, "env", name)),
        }

    return tuple(gather(partial(variable, name, value) for name, value in service.env.items()))


def template_names(facts: Facts, inputs: RenderInputs) -> dict[str, Any]:
    """Everything a template of this service may mention."""
    names = common_names(inputs) | {
        "service": _service(facts),
        "pod": _pod(facts, inputs),
        "workload": workload_kind(facts.service),
    }
    if facts.config:
        names["config"] = {
            "name": facts.config.name,
            "data": dict(facts.config.data),
            "binaryData": dict(facts.config.binary),
        }
    if facts.secret:
        names["secret"] = {"name": facts.secret.name, "data": facts.secret.stand_ins()}
    if facts.route:
        namespace, name = facts.route.gateway
        names["route"] = {
            "ingressClass": facts.route.ingress_class,
            "gateway": {"namespace": namespace, "name": name},
        }
    return names


def _service(facts: Facts) -> dict[str, Any]:
    service = facts.service
    return {
        "name": service.name,
        "command": list(service.command),
        "args": list(service.args),
        "port": service.port,
        "health": service.health,
        "replicas": service.replicas,
        "scale": _scale(service.scale),
        "hosts": list(facts.hosts),
        "path": service.path,
        "tls": {"secret": service.tls.secret, "issuer": service.tls.issuer} if service.tls else None,
        "schedule": service.schedule,
        "run": service.run,
        "serviceAccount": service.service_account,
    }


def _scale(scale: Scale | None) -> dict[str, Any] | None:
    if scale is None:
        return None
    return {"min": scale.min, "max": scale.max, "targets": targets(scale)}


def targets(scale: Scale) -> list[tuple[str, int]]:
    """(resource, percent) to scale by: the CPU at 80 % where nothing is said."""
    said = [(name, of) for name, of in (("cpu", scale.cpu), ("memory", scale.memory)) if of is not None]
    return said or [("cpu", CPU_TARGET)]


def _pod(facts: Facts, inputs: RenderInputs) -> dict[str, Any]:
    service = facts.service
    drain = math.ceil(service.drain) if service.port else 0
    grace = math.ceil(GRACE if service.grace is None else service.grace)
    image = service_image(inputs.config, service)
    registry = inputs.config.registries.get(inputs.environment.registry)
    return {
        "labels": pod_labels(inputs, service),
        "selector": selector(inputs.config.app, service.name),
        "container": facts.authored.container,
        "image": str(known_image(image, inputs)) if image in inputs.config.images else image,
        "env": [*facts.env, *_secret_env(facts.secret)],
        "resources": _resources(service),
        "mounts": [{"name": it["name"], "mountPath": path} | extra for it, path, extra in _mounted(facts)],
        "volumes": [it for it, _, _ in _mounted(facts) if len(it) > 1],
        "claims": [
            {"name": it.name, "size": it.claim, "storageClass": it.storage_class} for it in service.volumes if it.claim
        ],
        "serviceAccount": service.service_account or facts.authored.pod.get("serviceAccountName") or "",
        "pullSecret": registry.pull_secret if registry else "",
        "drainSeconds": drain,
        "terminationSeconds": drain + grace,
        "several": facts.several,
    }


def _mounted(facts: Facts) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
    """(volume, mount path, what else the mount says); a claimed volume is only a name: its claim is made apart."""
    service, read_only = facts.service, {"readOnly": True}
    found: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
        ({"name": it.name} if it.claim else {"name": it.name, "emptyDir": {}}, it.path, {}) for it in service.volumes
    ]
    if facts.config:
        volume = {"name": "config-files", "configMap": {"name": facts.config.name}}
        found.append((volume, service.config_path, read_only))
    if facts.secret and facts.secret.files:
        items = [{"key": it, "path": it} for it in facts.secret.files]
        volume = {"name": "secret-files", "secret": {"secretName": facts.secret.name, "items": items}}
        found.append((volume, SECRETS_PATH, read_only))
    return found


def _secret_env(secret: SecretContent | None) -> list[dict[str, Any]]:
    if secret is None:
        return []
    return [{"name": it, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": it}}} for it in secret.variables]


def _resources(service: Service) -> dict[str, Any]:
    said = dict(service.resources)
    if not service.scale:
        return said
    given = {**(said.get("limits") or {}), **(said.get("requests") or {})}
    missing = {name: _REQUESTS[name] for name, _ in targets(service.scale) if name not in given}
    return said | {"requests": {**missing, **(said.get("requests") or {})}} if missing else said
