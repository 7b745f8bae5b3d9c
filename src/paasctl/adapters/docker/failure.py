"""Why a Dockerfile did not become an image: a builder's words, sorted by who has to act."""

from __future__ import annotations

import re
from pathlib import Path

from paasctl.adapters.docker.dockerfile import bases, line_of
from paasctl.adapters.docker.progress import Progress
from paasctl.errors import BuildFailed, ConfigError, Forbidden, PaasError, Unavailable
from paasctl.model.config import Image
from paasctl.model.image import full_name
from paasctl.values import dataclass

_NOISE = re.compile(
    r"^(?:error: )?failed to (?:solve(?: with frontend \S+)?|build|create LLB definition|read dockerfile): ",
    re.IGNORECASE,
)
_SYNTAX = re.compile(r"(?:dockerfile )?parse error(?: on)? line (?P<line>\d+): (?P<why>.*)", re.IGNORECASE | re.DOTALL)
_NO_ACCESS = re.compile(
    r"pull access denied|401 Unauthorized|403 Forbidden|authorization failed|no basic auth credentials"
    r"|insufficient_scope|authentication required|no active sessions|\bunauthorized\b",
    re.IGNORECASE,
)
_LOADING = re.compile(r"\[internal\] load metadata for (?P<name>\S+)|Step \d+/\d+ : FROM (?:--\S+ )*(?P<classic>\S+)")
_ABSENT = re.compile(r"not found|(?:manifest|name) unknown")
_PLATFORM = re.compile(
    r"no matching manifest for|no match for platform in manifest|does not match the specified platform"
)
_WIRE = re.compile(r"dial tcp|i/o timeout|TLS handshake|no such host|connection (?:refused|reset)", re.IGNORECASE)
DISK_FULL = "no space left on device"


@dataclass(frozen=True, slots=True)
class Source:
    """The Dockerfile of an image: its path in the context, and what it says."""

    image: Image
    dockerfile: str
    text: str

    @property
    def path(self) -> str:
        """From `paas.yaml` on."""
        return str(Path(self.image.context) / self.dockerfile)

    @property
    def bases(self) -> tuple[str, ...]:
        """All images that its stages stand on."""
        return bases(self.text, self.image.args)

    def place(self, base: str) -> str:
        """`file:line:1` of the `FROM` that names a base, in whatever spelling; "" where none does."""
        wanted = full_name(base)
        named = next((it for it in self.bases if full_name(it) == wanted), base)
        line = line_of(self.text, named, self.image.args)
        return f"{self.path}:{line}:1" if line else ""


def disk_full(message: str) -> Unavailable:
    """The error for a builder that has no room."""
    return Unavailable(message, hint="docker system df; docker builder prune", code="engine-disk-full")


def is_syntax(said: str) -> bool:
    """Whether these are words about a Dockerfile that can't be read."""
    return bool(_SYNTAX.search(said))


def is_forbidden(said: str) -> bool:
    """Whether these are words about an image that may not be read."""
    return bool(_NO_ACCESS.search(said))


def failure(source: Source, said: str, progress: Progress) -> PaasError:
    """The error for a build that ended with these words of its builder."""
    why = _bare(said)
    doing = f"building image {source.image.name}"
    if DISK_FULL in why:
        return disk_full(f"{doing}: {why}")
    if found := _SYNTAX.search(why):
        where = f"{source.path}:{found['line']}:1"
        return ConfigError(f"{doing}: {where}: {found['why']}", where=where)
    if _WIRE.search(why) and _LOADING.search(progress.failed):
        return Unavailable(f"{doing}: {progress.failed}: {why}", hint="run again", evidence=progress.evidence)
    if error := _of_base(source, why, progress.failed):
        return error
    failed = f"{progress.failed}: " if progress.failed else ""
    return BuildFailed(f"{doing}: {failed}{why}", evidence=progress.evidence)


def wrong_platform(source: Source, base: str, found: str) -> ConfigError:
    """The error for a base that is there, but not for the image's platform."""
    name = source.image.name
    return ConfigError(
        f"building image {name}: its base {base} {found}",
        hint=f"change images.{name}.platforms, or the base",
        where=source.place(base),
        code="base-platform",
    )


def _bare(said: str) -> str:
    why, before = said.strip(), ""
    while why != before:
        why, before = _NOISE.sub("", why), why
    return why


def _of_base(source: Source, why: str, failed: str) -> PaasError | None:
    """The error where it is the base's fault; None: it is not, or that can't be told."""
    named = _LOADING.search(failed)
    if named is None:
        return None
    loaded = named["name"] or named["classic"]
    if _PLATFORM.search(why):
        return wrong_platform(source, loaded, f"has nothing for {source.image.platform}: {why}")
    if is_forbidden(why):
        hint = f"docker login {full_name(loaded).partition('/')[0]}"
        return Forbidden(f"building image {source.image.name}: {failed}: {why}", hint=hint)
    if not _ABSENT.search(why):
        return None
    return ConfigError(
        f"building image {source.image.name}: its base {loaded} is not there: {why}",
        hint=f"name an image that exists in the FROM of {source.path}",
        where=source.place(loaded),
        code="base-not-found",
    )
