"""What pods name and do not bring along."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.model.kube import Key, Manifest
from paasctl.planning.manifests.references import references


def _deployment(pod: dict[str, Any], kind: str = "Deployment") -> Manifest:
    spec: dict[str, Any] = {"template": {"spec": pod}}
    body = {
        "apiVersion": "batch/v1" if kind == "CronJob" else "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {"jobTemplate": {"spec": spec}} if kind == "CronJob" else spec,
    }
    return Manifest(key=Key("apps", kind, "shop", "web"), body=body, source="")


_OF = {
    "a pull secret": ({"imagePullSecrets": [{"name": "x"}]}, ""),
    "a volume": ({"volumes": [{"configMap": {"name": "x"}}]}, "ConfigMap/x"),
    "a secret volume": ({"volumes": [{"secret": {"secretName": "x"}}]}, "Secret/x"),
    "a projected volume": (
        {"volumes": [{"projected": {"sources": [{"secret": {"name": "x"}}, {"configMap": {"name": "y"}}]}}]},
        "Secret/x ConfigMap/y",
    ),
    "a claim": ({"volumes": [{"persistentVolumeClaim": {"claimName": "x"}}]}, "PersistentVolumeClaim/x"),
    "variables": (
        {"containers": [{"envFrom": [{"secretRef": {"name": "x"}}, {"configMapRef": {"name": "y"}}]}]},
        "ConfigMap/y Secret/x",
    ),
    "one variable": (
        {"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "x", "key": "k"}}}, {"value": "v"}]}]},
        "Secret/x",
    ),
    "what is optional": (
        {
            "volumes": [{"secret": {"secretName": "x", "optional": True}}, {"emptyDir": {}}],
            "containers": [{"envFrom": [{"configMapRef": {"name": "y", "optional": True}}]}],
        },
        "",
    ),
    "the same twice": (
        {"volumes": [{"configMap": {"name": "x"}}], "containers": [{"envFrom": [{"configMapRef": {"name": "x"}}]}]},
        "ConfigMap/x",
    ),
}


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
@pytest.mark.parametrize(("pod", "expected"), _OF.values(), ids=_OF)
def test_of_a_pod(pod: dict[str, Any], expected: str, kind: str) -> None:
    found = references([_deployment(pod, kind)])
    assert set(map(str, found)) == set(expected.split())
    assert len(found) == len(expected.split())
    assert {it.namespace for it in found} <= {"shop"}


def test_what_comes_along_is_not_named() -> None:
    own = Manifest(key=Key("", "ConfigMap", "shop", "x"), body={"kind": "ConfigMap"}, source="")
    pod = {"volumes": [{"configMap": {"name": "x"}}, {"configMap": {"name": "y"}}]}
    assert [str(it) for it in references([own, _deployment(pod)])] == ["ConfigMap/y"]
