"""`config show`: the file as it was understood, spelt as it would be written, what looks like a secret masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from paasctl.config.cascade import Assignment, resolve
from paasctl.config.masking import masked, masked_at
from paasctl.model.answer import Setting
from paasctl.model.approving import Approvals
from paasctl.model.config import (
    BranchRule,
    BuildSecret,
    Config,
    Environment,
    FromKey,
    Image,
    Keep,
    Requirement,
    SecretSource,
    Service,
    Squash,
    Versioning,
)
from paasctl.model.image import Platform, Repository
from paasctl.model.layer import KINDS, FileLayer, GoLayer, JvmLayer, Layer, NodeLayer, PythonLayer

_OF_DOCKERFILES = ("dockerfile", "target", "args", "secrets", "ssh")
_HIDING = ("values", "env", "args", "labels", "pod")
"""Fields that hold the author's own values, where a secret may have slipped in."""


def show(config: Config, environment: str = "", sets: Sequence[Assignment] = ()) -> dict[str, Any]:
    """The file, defaults filled in; it would load again, and mean the same but for what is masked.

    With an environment: only that one and what it uses, and the `values` of each of its clusters as they come out.
    """
    return _fields(_narrowed(config, environment, sets) if environment else config, "file", "places")


def explain(config: Config, environment: str, sets: Sequence[Assignment] = ()) -> tuple[Setting, ...]:
    """Every value of the environment and which layer won, masked; `[CLUSTER]` behind the path where clusters differ."""
    settings = {it: resolve(config, environment, it, sets).settings for it in config.environments[environment].clusters}
    told: dict[str, Setting] = {}
    for cluster, several in settings.items():
        for one in several:
            everywhere = all(one in others for others in settings.values())
            path = one.path if everywhere else f"{one.path} [{cluster}]"
            told[path] = Setting(path=path, value=masked_at(one.path, one.value), source=one.source)
    return tuple(told[path] for path in sorted(told))


def _narrowed(config: Config, name: str, sets: Sequence[Assignment]) -> Config:
    environment = config.environments[name]
    resolved = {it: resolve(config, name, it, sets).values for it in environment.clusters}
    clusters = {it: replace(config.clusters[it], values=values) for it, values in resolved.items()}
    registries = {environment.registry: config.registries[environment.registry]}
    # What it comes after are other environments and registries, which are not shown: the whole file shows that.
    only = {name: replace(environment, values={}, after=(), soak=None, approvals=None)}
    return replace(config, environments=only, clusters=clusters, registries=registries, approvers={}, values={})


def _fields(value: Any, *left_out: str) -> dict[str, Any]:
    """A dataclass as a mapping; what is not there is left out, as is its name."""
    found = {it.name: getattr(value, it.name) for it in fields(value) if it.name not in ("name", *left_out)}
    shown = {name: masked(it) if name in _HIDING else it for name, it in found.items()}
    return {_camel(name): _plain(it) for name, it in shown.items() if _is_there(it)}


def _plain(value: Any) -> Any:  # noqa: C901, PLR0911, PLR0912 - one arm per type
    match value:
        case Repository() | Platform():
            return str(value)
        case FromKey():
            return {value.kind: f"{value.name}/{value.key}"}
        case SecretSource():
            return {value.kind: value.of}
        case Versioning():
            return _versioning(value)
        case Image():
            return _image(value)
        case FileLayer() | PythonLayer() | JvmLayer() | NodeLayer() | GoLayer():
            return _layer(value)
        case BuildSecret():
            return {"id": value.id, **({"env": value.env} if value.env else {"file": value.path})}
        case Service():
            return _service(value)
        case Requirement():
            return _fields(value) if value.key else value.what
        case Environment():
            soak = {"soak": _duration(value.soak)} if value.soak is not None else {}
            return {"clusters": list(value.clusters), **_fields(value, "clusters", "soak"), **soak}
        case Approvals():
            within = {"within": _duration(value.within)} if value.within is not None else {}
            return {**_fields(value, "within"), **within}
        case Keep():
            return {**_fields(value, "age"), "age": _duration(value.age)}
        case Mapping():
            return {key: _plain(it) for key, it in value.items()}
        case list() | tuple():
            return [_plain(it) for it in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return _fields(value)


def _versioning(value: Versioning) -> dict[str, Any]:
    branches = {it.pattern: _branch(it) for it in value.branches}
    empty = {"nextMarker": ""} if not value.next_marker else {}  # "" means none, and is not the default
    return {**_fields(value, "branches"), **empty, **({"branches": branches} if branches else {})}


def _branch(rule: BranchRule) -> dict[str, Any]:
    prefix = {"tagPrefix": ""} if rule.tag_prefix == "" else {}
    return {**_fields(rule, "pattern"), **prefix}


def _image(image: Image) -> dict[str, Any]:
    unused = _OF_DOCKERFILES if image.layers else ("layers", "base", "config")
    shown = _fields(image, *unused, "squash", "cache")
    cache = {"from": list(image.cache.sources), "to": list(image.cache.targets)}
    return {**shown, **({"cache": cache} if any(cache.values()) else {}), "squash": _squash(image.squash)}


def _squash(squash: Squash | None) -> Any:
    if squash is None:
        return "none"
    return "auto" if squash == Squash(base="auto") else {"layers": squash.layers, "base": squash.base}


def _layer(layer: Layer) -> dict[str, Any]:
    kind = next(name for name, of in KINDS.items() if isinstance(layer, of))
    mode = {"mode": f"{layer.mode:04o}"} if isinstance(layer, FileLayer) and layer.mode is not None else {}
    return {"kind": kind, **_fields(layer, "mode"), **mode}


def _service(service: Service) -> dict[str, Any]:
    unused = [
        *(("drain",) if service.schedule or service.run else ()),
        *(() if service.hosts else ("path",)),
        *(() if service.config else ("config_path",)),
    ]
    shown = _fields(service, "volumes", *unused)
    for name in ("drain", "grace"):
        if name in shown:
            shown[name] = _duration(shown[name])
    volumes = {it.name: _fields(it) for it in service.volumes}
    return {**shown, **({"volumes": volumes} if volumes else {})}


def _duration(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def _is_there(value: Any) -> bool:
    return value is not None and value != "" and not (isinstance(value, Mapping | tuple | list) and not value)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(it.capitalize() for it in rest)
