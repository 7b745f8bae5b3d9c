"""Only pinned images reach a manifest: names of `images` get their digest, everything else must bring its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paasctl.errors import ConfigError, PaasError, Refused
from paasctl.model.config import Config, Service
from paasctl.model.image import Pinned, parse_reference
from paasctl.planning.manifests.inputs import RenderInputs
from paasctl.planning.manifests.source import Source


def service_image(config: Config, service: Service) -> str:
    """The name in `images` that a service runs; empty: it has none of its own."""
    if service.image:
        return service.image
    return next(iter(config.images)) if len(config.images) == 1 else ""


def pin_images(pod: dict[str, Any], default: str, inputs: RenderInputs, source: Source) -> Iterator[PaasError]:
    """Give every container of `pod` its pinned image, in place; `default` is for those that name none."""
    for kind in ("containers", "initContainers"):
        for container in pod.get(kind) or ():
            try:
                container["image"] = _pinned(container, default, inputs, source)
            except (ConfigError, Refused) as error:
                yield error


def _pinned(container: Mapping[str, Any], default: str, inputs: RenderInputs, source: Source) -> str:
    wanted = str(container.get("image") or default)
    of = f"container {container.get('name')}"
    if not wanted:
        raise _wrong(f"rendering {source.name}: {of} has no image", source.where, "name one of `images`")
    if wanted in inputs.config.images:
        return str(known_image(wanted, inputs))
    try:
        reference = parse_reference(wanted)
    except ValueError as error:
        near = ", ".join(inputs.config.images) or "nothing"
        message = f"rendering {source.name}: {of}: the image {wanted!r} is neither in `images` ({near}) nor a reference"
        raise _wrong(message, _place(container, source), str(error)) from error
    runs = inputs.outside.get(wanted)
    if runs and (runs.repository != reference.repository or not isinstance(reference, Pinned)):
        return str(runs)  # the tag's pin, or the copy beside the record; else it stays as it was written
    if not isinstance(reference, Pinned):
        message = f"rendering {source.name}: {of}: the image {wanted} can move; pin it by digest"
        raise _wrong(message, _place(container, source), f"write {reference.repository}@sha256:…")
    return wanted


def known_image(name: str, inputs: RenderInputs) -> Pinned:
    """The release's image of that name; `Refused` where the release has none."""
    if name not in inputs.images:
        hint = "paasctl release makes one; paasctl render --placeholder-digests does without"
        raise Refused(f"rendering {inputs.version}: it has no image {name}", hint=hint, code="image-unknown")
    return inputs.images[name]


def _place(container: Mapping[str, Any], source: Source) -> str:
    return source.line_of(container, "image") if container.get("image") else source.where


def _wrong(message: str, where: str, hint: str) -> ConfigError:
    return ConfigError(message, where=where, hint=hint, code="image-not-pinned")
