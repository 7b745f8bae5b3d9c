"""One build by a program of BuildKit's: what it is told, what it says, and what went wrong."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paasctl.adapters.buildkit.asked import Asked, ask
from paasctl.adapters.buildkit.child import running
from paasctl.adapters.buildkit.rawjson import read_line
from paasctl.adapters.buildkit.secrets import hiding
from paasctl.adapters.buildkit.staged import staged
from paasctl.adapters.docker.context import open_context
from paasctl.adapters.docker.failure import Source, failure
from paasctl.adapters.docker.progress import EVIDENCE, Progress
from paasctl.errors import BuildFailed, PaasError, Unavailable
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel

Log = Callable[[str], None]
_ERROR = re.compile(r"^error: (?P<why>.*)", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_UNREACHED = re.compile(
    r"listing workers|failed to call info|transport: Error while dialing|Cannot connect to the Docker"
    r"|failed to initialize builder|no builder .* found"
)
_TOO_OLD = re.compile(
    r"invalid progress mode rawjson|unknown flag: --|unknown (?:shorthand )?command|no help topic for"
)


@dataclass(slots=True)
class Run:
    """A build that has begun. Make one with `begun`."""

    asked: Asked
    source: Source
    environ: Mapping[str, str]
    progress: Progress
    hide: Callable[[str], str]
    cancel: Cancel
    words: deque[str] = field(default_factory=lambda: deque(maxlen=EVIDENCE))
    """The program's own words, which are no status."""

    def solve(self, argv: Sequence[str], take: Callable[[Iterator[bytes]], None]) -> None:
        """Run the program to its end, `take` reading its output. Raises what it says went wrong."""
        broken: BuildFailed | None = None
        with running(argv, self.environ, hear=self._hear, cancel=self.cancel) as child:
            try:
                take(child.chunks())
            except BuildFailed as error:
                broken = error  # a program that fails leaves half an archive: then its own words say why
            status = child.ended()
        self.progress.end()
        if status:
            raise self._failure(argv[0], status) from broken
        if broken:
            raise broken

    def _hear(self, line: bytes) -> None:
        events = read_line(line)
        if events is None:
            self.words.append(self.hide(line.decode("utf-8", "replace").rstrip()))
            return
        for event in events:
            self.progress.hear(event)

    def _failure(self, program: str, status: int) -> PaasError:
        text = "\n".join(self.words)
        found = _ERROR.search(text)
        why = found["why"].strip() if found else text.strip() or f"{program} ended with {status} and no word"
        doing = f"building image {self.source.image.name} with {program}"
        if _UNREACHED.search(why):
            hint = "start BuildKit, or name another: BUILDKIT_HOST, docker buildx use"
            return Unavailable(f"{doing}: {why}", hint=hint, code="builder-absent")
        if _TOO_OLD.search(text):
            return Unavailable(
                f"{doing}: {text}", hint="it must know --progress=rawjson: update it", code="builder-too-old"
            )
        return failure(self.source, why, self.progress)


@contextmanager
def begun(step: Build, project: Path, environ: Mapping[str, str], *, log: Log, cancel: Cancel) -> Iterator[Run]:
    """A build, its Dockerfile staged while in the context. `ConfigError` for files and secrets that are not there."""
    cancel.check()
    image = step.image
    context = open_context((project / image.context).resolve(), image.dockerfile)
    hide = hiding(image, project, environ)
    with staged(context) as dockerfile:
        yield Run(
            asked=ask(step, context, dockerfile, project, environ),
            source=Source(image, context.dockerfile, context.text),
            environ=environ,
            progress=Progress(log, hide),
            hide=hide,
            cancel=cancel,
        )
