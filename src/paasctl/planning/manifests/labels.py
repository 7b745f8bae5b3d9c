"""Names, labels and marks that everything of ours carries, so that it is found, judged and pruned as ours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from paasctl.model.config import Service
from paasctl.model.kube import APP_LABEL, MANAGER, OWNER_LABEL
from paasctl.planning.manifests.inputs import RenderInputs

NAME_LABEL = "app.kubernetes.io/name"
REPLICAS_ON_CREATE = "paasctl.dev/replicas-on-create"
"""How many replicas a workload is made with, where an autoscaler owns the number afterwards (D11)."""
VERSION_MARK = "paasctl.dev/version"
COMMIT_MARK = "paasctl.dev/commit"
MARKED = frozenset({"Deployment", "StatefulSet", "DaemonSet", "CronJob"})
"""Kinds that say which release they run. Only they: else every release would write every object, for nothing."""
_LABEL_CHARS = re.compile(r"[^A-Za-z0-9._-]+")


def label_value(text: str) -> str:
    """The text as a label value: at most 63 of `[A-Za-z0-9._-]`, beginning and ending with a letter or digit."""
    return _LABEL_CHARS.sub("-", text)[:63].strip("._-")


def selector(app: str, service: str) -> dict[str, str]:
    """What a service's pods are selected by. Immutable in Kubernetes, so neither version nor environment is in it.

    The owner label is left out on purpose: a StatefulSet copies its selector onto its claims, and what carries the
    owner label may be pruned.
    """
    return {NAME_LABEL: service, APP_LABEL: app}


def pod_labels(inputs: RenderInputs, service: Service) -> dict[str, str]:
    """Labels of a service's pods: nothing that a new release of the same image would change."""
    return (
        selector(inputs.config.app, service.name)
        | {
            "app.kubernetes.io/instance": label_value(f"{inputs.config.app}-{inputs.environment.name}"),
            "app.kubernetes.io/component": component(service),
        }
        | ownership(inputs)
    )


def object_labels(inputs: RenderInputs, service: Service | None, kind: str) -> dict[str, str]:
    """Labels of an object itself; of one of the project's own (`manifests/`) where there is no service."""
    version = {"app.kubernetes.io/version": label_value(inputs.version)} if kind in MARKED else {}
    if service:
        return pod_labels(inputs, service) | version
    return {APP_LABEL: inputs.config.app} | ownership(inputs) | version


def ownership(inputs: RenderInputs) -> dict[str, str]:
    """The labels that say whose it is."""
    return {"app.kubernetes.io/managed-by": MANAGER, OWNER_LABEL: inputs.config.app}


def marks(inputs: RenderInputs, kind: str) -> dict[str, str]:
    """Annotations that say which release an object runs; none for kinds that run nothing."""
    if kind not in MARKED:
        return {}
    return {VERSION_MARK: inputs.version, COMMIT_MARK: inputs.commit}


def component(service: Service) -> str:
    """The role of a service within its app."""
    if service.schedule:
        return "cronjob"
    if service.run:
        return "job"
    return "server" if service.port else "worker"


def content_hash(content: Mapping[str, Any]) -> str:
    """Eight hex digits that change when the content does; the order of keys does not count."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
