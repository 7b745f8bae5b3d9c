"""What the API server would say no to, or would take and get wrong, found before it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paasctl.errors import ConfigError
from paasctl.planning.manifests.kinds import has_pods, pod_template
from paasctl.planning.manifests.source import Source

_HOW_LONG = {"CronJob": 52, "Job": 63, "Service": 63, "StatefulSet": 52}
"""Longest names: the controllers append to them, and the result must be a DNS label."""
_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "env": (("name",),),
    "ports": (("containerPort", "protocol"), ("name",)),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
}
_CONTAINERS = ("containers", "initContainers")


def pod_problems(pod: Mapping[str, Any], source: Source) -> Iterator[ConfigError]:
    """Duplicates and nameless things in a PodSpec (D12): server-side apply breaks on them."""
    if wrong := [*_shape_problems(pod)]:
        yield from (_wrong(f"reading {source.name}: {it}", source.where) for it in wrong)
        return
    both = [it for kind in _CONTAINERS for it in pod.get(kind) or ()]
    for item in _repeated(both, ("name",)):
        yield _twice(source, "the pod", item, "name")
    for name in ("volumes", "imagePullSecrets"):
        for item in _repeated(pod.get(name) or (), ("name",)):
            yield _twice(source, name, item, "name")
    for container in both:
        yield from _container_problems(container, source)


def _container_problems(container: Mapping[str, Any], source: Source) -> Iterator[ConfigError]:
    for name, keys in _KEYS.items():
        for fields in keys:
            for item in _repeated(container.get(name) or (), fields):
                yield _twice(source, f"{name} of container {container['name']}", item, fields[0])


def _shape_problems(pod: Mapping[str, Any]) -> Iterator[str]:
    if not _is_list_of_objects(pod.get("imagePullSecrets")):
        yield "imagePullSecrets must be a list of objects"
    for kind in (*_CONTAINERS, "volumes"):
        items = pod.get(kind)
        if not _is_list_of_objects(items):
            yield f"{kind} must be a list of objects"
            continue
        for index, item in enumerate(items or ()):
            if not isinstance(item.get("name"), str) or not item["name"]:
                yield f"{kind}[{index}] has no name"
            if not isinstance(item.get("resources"), Mapping | None):
                yield f"{kind}[{index}].resources must be an object"
            yield from (
                f"{kind}[{index}].{it} must be a list of objects"
                for it in _KEYS
                if not _is_list_of_objects(item.get(it))
            )


def _is_list_of_objects(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and all(isinstance(it, Mapping) for it in value))


def _repeated(items: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Every later item with the key of an earlier one; a port without a protocol is TCP."""
    seen: set[tuple[Any, ...]] = set()
    for item in items:
        key = tuple(item.get(it, "TCP") for it in fields)
        if item.get(fields[0]) is not None and key in seen:
            yield item
        seen.add(key)


def _twice(source: Source, holder: str, item: Mapping[str, Any], key: str) -> ConfigError:
    return _wrong(f"reading {source.name}: {holder} has the {key} {item[key]} twice", source.line_of(item, key))


def object_problems(body: Mapping[str, Any], source: Source) -> Iterator[ConfigError]:
    """What is missing for it to be a Kubernetes object."""
    kind = body.get("kind")
    for field in ("apiVersion", "kind"):
        if not isinstance(body.get(field), str) or not body[field]:
            yield _wrong(f"rendering {source.name}: an object without {field}", source.where)
    meta = body.get("metadata")
    name = meta.get("name") if isinstance(meta, Mapping) else None
    longest = _HOW_LONG.get(str(kind), 253)
    if not isinstance(name, str) or not name:
        yield _wrong(f"rendering {source.name}: {kind or 'an object'} without metadata.name", source.where)
    elif len(name) > longest:
        yield _wrong(f"rendering {source.name}: {kind}/{name} has a name of over {longest} characters", source.where)
    yield from shape_problems(body, source)


def shape_problems(body: Mapping[str, Any], source: Source) -> Iterator[ConfigError]:
    """Places in an object that are no mapping, where we must go on into them."""
    name = _at(body, ("metadata", "name"))
    for path in _misshapen(body):
        yield _wrong(f"rendering {source.name}: {body.get('kind')}/{name}: {path} must be an object", source.where)


def _misshapen(body: Mapping[str, Any]) -> Iterator[str]:
    """Paths that should lead to a mapping, as far as we go into an object ourselves."""
    paths: list[tuple[str, ...]] = [("metadata", "labels"), ("metadata", "annotations")]
    kind = str(body.get("kind"))
    paths += [("data",), ("stringData",)] if kind == "Secret" else []
    paths += [("spec",)] if kind == "Service" else []
    yield from (".".join(it) for it in paths if not isinstance(_at(body, it), Mapping | None))
    if has_pods(kind):
        template = pod_template(body)
        if template is None or not isinstance(template.get("spec"), Mapping):
            yield "the pod's spec"
        elif not all(isinstance(_at(template, it), Mapping | None) for it in (("metadata",), ("metadata", "labels"))):
            yield "the pod's metadata"
        elif not isinstance(_at(body, ("spec", "selector", "matchLabels")), Mapping | None):
            yield "spec.selector.matchLabels"


def _at(value: Any, path: Sequence[str]) -> Any:
    """What a path leads to; what is in the way where it leads nowhere."""
    for step in path:
        if not isinstance(value, Mapping):
            return value
        value = value.get(step)
    return value


def json_problems(said: Any, source: Source) -> Iterator[ConfigError]:
    """What a person may write in YAML and JSON cannot say."""
    for path, why in _not_json(said, ""):
        yield _wrong(f"reading {source.name}: {path}: {why}", source.where)


def _not_json(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, why) of what YAML has and JSON lacks: dates, keys that are no text."""
    if isinstance(value, Mapping):
        for key, of in value.items():
            at = f"{path}.{key}".lstrip(".")
            if not isinstance(key, str):
                yield at, f"this key is no text but {type(key).__name__}; quote it"
            yield from _not_json(of, at)
    elif isinstance(value, list):
        for index, of in enumerate(value):
            yield from _not_json(of, f"{path}[{index}]")
    elif not (value is None or isinstance(value, str | int | float)):
        yield path, f"JSON has no {type(value).__name__}; quote it"


def service_problems(body: Mapping[str, Any], source: Source) -> Iterator[ConfigError]:
    """Duplicate ports of a Service (D12)."""
    ports = (body.get("spec") or {}).get("ports")
    if not _is_list_of_objects(ports):
        yield _wrong(f"rendering {source.name}: spec.ports must be a list of objects", source.where)
        return
    for fields in (("port", "protocol"), ("name",)):
        for item in _repeated(ports or (), fields):
            yield _twice(source, f"Service/{body['metadata']['name']}", item, fields[0])


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether pods with these labels are selected."""
    return all(labels.get(key) == value for key, value in selector.items())


def _wrong(message: str, where: str) -> ConfigError:
    return ConfigError(message, where=where, code="manifest-invalid")
