"""The `Builder` port through a Docker Engine: `POST /build` with the context as its body, `docker save` for the result.

BuildKit (`version=2`) where the engine has it, else its classic builder; DOCKER_BUILDKIT=0 asks for the latter. The
docker SDK's own `images.build` knows neither BuildKit nor errors inside an answer of 200. Without a session there are
no build secrets, and to BuildKit a Dockerfile that is ignored is sent all the same, where a `COPY .` sees it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from paasctl.adapters.docker.connect import connect
from paasctl.adapters.docker.context import Context, open_context
from paasctl.adapters.docker.dockerfile import bases
from paasctl.adapters.docker.engine import Engine
from paasctl.adapters.docker.failure import Source, failure, is_forbidden, is_syntax
from paasctl.adapters.docker.laying import labels
from paasctl.adapters.docker.looked_up import Registry
from paasctl.adapters.docker.progress import Progress
from paasctl.adapters.docker.pull import all_credentials, pull
from paasctl.adapters.docker.stream import Ended, follow
from paasctl.adapters.docker.taking import Built, Taking
from paasctl.errors import PaasError
from paasctl.model.config import Image
from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout

_TAR = {"Content-Type": "application/x-tar"}


@dataclass(frozen=True, slots=True)
class EngineBuilder:
    """Builds Dockerfiles on the engine that `environ` names (see `connect`).

    `network` is the network of `RUN`; "" lets the engine choose. `registry` is asked for bases; None: nobody is.
    """

    environ: Mapping[str, str]
    network: str = ""
    registry: Registry | None = None

    def build(
        self, step: Build, context: Path, into: Layout, *, log: Callable[[str], None], cancel: Cancel
    ) -> Descriptor:
        """Build from `context / step.image.context`; the manifest lies at the place `step.image.name` afterwards.

        `BuildFailed` with the failing step and the end of its log, or `ConfigError` with the Dockerfile's line.
        """
        cancel.check()
        sent = open_context((context / step.image.context).resolve(), step.image.dockerfile)
        source = Source(step.image, sent.dockerfile, sent.text)
        with connect(self.environ) as engine:
            run = _Run(step, sent, source, engine, self, log, cancel)
            taking = Taking(
                step=step,
                source=source,
                engine=engine,
                environ=self.environ,
                log=log,
                cancel=cancel,
                registry=self.registry,
            )
            return taking.take(run.taken, into)


@dataclass(slots=True)
class _Run:
    """One build, with all that its parts need."""

    step: Build
    context: Context
    source: Source
    engine: Engine
    builder: EngineBuilder
    log: Callable[[str], None]
    cancel: Cancel
    version: str = "2"
    """`2`: BuildKit, `1`: the classic builder."""

    @property
    def image(self) -> Image:
        return self.step.image

    def taken(self) -> Built:
        """Built, and to be taken out: to the classic builder its untagged images are the cache, so they stay."""
        ended, progress = self.built()
        return Built(ended.image, progress.names, has_cache=self.version == "2")

    def built(self) -> tuple[Ended, Progress]:
        """Build with BuildKit; with the classic builder where there is none; again where a base had to be fetched."""
        if self.builder.environ.get("DOCKER_BUILDKIT") == "0":
            self.version = "1"
        try:
            ended, progress = self._asked()
        except PaasError as error:
            if is_syntax(error.message):  # the classic builder refuses the request as a whole
                raise failure(self.source, error.message, Progress(self.log)) from error
            if self.version == "1" or "buildkit" not in error.message.lower():
                raise
            self.log("this engine has no BuildKit: building with its classic builder")
            self.version = "1"
            ended, progress = self._asked()
        if is_forbidden(ended.error) and self.version == "2":
            for base in bases(self.context.text, self.image.args):
                self.log(f"fetching {base} with the credentials found here")
                pull(self.engine, base, self.builder.environ, self.cancel)
            ended, progress = self._asked()
        if ended.error or not ended.image:
            raise failure(self.source, ended.error or "the engine ended without naming an image", progress)
        return ended, progress

    def _asked(self) -> tuple[Ended, Progress]:
        progress = Progress(self.log)
        headers = _TAR | (all_credentials(self.builder.environ) if self.version == "1" else {})
        with self.engine.post(
            "/build", self._query(), headers=headers, body=self._body(), cancel=self.cancel
        ) as chunks:
            return follow(chunks, progress), progress

    def _body(self) -> Iterator[bytes]:
        for chunk in self.context.tar(self.step.epoch):
            self.cancel.check()
            yield chunk

    def _query(self) -> dict[str, str]:
        image = self.image
        query = {
            "version": self.version,
            "dockerfile": self.context.dockerfile,
            "buildargs": json.dumps({"SOURCE_DATE_EPOCH": str(self.step.epoch), **image.args}, sort_keys=True),
            "labels": json.dumps(labels(self.step), sort_keys=True),
            "rm": "1",
            "forcerm": "1",
            "networkmode": self.builder.network or self.engine.network(self.log),
            "target": image.target,
            "platform": ""
            if self.version == "1" and str(image.platform) == self.engine.platform
            else str(image.platform),
        }
        return {name: value for name, value in query.items() if value}
