"""Bases with a runtime in them, for images that are built without a daemon: made once of what this machine can get.

`base/python` is a small Debian, merged into `/usr` as every Debian is since 12, with Debian's Python; `base/node` and
`base/java` are the same with one layer more. The Debian is kept: making it takes minutes.
"""

import gzip
import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from . import packages
from .failure import Failed
from .images import CREATED, MACHINES, Image, Registry, digest, plain_layer
from .layout import cache_folder
from .programs import locked
from .shell import run
from .words import say

DEBIAN = "bookworm"
MORE = "python3-minimal,libpython3.11-stdlib,libstdc++6"
NEEDED = {
    "debootstrap": "debootstrap",
    "node": "nodejs",
    "javac": "openjdk-17-jdk-headless",
}
JAVA_MODULES = "java.base,jdk.httpserver"
JAVA_HOME = "/opt/java"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SURPLUS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache", "var/lib/apt/lists",
           "var/log", "dev", "proc", "sys", "run")  # fmt: skip
"""What no program of a test looks at, and what a container gets from its engine."""
_NOT_THERE = ("libnode", "libuv", "libcares", "libnghttp", "libicu", "libbrotli", "libz", "libssl", "libcrypto")
"""Libraries of Debian's own Node.js that are not in so small a Debian."""


def push_runtimes(address: str) -> dict[str, str]:
    """Make sure the bases are in a registry; their names, by runtime."""
    registry = Registry(address)
    names = {"python": "base/python", "node": "base/node", "java": "base/java"}
    packages.install(NEEDED)
    with locked(cache_folder() / ".bases.lock"):
        for runtime, name in names.items():
            if not registry.has(name, "1"):
                say(f"making {name}:1")
                registry.push(name, "1", base(runtime))
    return {runtime: f"{address}/{name}:1" for runtime, name in names.items()}


def base(runtime: str) -> Image:
    """One of them."""
    debian = debian_layer(cache_folder())
    match runtime:
        case "node":
            return _image([debian, _packed(node_files())])
        case "java":
            return _image([debian, _packed(java_files())], JAVA_HOME=JAVA_HOME, PATH=f"{JAVA_HOME}/bin:{PATH}")
        case _:
            return _image([debian])


def debian_layer(cache: Path) -> bytes:
    """The Debian as a packed layer: the kept one, or a new one."""
    kept = cache / f"debian-{DEBIAN}.tar.gz"
    if not kept.exists():
        say(f"making a Debian {DEBIAN} (three minutes)")
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            root = Path(folder) / "root"
            run("debootstrap", "--variant=minbase", f"--include={MORE}", DEBIAN, root)
            for name in SURPLUS:
                shutil.rmtree(root / name, ignore_errors=True)
                (root / name).mkdir(mode=0o755)
            fresh = Path(folder) / "fresh"
            with fresh.open("wb") as file:
                _tar(root, file.fileno())
            fresh.replace(kept)
    return kept.read_bytes()


def _tar(root: Path, out: int) -> None:
    """The tree, in one order and of one time, packed."""
    options = ("--sort=name", "--numeric-owner", "--mtime=@1767225600", "--format=gnu")
    with subprocess.Popen(["tar", *options, "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        done = subprocess.run(["gzip", "-1n"], stdin=tar.stdout, stdout=out, check=False)
    if tar.returncode or done.returncode:
        raise Failed("packing a Debian failed")


def node_files() -> dict[str, bytes | str]:
    """This machine's Node.js, and the libraries that a small Debian does not have."""
    node = Path(shutil.which("node") or "/usr/bin/node").resolve()
    files: dict[str, bytes | str] = {"usr/bin/node": node.read_bytes()}
    for line in run("ldd", node).splitlines():
        name, _, rest = line.strip().partition(" => ")
        path = Path(rest.partition(" (")[0])
        if rest and name.startswith(_NOT_THERE):
            files[f"usr/lib/{path.parent.name}/{name}"] = path.resolve().read_bytes()
    return files


def java_files() -> dict[str, bytes | str]:
    """A small runtime of this machine's JDK: enough for an HTTP server."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "java"
        less = ("--strip-debug", "--no-header-files", "--no-man-pages", "--compress=2")
        run("jlink", "--add-modules", JAVA_MODULES, *less, "--output", made)
        return {
            f"{JAVA_HOME[1:]}/{it.relative_to(made)}": it.read_bytes()
            for it in sorted(made.rglob("*"))
            if it.is_file() and not it.is_symlink()
        }


def _packed(files: Mapping[str, bytes | str]) -> bytes:
    return gzip.compress(plain_layer(files), compresslevel=1, mtime=0)


def _image(layers: list[bytes], **environ: str) -> Image:
    config = {
        "created": CREATED,
        "architecture": MACHINES[platform.machine()],
        "os": "linux",
        "config": {"Env": [f"{name}={value}" for name, value in {"PATH": PATH, **environ}.items()]},
        "rootfs": {"type": "layers", "diff_ids": [digest(gzip.decompress(it)) for it in layers]},
        "history": [{"created": CREATED, "created_by": "testbed"} for _ in layers],
    }
    return Image(tuple(layers), json.dumps(config).encode())
