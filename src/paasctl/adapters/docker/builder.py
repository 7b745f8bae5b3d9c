"""The `Builder` port through a Docker Engine: `POST /build` with the context as its body, `docker save` for the result.

BuildKit (`version=2`) where the engine has it, else its classic builder; DOCKER_BUILDKIT=0 asks for the latter. The
docker SDK's own `images.build` knows neither BuildKit nor errors inside an answer of 200. Without a session there are
no build secrets, and to BuildKit a Dockerfile that is ignored is sent all the same, where a `COPY .` sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from paasctl.adapters.docker.archive import Saved, save_into
from paasctl.adapters.docker.base import Base, by_digest, find_base
from paasctl.adapters.docker.connect import connect
from paasctl.adapters.docker.context import Context, open_context
from paasctl.adapters.docker.dockerfile import base_of, bases
from paasctl.adapters.docker.engine import Engine, engine_error
from paasctl.adapters.docker.progress import Progress
from paasctl.adapters.docker.pull import all_credentials, pull
from paasctl.adapters.docker.stream import Ended, follow
from paasctl.errors import BuildFailed, ConfigError, PaasError, Unavailable
from paasctl.model.config import Image
from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.oci.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME, OCI_MANIFEST, canonical, descriptor_json
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout

_REVISION, _VERSION = "org.opencontainers.image.revision", "org.opencontainers.image.version"
_TAR = {"Content-Type": "application/x-tar"}
_NOISE = re.compile(r"^failed to solve(?: with frontend \S+)?: |failed to (?:create LLB definition|read dockerfile): ")
_SYNTAX = re.compile(r"(?:dockerfile )?parse error(?: on)? line (?P<line>\d+): (?P<why>.*)", re.IGNORECASE | re.DOTALL)
_NO_ACCESS = re.compile(
    r"pull access denied|401 Unauthorized|authorization failed|no basic auth credentials|insufficient_scope"
    r"|authentication required|no active sessions",
    re.IGNORECASE,
)
_WIRE = re.compile(r"dial tcp|i/o timeout|TLS handshake|no such host|connection (?:refused|reset)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EngineBuilder:
    """Builds Dockerfiles on the engine that `environ` names (see `connect`).

    `network` is the network of `RUN`; "" lets the engine choose.
    """

    environ: Mapping[str, str]
    network: str = ""

    def build(
        self, step: Build, context: Path, into: Layout, *, log: Callable[[str], None], cancel: Cancel
    ) -> Descriptor:
        """Build from `context / step.image.context`; the manifest lies at the place `step.image.name` afterwards.

        `BuildFailed` with the failing step and the end of its log, or `ConfigError` with the Dockerfile's line.
        """
        cancel.check()
        sent = open_context((context / step.image.context).resolve(), step.image.dockerfile)
        with connect(self.environ) as engine:
            run = _Run(step, sent, engine, self, log, cancel)
            ended, progress = run.built()
            saved = run.saved(ended.image, into)
            base = run.base(progress, saved)
            run.clear(ended.image)
        return _laid(step, saved, base, into)


@dataclass(slots=True)
class _Run:
    """One build, with all that its parts need."""

    step: Build
    context: Context
    engine: Engine
    builder: EngineBuilder
    log: Callable[[str], None]
    cancel: Cancel
    version: str = "2"
    """`2`: BuildKit, `1`: the classic builder."""

    @property
    def image(self) -> Image:
        return self.step.image

    def built(self) -> tuple[Ended, Progress]:
        """Build with BuildKit; with the classic builder where there is none; again where a base had to be fetched."""
        if self.builder.environ.get("DOCKER_BUILDKIT") == "0":
            self.version = "1"
        try:
            ended, progress = self._asked()
        except PaasError as error:
            if _SYNTAX.search(error.message):  # the classic builder refuses the request as a whole
                raise self._failure(error.message, Progress(self.log)) from error
            if self.version == "1" or "buildkit" not in error.message.lower():
                raise
            self.log("this engine has no BuildKit: building with its classic builder")
            self.version = "1"
            ended, progress = self._asked()
        if _NO_ACCESS.search(ended.error) and self.version == "2":
            for base in bases(self.context.text, self.image.args):
                self.log(f"fetching {base} with the credentials found here")
                pull(self.engine, base, self.builder.environ, self.cancel)
            ended, progress = self._asked()
        if ended.error or not ended.image:
            raise self._failure(ended.error or "the engine ended without naming an image", progress)
        return ended, progress

    def saved(self, image: str, into: Layout) -> Saved:
        """Take the image out of the engine. What is squashed as a whole needs no compression before."""
        whole = self.image.squash is not None and self.image.squash.base == "squash"
        with self.engine.download(f"/images/{image}/get", cancel=self.cancel) as chunks:
            return save_into(chunks, into, f"image {self.image.name}", pack=not whole)

    def base(self, progress: Progress, saved: Saved) -> Base:
        """What it stands on. The number of the base's layers is looked for where a squash must keep them."""
        name = base_of(self.context.text, self.image.target, self.image.args)
        base = find_base(name, progress.names, saved.diff_ids, self.engine)
        keeps = self.image.squash is not None and self.image.squash.base == "keep"
        if keeps and base.layers is None and base.digest:
            pull(self.engine, by_digest(base.name, base.digest), self.builder.environ, self.cancel)
            base = find_base(name, progress.names, saved.diff_ids, self.engine)
        return base

    def clear(self, image: str) -> None:
        """Remove what we have taken. One with a name stays: the same build by hand gives the same id.

        BuildKit has a cache of its own; to the classic builder its untagged images are the cache, so they stay.
        """
        said = self.engine.json(f"/images/{image}/json") if self.version == "2" else None
        if said is not None and not said.get("RepoTags"):
            self.engine.delete(f"/images/{image}")

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
        labels = {_REVISION: self.step.revision, _VERSION: self.step.version}
        query = {
            "version": self.version,
            "dockerfile": self.context.dockerfile,
            "buildargs": json.dumps({"SOURCE_DATE_EPOCH": str(self.step.epoch), **image.args}, sort_keys=True),
            "labels": json.dumps(labels, sort_keys=True),
            "rm": "1",
            "forcerm": "1",
            "networkmode": self.builder.network or self._network(),
            "target": image.target,
            "platform": ""
            if self.version == "1" and str(image.platform) == self.engine.platform
            else str(image.platform),
        }
        return {name: value for name, value in query.items() if value}

    def _network(self) -> str:
        """An engine that runs without its default network can still run steps that need none."""
        if self.engine.json("/networks/bridge") is not None:
            return ""
        self.log("this engine has no default network: steps run without one")
        return "none"

    def _failure(self, said: str, progress: Progress) -> PaasError:
        why = _NOISE.sub("", _NOISE.sub("", said))
        doing = f"building image {self.image.name}"
        if "no space left on device" in why:
            return engine_error(f"{doing}: {why}")
        if found := _SYNTAX.search(why):
            where = f"{Path(self.image.context) / self.context.dockerfile}:{found['line']}:1"
            return ConfigError(f"{doing}: {where}: {found['why']}", where=where)
        if _WIRE.search(why) and "[internal]" in progress.failed:
            return Unavailable(f"{doing}: {progress.failed}: {why}", hint="run again", evidence=progress.evidence)
        failed = f"{progress.failed}: " if progress.failed else ""
        return BuildFailed(f"{doing}: {failed}{why}", evidence=progress.evidence)


def _laid(step: Build, saved: Saved, base: Base, into: Layout) -> Descriptor:
    """Write the manifest and put it at the image's place."""
    known = {
        _REVISION: step.revision,
        _VERSION: step.version,
        BASE_NAME: base.name,
        BASE_DIGEST: base.digest,
        BASE_LAYERS: "" if base.layers is None else str(base.layers),
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor_json(saved.config),
        "layers": [descriptor_json(it) for it in saved.layers],
        "annotations": {name: value for name, value in known.items() if value},
    }
    written = into.put(OCI_MANIFEST, canonical(manifest))
    laid = Descriptor(written.media_type, written.digest, written.size, platform=step.image.platform)
    into.lay(step.image.name, laid)
    return laid
