"""How an image was built: an in-toto Statement with a SLSA v1 predicate. No times: same input, same statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from paasctl import __version__
from paasctl.model.image import Descriptor, Platform
from paasctl.model.layer import KINDS, Layer
from paasctl.model.plan import Build
from paasctl.oci.building.packages import Material
from paasctl.oci.documents.manifest import Json, canonical

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
_BUILD_TYPE = "https://paasctl.dev/build/layers/v1"
_BUILDER = "https://paasctl.dev/builder/layers"


def provenance(
    step: Build, platform: Platform, made: Descriptor, base: Mapping[str, str], materials: Sequence[Material]
) -> bytes:
    """The statement about one image. `base` has the name and the digest of its base, where it has one."""
    image = step.image
    asked: Json = {
        "image": image.name,
        "platform": str(platform),
        "version": step.version,
        "base": image.base or "scratch",
        "context": image.context,
        "layers": [_layer(it) for it in image.layers],
    }
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": image.name, "digest": _digest(made.digest)}],
            "predicateType": PREDICATE,
            "predicate": {
                "buildDefinition": {
                    "buildType": _BUILD_TYPE,
                    "externalParameters": asked,
                    "internalParameters": {"sourceDateEpoch": step.epoch},
                    "resolvedDependencies": list(_dependencies(step, base, materials)),
                },
                "runDetails": {"builder": {"id": _BUILDER, "version": {"paasctl": __version__}}},
            },
        }
    )


def _dependencies(step: Build, base: Mapping[str, str], materials: Sequence[Material]) -> Iterator[Json]:
    """The commit, the base, and the lock files, as SLSA's resource descriptors."""
    source: Json = {"name": "source", "digest": {"gitCommit": step.revision}}
    if ".dirty" in step.version:
        source["annotations"] = {"dirty": True}
    yield source
    if base.get("digest"):
        named = {"uri": f"docker://{base['name']}"} if base.get("name") else {}
        yield {"name": "base", **named, "digest": _digest(base["digest"])}
    for it in sorted(materials, key=lambda it: it.name):
        yield {"name": it.name, **({"uri": it.uri} if it.uri else {}), "digest": dict(it.digests)}


def _digest(text: str) -> dict[str, str]:
    algorithm, _, value = text.partition(":")
    return {algorithm: value}


def _layer(layer: Layer) -> dict[str, Any]:
    """The layer as it was asked for; what was left to its default is left out."""
    kind = next(name for name, of in KINDS.items() if isinstance(layer, of))
    said = {it.name: getattr(layer, it.name) for it in fields(layer) if getattr(layer, it.name) != it.default}
    return {"kind": kind, **{name: list(it) if isinstance(it, tuple) else it for name, it in said.items()}}
