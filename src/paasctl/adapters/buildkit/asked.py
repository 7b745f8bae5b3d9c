"""What is asked of BuildKit for one image, in the words of `buildctl` and of `docker buildx`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from paasctl.adapters.buildkit.secrets import secret_flags, ssh_flags
from paasctl.adapters.docker.context import Context
from paasctl.adapters.docker.laying import labels
from paasctl.model.plan import Build
from paasctl.values import dataclass

OUTPUT = "type=oci,rewrite-timestamp=true"
"""An OCI layout as a tar, files no younger than SOURCE_DATE_EPOCH: a fresh checkout changes no layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One build: the image, what is sent, and the caller's secrets by name."""

    step: Build
    context: Context
    dockerfile: Path
    """Where it is staged."""
    secrets: tuple[str, ...]
    ssh: tuple[str, ...]

    @property
    def args(self) -> dict[str, str]:
        """Build arguments; an author may set the epoch."""
        return {"SOURCE_DATE_EPOCH": str(self.step.epoch), **self.step.image.args}

    @property
    def platforms(self) -> str:
        """As both programs want them."""
        return ",".join(map(str, self.step.image.platforms))


def ask(step: Build, context: Context, dockerfile: Path, project: Path, environ: Mapping[str, str]) -> Asked:
    """The build of this image. `ConfigError` for secrets that are not there."""
    return Asked(
        step=step,
        context=context,
        dockerfile=dockerfile,
        secrets=tuple(secret_flags(step.image, project, environ)),
        ssh=tuple(ssh_flags(step.image, project, environ)),
    )


def buildctl_words(asked: Asked) -> list[str]:
    """What comes after `buildctl --addr …`."""
    image = asked.step.image
    options = {
        "filename": asked.dockerfile.name,
        "target": image.target,
        "platform": asked.platforms,
        **{f"build-arg:{name}": value for name, value in asked.args.items()},
        **{f"label:{name}": value for name, value in labels(asked.step).items()},
    }
    return [
        *("build", "--progress", "rawjson", "--frontend", "dockerfile.v0"),
        *("--local", f"context={asked.context.folder}", "--local", f"dockerfile={asked.dockerfile.parent}"),
        *_each("--opt", [f"{name}={value}" for name, value in sorted(options.items()) if value]),
        *_each("--secret", asked.secrets),
        *_each("--ssh", asked.ssh),
        *_each("--import-cache", image.cache.sources),
        *_each("--export-cache", image.cache.targets),
        *("--output", OUTPUT),
    ]


def buildx_words(asked: Asked, output: str, network: str = "") -> list[str]:
    """What comes after `docker`; `network` is that of steps, "" the builder's own.

    Nothing that vouches for the image is asked for: it would vouch for a manifest that is not the one to be pushed.
    """
    image = asked.step.image
    return [
        *("buildx", "build", "--progress", "rawjson", "--provenance", "false", "--sbom", "false"),
        *("--file", str(asked.dockerfile), "--platform", asked.platforms),
        *(("--target", image.target) if image.target else ()),
        *_each("--build-arg", [f"{name}={value}" for name, value in sorted(asked.args.items())]),
        *_each("--label", [f"{name}={value}" for name, value in sorted(labels(asked.step).items())]),
        *_each("--secret", asked.secrets),
        *_each("--ssh", asked.ssh),
        *_each("--cache-from", image.cache.sources),
        *_each("--cache-to", image.cache.targets),
        *(("--network", network) if network else ()),
        *("--output", output),
        str(asked.context.folder),
    ]


def _each(flag: str, values: tuple[str, ...] | list[str]) -> Iterator[str]:
    for it in values:
        yield from (flag, it)
