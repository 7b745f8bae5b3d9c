"""`paas.yaml` as values. Every name here is a key of the file (camelCase there); units are seconds and bytes.

Places of keys are kept beside the values, so that a later check (a dangling name, a template) can still say where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, Literal

from paasctl.model.approving import Approvals, Approver
from paasctl.model.image import Platform, Repository
from paasctl.model.layer import Layer
from paasctl.values import dataclass

Path = tuple[str | int, ...]
Values = Mapping[str, Any]
NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, order=True, slots=True)
class Where:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


Increment = Literal["patch", "minor", "major", "minorIfNotOnRelease", "prerelease"]
Decoration = Literal["branch", "commit", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRule:
    """What `version.branches` says of branches that match a regular expression; None and "" leave it to the next."""

    pattern: str
    tag_prefix: str | None = None
    increment: Increment | Literal[""] = ""
    decorate: Decoration | Literal[""] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioning:
    """`version:`: from git tags to versions (cli.md, decision 1; peers.md 1.12)."""

    tag_prefix: str = "v"
    tag_separator: str = ""
    """Between prefix and version; nothing where the prefix is empty."""
    fallback_prefixes: tuple[str, ...] = ()
    """Prefixes that tags had once: read, never written."""
    pick: Literal["nearest", "highest"] = "nearest"
    increment: Increment = "patch"
    first: str = "0.1.0"
    """What a whole history without a version tag leads to."""
    release_branches: str = "release/.+"
    """Where `minorIfNotOnRelease` means patch."""
    first_prerelease: str = "rc.1"
    """What `prerelease` begins with, after a release."""
    next_marker: str = "alpha"
    """How a tag ends that announces the next version and releases nothing: v2.0.0-alpha. "" where none does."""
    branches: tuple[BranchRule, ...] = ()
    release_from: tuple[str, ...] = ("main", "master")
    """Regular expressions of branch names a release may be made from."""
    snapshot: Literal["semver", "maven"] = "semver"
    snapshot_mark: str = "SNAPSHOT"
    """How a snapshot ends that is spelled Maven's way."""
    decorate: Decoration = "branch"
    paths: tuple[str, ...] = ()
    """What a project of a monorepo lives on, below the folder of paas.yaml, or with a leading / of the repository."""
    exclude: tuple[str, ...] = ()
    """What of it does not count."""
    fetch: Literal["ci", "always", "never"] = "ci"
    """Where a history cut short, or without its tags, is fetched rather than refused."""

    @property
    def is_narrowed(self) -> bool:
        """Whether only some paths of the repository count."""
        return bool(self.paths or self.exclude)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The OCI image configuration of a `layers:` build, under its own names."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    user: str = ""
    workdir: str = ""
    ports: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    stop_signal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Squash:
    """How many layers come out, and whether the base keeps its own (images.md 2.7).

    `auto`: a few of about one size; and, of the base, as the numbers of the image say, if it pays at all.
    """

    layers: int | Literal["auto"] = "auto"
    base: Literal["auto", "keep", "squash"] = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSecret:
    """What `RUN --mount=type=secret,id=ID` sees: the value of the caller's variable `env`, or a file's content."""

    id: str
    env: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCache:
    """Where BuildKit takes cached steps from, and leaves them: in its own words, `type=registry,ref=…`."""

    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """`images.NAME`: a Dockerfile build, or `layers:` over a base with no daemon at all."""

    name: str
    context: str = "."
    dockerfile: str = "Dockerfile"
    target: str = ""
    args: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    secrets: tuple[BuildSecret, ...] = ()
    ssh: tuple[str, ...] = ()
    """`default`, or `id=path of a socket or key`, for `RUN --mount=type=ssh`."""
    cache: BuildCache = field(default_factory=BuildCache)
    layers: tuple[Layer, ...] = ()
    base: str = ""
    """Base of a `layers:` build: `scratch`, `host/path:tag`, `host/path@sha256:…` or `oci:DIR[:tag]`."""
    config: ImageConfig = field(default_factory=ImageConfig)
    platforms: tuple[Platform, ...] = (Platform("linux", "amd64"),)
    """One: an image. Several: an index of them, in this order."""
    squash: Squash | None = None
    repository: Repository | None = None

    @property
    def platform(self) -> Platform:
        """The first, and mostly the only one."""
        return self.platforms[0]

    @property
    def squashes(self) -> bool:
        """Whether it is looked at for a squash. Layers that were made one by one hold nothing dead."""
        return self.squash is not None and not (self.layers and self.squash.base == "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """`scale:`: a HorizontalPodAutoscaler; `cpu` and `memory` are target utilisations in percent."""

    min: int
    max: int
    cpu: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FromKey:
    """`{secret: name/key}` or `{config: name/key}`: an environment variable from an object in the namespace."""

    kind: Literal["secret", "config"]
    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where a secret's value comes from when a deploy runs; the value itself is never in `Config`."""

    kind: Literal["env", "file", "command"]
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """`volumes.NAME`: a claim (then the service is a StatefulSet), or an `emptyDir`."""

    name: str
    path: str
    claim: str = ""
    """Size as a Kubernetes quantity (`1Gi`); empty means an emptyDir."""
    storage_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """`tls: {secret: NAME}` or `{issuer: NAME}` (cert-manager's ClusterIssuer)."""

    secret: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`services.NAME`: a Deployment, unless `schedule` (CronJob), `run: once` (Job) or a claim (StatefulSet)."""

    name: str
    image: str = ""
    """A name in `images`; empty means the only image there is."""
    pod: Mapping[str, Any] | str | None = field(default=None, hash=False)
    """A PodSpec (or, where it has `template`, a Deployment spec) as it stands, or the path of a file with one."""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    port: int | None = None
    health: str = ""
    replicas: int | None = None
    scale: Scale | None = None
    hosts: tuple[str, ...] = ()
    path: str = "/"
    drain: float = 5.0
    """Seconds a pod goes on serving after it was told to stop, so that routers notice first."""
    grace: float | None = None
    """Seconds from SIGTERM to SIGKILL, beyond `drain`; None is 30."""
    env: Mapping[str, str | FromKey] = field(default_factory=lambda: NOTHING, hash=False)
    config: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)
    """File name in the container's `configPath` -> path in the checkout."""
    config_path: str = "/config"
    secrets: Mapping[str, SecretSource] = field(default_factory=lambda: NOTHING, hash=False)
    """Environment variable (or file) name -> source."""
    tls: Tls | None = None
    volumes: tuple[Volume, ...] = ()
    schedule: str = ""
    run: Literal["", "once"] = ""
    service_account: str = ""
    """Name of a ServiceAccount to make and use; empty means the namespace's default, with no token mounted."""
    resources: Mapping[str, Any] = field(default_factory=lambda: NOTHING, hash=False)
    """Kubernetes' ResourceRequirements, as they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """`hooks:`: lines of the project's own, for the shell; empty: none. Between build and tag of a release."""

    test: str = ""
    scan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """`registries.X.keep`: what a cleanup leaves there beside all that runs. What no rule speaks of stays.

    Every rule only ever keeps: with one more of them nothing goes that would have stayed.
    """

    releases: int | None = None
    """How many releases, the highest versions; None: all."""
    snapshots: int | None = None
    """How many versions between releases (snapshots and pre-releases), the youngest; None: all."""
    age: float = 72 * 3600.0
    """Seconds: what is younger stays, for somebody may just be about to use it."""
    tags: tuple[str, ...] = ()
    """Patterns (`*`, `?`): what has such a tag stays."""
    others: bool = True
    """Whether what has a tag that is no version stays, too: it is not of our making."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """`registries.NAME`: one stop of the promotion path; the file's order is the path's order."""

    name: str
    repository: Repository
    insecure: bool | None = None
    """Plain HTTP. None: only for loopback addresses."""
    pull_secret: str = ""
    """Name of the Secret pods pull with, where the registry asks for credentials."""
    keep: Keep | None = None
    """None: nothing is ever deleted there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """`clusters.NAME`: a kubeconfig context, and who it must turn out to be."""

    name: str
    context: str
    kubeconfig: str = ""
    identity: str = ""
    """UID of `kube-system`, as `cluster pin` writes it; empty means not pinned."""
    router: Literal["", "gateway", "ingress"] = ""
    gateway: str = ""
    """`namespace/name` of the Gateway that routes hang on."""
    ingress_class: str = ""
    values: Values = field(default_factory=lambda: NOTHING, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must vouch for each image of a release, and by which key."""

    what: str
    """`signature`, `sbom`, `provenance`, or the address of a predicate."""
    key: str = ""
    """A public key in PEM, or the path of a file with one or several; empty: whoever."""

    def __str__(self) -> str:
        if not self.key:
            return self.what
        return f"{self.what} by {'a key' if self.key.startswith('-----') else self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`environments.NAME`: clusters, a registry, values."""

    name: str
    clusters: tuple[str, ...]
    registry: str
    namespace: str
    """Default `{app}-{environment}`."""
    values: Values = field(default_factory=lambda: NOTHING, hash=False)
    snapshots: bool = False
    protected: bool = False
    on_failure: Literal["stay"] = "stay"
    after: tuple[str, ...] = ()
    """Environments where a release must have run well before it is promoted to here."""
    soak: float | None = None
    """Seconds since that began, at least."""
    frozen: tuple[str, ...] = ()
    """When no release is let in: texts of `model.window.Window`."""
    requires: tuple[Requirement, ...] = ()
    """What must vouch for each of its images."""
    approvals: Approvals | None = None
    """How many people must approve a release before it is promoted to here; None: nobody need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file, resolved but for values, with the place of every key."""

    app: str
    file: str
    """Path of the file as it was named."""
    requires: str = ""
    version: Versioning = field(default_factory=Versioning)
    images: Mapping[str, Image] = field(default_factory=lambda: NOTHING, hash=False)
    services: Mapping[str, Service] = field(default_factory=lambda: NOTHING, hash=False)
    registries: Mapping[str, Registry] = field(default_factory=lambda: NOTHING, hash=False)
    clusters: Mapping[str, Cluster] = field(default_factory=lambda: NOTHING, hash=False)
    environments: Mapping[str, Environment] = field(default_factory=lambda: NOTHING, hash=False)
    approvers: Mapping[str, Approver] = field(default_factory=lambda: NOTHING, hash=False)
    values: Values = field(default_factory=lambda: NOTHING, hash=False)
    hooks: Hooks = Hooks()
    places: Mapping[Path, Where] = field(default_factory=lambda: NOTHING, compare=False)

    def where(self, *path: str | int) -> str:
        """`file:line:column` of the nearest key that is there, for messages."""
        for end in range(len(path), 0, -1):
            if found := self.places.get(path[:end]):
                return str(found)
        return self.file
