"""Checked values to `Config`. Nothing can fail here: `check.py` and `rules.py` have said what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.config.shape import snake
from paasctl.model.approving import Approvals, Approver
from paasctl.model.config import (
    BranchRule,
    BuildCache,
    BuildSecret,
    Cluster,
    Config,
    Environment,
    FromKey,
    Hooks,
    Image,
    ImageConfig,
    Keep,
    Path,
    Registry,
    Requirement,
    Scale,
    SecretSource,
    Service,
    Squash,
    Tls,
    Versioning,
    Volume,
    Where,
)
from paasctl.model.layer import KINDS, Layer

Checked = Mapping[str, Any]


def build(top: Checked, file: str, places: Mapping[Path, Where]) -> Config:
    """The file as a value. Images given inline become `images[service]`, and their places are found there too."""
    services = top.get("services", {})
    inline = {name: it["image"] for name, it in services.items() if isinstance(it.get("image"), dict)}
    images = {**top.get("images", {}), **inline}
    only = next(iter(images)) if len(images) == 1 else ""
    app = top["app"]
    return Config(
        app=app,
        file=file,
        requires=top.get("requires", ""),
        version=_versioning(top.get("version", {})),
        images={name: _image(name, it) for name, it in images.items()},
        services={name: _service(name, it, only) for name, it in services.items()},
        registries={name: _registry(name, it) for name, it in top.get("registries", {}).items()},
        clusters={name: Cluster(name=name, **_fields(it)) for name, it in top.get("clusters", {}).items()},
        environments={name: _environment(app, name, it) for name, it in top.get("environments", {}).items()},
        approvers={name: _approver(name, it) for name, it in top.get("approvers", {}).items()},
        values=top.get("values", {}),
        hooks=Hooks(**_fields(top.get("hooks", {}))),
        places={**places, **_inline_places(places, inline)},
    )


def _fields(checked: Checked) -> dict[str, Any]:
    """Keys as the dataclasses spell them; lists become tuples."""
    return {snake(key): tuple(it) if isinstance(it, list) else it for key, it in checked.items()}


def _registry(name: str, checked: Checked) -> Registry:
    fields = _fields(checked)
    if "keep" in checked:
        fields["keep"] = Keep(**_fields(checked["keep"]))
    return Registry(name=name, **fields)


def _inline_places(places: Mapping[Path, Where], inline: Checked) -> dict[Path, Where]:
    return {
        ("images", path[1], *path[3:]): where
        for path, where in places.items()
        if len(path) >= 3 and path[0] == "services" and path[2] == "image" and path[1] in inline
    }


def _versioning(checked: Checked) -> Versioning:
    fields = _fields(checked)
    rules = checked.get("branches", {})
    fields["branches"] = tuple(_branch(pattern, rule) for pattern, rule in rules.items())
    return Versioning(**fields)


def _branch(pattern: str, rule: Checked) -> BranchRule:
    return BranchRule(pattern=pattern, **_fields(rule))


def _image(name: str, checked: Checked) -> Image:
    fields = _fields(checked)
    fields["secrets"] = tuple(map(_build_secret, checked.get("secrets", ())))
    cache = checked.get("cache", {})
    fields["cache"] = BuildCache(sources=tuple(cache.get("from", ())), targets=tuple(cache.get("to", ())))
    fields["layers"] = tuple(map(_layer, checked.get("layers", ())))
    fields["squash"] = _squash(checked.get("squash", "auto"))
    if "config" in checked:
        fields["config"] = _image_config(checked["config"])
    return Image(name=name, **fields)


def _build_secret(checked: Checked) -> BuildSecret:
    return BuildSecret(id=checked["id"], env=checked.get("env", ""), path=checked.get("file", ""))


def _layer(checked: Checked) -> Layer:
    fields = _fields(checked)
    return KINDS[fields.pop("kind", "files")](**fields)


def _squash(checked: str | Checked) -> Squash | None:
    if isinstance(checked, str):
        return Squash(base="auto") if checked == "auto" else None
    return Squash(layers=checked.get("layers", "auto"), base=checked.get("base", "keep"))


def _image_config(checked: Checked) -> ImageConfig:
    fields = _fields(checked)
    fields["ports"] = tuple(str(it) for it in checked.get("ports", ()))
    return ImageConfig(**fields)


def _service(name: str, checked: Checked, only: str) -> Service:
    fields = _fields(checked)
    image = checked.get("image", only)
    fields["image"] = image if isinstance(image, str) else name
    fields["env"] = {
        key: it if isinstance(it, str) else FromKey(**_reference(it)) for key, it in fields.get("env", {}).items()
    }
    fields["secrets"] = {key: _source(it) for key, it in fields.get("secrets", {}).items()}
    fields["volumes"] = tuple(Volume(name=key, **_fields(it)) for key, it in fields.get("volumes", {}).items())
    if "scale" in fields:
        fields["scale"] = Scale(**fields["scale"])
    if "tls" in fields:
        fields["tls"] = Tls(**fields["tls"])
    return Service(name=name, **fields)


def _reference(checked: Checked) -> dict[str, Any]:
    kind, text = next(iter(checked.items()))
    name, _, key = text.partition("/")
    return {"kind": kind, "name": name, "key": key}


def _source(checked: Checked) -> SecretSource:
    fields: dict[str, Any] = dict(zip(("kind", "of"), next(iter(checked.items())), strict=True))
    return SecretSource(**fields)


def _environment(app: str, name: str, checked: Checked) -> Environment:
    fields = _fields(checked)
    clusters = (fields.pop("cluster"),) if "cluster" in fields else fields.pop("clusters")
    fields["requires"] = tuple(map(_requirement, checked.get("requires", ())))
    fields.setdefault("namespace", f"{app}-{name}")
    if isinstance(wanted := fields.get("approvals"), int):
        fields["approvals"] = Approvals(count=wanted)
    elif wanted:
        fields["approvals"] = Approvals(**_fields(wanted))
    return Environment(name=name, clusters=clusters, **fields)


def _requirement(checked: str | Checked) -> Requirement:
    return Requirement(what=checked) if isinstance(checked, str) else Requirement(**checked)


def _approver(name: str, checked: str | list[str] | Checked) -> Approver:
    if isinstance(checked, Mapping):
        return Approver(name=name, **_fields(checked))
    return Approver(name=name, keys=(checked,) if isinstance(checked, str) else tuple(checked))
