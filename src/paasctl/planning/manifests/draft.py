"""An object on its way to being a `Manifest`: its body, and whose words are in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from paasctl.errors import ConfigError
from paasctl.model.config import Service
from paasctl.model.kube import OWNER_LABEL, Key, Manifest
from paasctl.model.masked import Masked
from paasctl.planning.manifests.inputs import RenderInputs
from paasctl.planning.manifests.kinds import pod_template, rank
from paasctl.planning.manifests.labels import marks, object_labels, ownership
from paasctl.planning.manifests.merge import merge
from paasctl.planning.manifests.source import Source
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One object. `authored` has the object's own shape and holds only what the author wrote for it."""

    body: dict[str, Any] = field(repr=False)
    source: Source
    authored: Mapping[str, Any] = field(default_factory=dict, repr=False)
    author: str = ""
    """What to call the author's words: `pod.yml`."""
    service: Service | None = None
    template: str = ""
    """Name of the template; empty for the project's own manifests."""

    @property
    def key(self) -> Key:
        """The object's key."""
        return Key.of(self.body)

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.body.get("kind", ""))

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Where it stands in the output, whatever order it was made in."""
        key = self.key
        return rank(key.kind), key.kind, key.group, key.name

    def manifest(self) -> Manifest:
        """The object as the deploy wants it."""
        of = f" for {self.service.name}" if self.service else ""
        return Manifest(self.key, self.body, f"{self.source.name}{of}")


def adopt(body: Mapping[str, Any], inputs: RenderInputs, service: Service | None) -> dict[str, Any]:
    """The object with namespace, labels and marks added under what it says itself, its keys in Kubernetes' order."""
    meta = {key: value for key, value in (body.get("metadata") or {}).items() if value is not None}
    kind = str(body.get("kind"))
    ours: dict[str, Any] = {
        "name": meta.get("name"),
        "namespace": inputs.environment.namespace,
        "labels": object_labels(inputs, service, kind),
    }
    if said := marks(inputs, kind):
        ours["annotations"] = said
    adopted = {"apiVersion": body.get("apiVersion"), "kind": body.get("kind"), "metadata": merge(ours, meta)}
    return adopted | {key: value for key, value in body.items() if key not in adopted}


def own_pods(body: dict[str, Any], inputs: RenderInputs) -> None:
    """Mark the pods of a manifest of the project's own as ours, in place, so that they are found and judged."""
    template = pod_template(body)
    if template is not None and body["kind"] != "Pod":
        meta = template.get("metadata") or {}
        labels = {"app.kubernetes.io/part-of": inputs.config.app} | ownership(inputs)
        template["metadata"] = merge({"labels": labels}, meta)


def place_problems(draft: Draft, inputs: RenderInputs) -> Iterator[ConfigError]:
    """An object in another namespace, or of another owner, would escape the target: never pruned, never locked."""
    meta, namespace = draft.body["metadata"], inputs.environment.namespace
    if meta["namespace"] != namespace:
        message = f"rendering {draft.source.name}: {draft.key} is for namespace {meta['namespace']}, not {namespace}"
        yield ConfigError(message, where=draft.source.where, hint="leave `namespace` out", code="namespace-foreign")
    owner = meta["labels"].get(OWNER_LABEL)
    if owner != inputs.config.app:
        message = f"rendering {draft.source.name}: {draft.key} is labelled {OWNER_LABEL}={owner}"
        yield ConfigError(message, where=draft.source.where, hint="leave that label out", code="owner-foreign")


def mask_secret(body: dict[str, Any]) -> None:
    """Mask the values of a Secret, in place (D33)."""
    if body["kind"] != "Secret":
        return
    for name in ("data", "stringData"):
        if values := body.get(name):
            body[name] = {key: it if isinstance(it, Masked) else Masked(str(it)) for key, it in values.items()}
