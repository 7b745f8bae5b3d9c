"""Who owns `spec.replicas`: where an autoscaler does, we ask for a number only when the workload is made (D11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from paasctl.model.kube import Key, Live, Manifest
from paasctl.planning.fields.owned import NOBODY, child, is_ours, our_fields

REPLICAS_ON_CREATE: Final = "paasctl.dev/replicas-on-create"
_SCALED: Final = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})


def settle_replicas(manifest: Manifest, live: Live | None, autoscalers: Iterable[Mapping[str, Any]]) -> Manifest:
    """The manifest as it is to be applied: `spec.replicas` settled where an autoscaler owns it, else as it was."""
    if manifest.key.kind not in _SCALED:
        return manifest
    scaler = next((it for it in autoscalers if _targets(it, manifest.key)), None)
    if scaler is None and _on_create(manifest) is None:
        return manifest
    spec = {name: of for name, of in manifest.body.get("spec", {}).items() if name != "replicas"}
    if live is None:
        asked = manifest.body.get("spec", {}).get("replicas") or _on_create(manifest)
        spec["replicas"] = asked or ((scaler or {}).get("spec") or {}).get("minReplicas") or 1
    elif _is_only_ours(live):
        # To drop a field that only we own is to ask for its default, 1: keep what is there until it is moved.
        spec["replicas"] = live.body["spec"].get("replicas", 1)
    return replace(manifest, body={**manifest.body, "spec": spec})


def _targets(autoscaler: Mapping[str, Any], key: Key) -> bool:
    ref = (autoscaler.get("spec") or {}).get("scaleTargetRef") or {}
    group = str(ref.get("apiVersion", "")).rpartition("/")[0]
    namespace = (autoscaler.get("metadata") or {}).get("namespace") or key.namespace
    return (group, ref.get("kind"), namespace, ref.get("name")) == (key.group, key.kind, key.namespace, key.name)


def _on_create(manifest: Manifest) -> int | None:
    asked = str((manifest.body.get("metadata", {}).get("annotations") or {}).get(REPLICAS_ON_CREATE, ""))
    return int(asked) if asked.isdecimal() else None


def _is_only_ours(live: Live) -> bool:
    ours = our_fields(live.body) or NOBODY
    return _owns(ours) and not any(_owns(it.get("fieldsV1") or NOBODY) for it in _owners(live) if not is_ours(it))


def _owns(node: Mapping[str, Any]) -> bool:
    return child(child(node, "spec"), "replicas") is not NOBODY


def _owners(live: Live) -> Iterator[Mapping[str, Any]]:
    return iter(live.body["metadata"].get("managedFields") or ())
