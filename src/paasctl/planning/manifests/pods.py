"""What the author says of a service's pod, brought into the shape of the workload's `spec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.errors import ConfigError
from paasctl.model.config import Service
from paasctl.model.counting import count
from paasctl.planning.manifests.checks import json_problems, pod_problems
from paasctl.planning.manifests.inputs import Renderer, RenderInputs
from paasctl.planning.manifests.kinds import SERVING, workload_kind
from paasctl.planning.manifests.problems import expect_none
from paasctl.planning.manifests.source import Source
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoredPod:
    """The author's words. `spec` has the shape of a Deployment's spec, whatever was written."""

    spec: Mapping[str, Any]
    container: str
    """Name of the container that the service's image, port and environment belong to."""
    source: Source

    @property
    def pod(self) -> Mapping[str, Any]:
        """The PodSpec."""
        return _pod_of(self.spec)


def no_pod(service: Service) -> AuthoredPod:
    """The author says nothing."""
    return AuthoredPod(spec={}, container=service.name, source=Source(name="", where=""))


def authored_pod(service: Service, inputs: RenderInputs, renderer: Renderer, names: Mapping[str, Any]) -> AuthoredPod:
    """Read `pod:`, from its file or inline. Raises every problem of it."""
    source = _source(service, inputs, renderer, names)
    if source.root is None:
        return no_pod(service)
    expect_none(json_problems(source.root, source))
    spec = _shaped(service, source)
    expect_none(pod_problems(_pod_of(spec), source))
    return AuthoredPod(spec=spec, container=_main(service, _pod_of(spec)), source=source)


def _source(service: Service, inputs: RenderInputs, renderer: Renderer, names: Mapping[str, Any]) -> Source:
    place = inputs.where("services", service.name, "pod")
    if not isinstance(service.pod, str):
        return Source(name=f"{inputs.config.file} services.{service.name}.pod", where=place, root=service.pod)
    text = _text(service.pod, inputs, place)
    if service.pod.endswith(".j2"):
        text = renderer.expand(text, names, service.pod)
    documents = renderer.documents(text, service.pod)
    if len(documents) != 1:
        raise _wrong(
            f"reading {service.pod}: one PodSpec is wanted, not {count(len(documents), 'document')}", service.pod
        )
    return Source(name=service.pod, where=service.pod, text=text, root=documents[0])


def _text(path: str, inputs: RenderInputs, place: str) -> str:
    if path not in inputs.files:
        raise _wrong(f"reading {path}: there is no such file", place)
    try:
        return inputs.files[path].decode()
    except UnicodeDecodeError as error:
        raise _wrong(f"reading {path}: it is not UTF-8 text", path) from error


def _shaped(service: Service, source: Source) -> Mapping[str, Any]:
    said: Mapping[str, Any] = source.root
    kind = workload_kind(service)
    if "kind" in said:
        hint = "leave only what stands under its `spec:`, or move the whole object to manifests/"
        raise _wrong(f"reading {source.name}: a PodSpec is wanted, not a whole {said['kind']}", source.where, hint)
    if "template" not in said:
        return {"template": {"spec": said}}
    if kind not in SERVING:
        raise _wrong(f"reading {source.name}: {service.name} is a {kind}, which takes only a PodSpec", source.where)
    if not isinstance(said["template"], Mapping) or not isinstance(said["template"].get("spec"), Mapping):
        raise _wrong(f"reading {source.name}: template has no spec", source.where)
    return said


def _pod_of(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = spec.get("template", {}).get("spec", {})
    return found


def _main(service: Service, pod: Mapping[str, Any]) -> str:
    """The container named like the service, else the first."""
    names = [str(it["name"]) for it in pod.get("containers") or ()]
    return service.name if service.name in names or not names else names[0]


def _wrong(message: str, where: str, hint: str = "") -> ConfigError:
    return ConfigError(message, where=where, hint=hint, code="pod-invalid")
