"""`docker buildx` on the builder in use: through a pipe, or through the engine where its builder writes no OCI layouts.

The driver `docker` is the engine's own BuildKit. It can write an OCI layout only where the engine keeps images in
containerd; else it leaves the image with the engine, and we take it out as after a build of the engine's own. What
buildx adds there is its session: secrets, keys and credentials.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from paasctl.adapters.buildkit.asked import OUTPUT, buildx_words
from paasctl.adapters.buildkit.laying import Laying
from paasctl.adapters.buildkit.probe import buildx_builder_in_use
from paasctl.adapters.buildkit.run import Log, Run, begun
from paasctl.adapters.docker.connect import connect
from paasctl.adapters.docker.engine import Engine
from paasctl.adapters.docker.looked_up import Registry
from paasctl.adapters.docker.taking import Built, Taking
from paasctl.errors import BuildFailed, ConfigError
from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout
from paasctl.values import dataclass

_PIPED = f"{OUTPUT},dest=-"
_LOADED = "type=docker"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildxBuilder:
    """Builds Dockerfiles with `docker buildx`, on its builder in use."""

    environ: Mapping[str, str]
    registry: Registry
    """Asked for bases, whose layers are counted."""

    def build(self, step: Build, context: Path, into: Layout, *, log: Log, cancel: Cancel) -> Descriptor:
        """As `BuildctlBuilder` does."""
        name, driver = buildx_builder_in_use(self.environ)
        log(f"building with docker buildx, builder {name or 'unknown'} ({driver or 'unknown driver'})")
        with begun(step, context, self.environ, log=log, cancel=cancel) as run:
            writes_layouts, network = True, ""
            if driver == "docker":
                with connect(self.environ) as engine:
                    writes_layouts, network = _keeps_in_containerd(engine), engine.network(log)
            if writes_layouts:
                return Laying(run, self.registry, into).laid(["docker", *buildx_words(run.asked, _PIPED, network)])
            return _loaded(run, self.registry, network, log, into)


def _keeps_in_containerd(engine: Engine) -> bool:
    said = engine.json("/info") or {}
    return ["driver-type", "io.containerd.snapshotter.v1"] in (said.get("DriverStatus") or [])


def _loaded(run: Run, registry: Registry, network: str, log: Log, into: Layout) -> Descriptor:
    step = run.asked.step
    if len(step.image.platforms) > 1:
        raise ConfigError(
            f"building image {step.image.name}: this builder of docker buildx makes one platform at a time",
            hint="docker buildx create --use",
            code="builder-unable",
        )
    with connect(run.environ) as engine:
        taking = Taking(
            step=step,
            source=run.source,
            engine=engine,
            environ=run.environ,
            log=log,
            cancel=run.cancel,
            registry=registry,
        )
        return taking.take(lambda: _solved(run, network), into)


def _solved(run: Run, network: str) -> Built:
    with TemporaryDirectory(prefix="paasctl-build-") as folder:
        told = Path(folder, "image")
        words = ["docker", *buildx_words(run.asked, _LOADED, network)]
        run.solve([*words[:-1], "--iidfile", str(told), words[-1]], _drain)
        image = told.read_text().strip() if told.is_file() else ""
    if not image:
        raise BuildFailed(f"building image {run.asked.step.image.name}: docker buildx ended without naming an image")
    return Built(image, run.progress.names, has_cache=True)


def _drain(stream: Iterator[bytes]) -> None:
    deque(stream, maxlen=0)
