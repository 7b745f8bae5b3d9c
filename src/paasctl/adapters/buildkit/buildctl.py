"""The `Builder` port through `buildctl`: an OCI layout comes out of a pipe, and goes into ours.

Private bases are read with the credentials that it finds by itself, in DOCKER_CONFIG.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paasctl.adapters.buildkit.asked import buildctl_words
from paasctl.adapters.buildkit.laying import Laying
from paasctl.adapters.buildkit.run import Log, begun
from paasctl.adapters.docker.looked_up import Registry
from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildctlBuilder:
    """Builds Dockerfiles with `buildctl`, at the BuildKit of this address."""

    environ: Mapping[str, str]
    registry: Registry
    """Asked for bases, whose layers are counted."""
    address: str
    program: str = "buildctl"

    def build(self, step: Build, context: Path, into: Layout, *, log: Log, cancel: Cancel) -> Descriptor:
        """Build from `context / step.image.context`; for several platforms an index lies at `step.image.name`.

        `BuildFailed` with the failing step and the end of its log, or `ConfigError` with the Dockerfile's line.
        """
        log(f"building with {self.program}, BuildKit at {self.address}")
        with begun(step, context, self.environ, log=log, cancel=cancel) as run:
            argv = [self.program, "--addr", self.address, *buildctl_words(run.asked)]
            return Laying(run, self.registry, into).laid(argv)
