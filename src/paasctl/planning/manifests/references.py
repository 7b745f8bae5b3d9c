"""What pods name and do not bring along: ConfigMaps, Secrets and claims without which they do not start. Pure.

Pull secrets are none of these: a kubelet starts a pod without them, and says so where an image is then refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from paasctl.model.kube import Key, Manifest
from paasctl.planning.manifests.kinds import pod_of

_CLAIM = "PersistentVolumeClaim"


def references(manifests: Iterable[Manifest]) -> tuple[Key, ...]:
    """Each once, those left out that are among the manifests, or that a pod can do without (`optional`)."""
    every = tuple(manifests)
    own = {it.key for it in every}
    found = dict.fromkeys(
        Key("", kind, it.key.namespace, name) for it in every for kind, name in _named(pod_of(it.body)) if name
    )
    return tuple(it for it in found if it not in own)


def _named(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in pod.get("volumes") or ():
        yield from _of_source(volume)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _of_source(source)
        yield _CLAIM, str((volume.get("persistentVolumeClaim") or {}).get("claimName") or "")
    for container in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ())):
        for it in container.get("envFrom") or ():
            yield from _of_variables(it, "Ref")
        for it in container.get("env") or ():
            yield from _of_variables(it.get("valueFrom") or {}, "KeyRef")


def _of_source(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, field, names in (("ConfigMap", "configMap", ("name",)), ("Secret", "secret", ("secretName", "name"))):
        said = source.get(field) or {}
        if not said.get("optional"):
            yield kind, str(next((said[it] for it in names if said.get(it)), ""))


def _of_variables(source: Mapping[str, Any], ending: str) -> Iterator[tuple[str, str]]:
    for kind, field in (("ConfigMap", "configMap"), ("Secret", "secret")):
        said = source.get(field + ending) or {}
        if not said.get("optional"):
            yield kind, str(said.get("name") or "")
