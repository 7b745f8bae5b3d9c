"""Rows of building without a daemon: 20,000 files of which one or none changed, and a Go program."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.commands import Command
from bench.place import Place, program, testbed
from bench.rows import Pair, Row, timed, times

_FILES = 20_000
_SIZE = 5_000
_PAAS = """\
app: {app}
images:
  web: {{base: {base}, layers: [{layer}], config: {{entrypoint: [/app/none]}}}}
services:
  web: {{port: 8080}}
registries:
  dev: {{repository: {registry}/{app}}}
clusters:
  local: {{context: testbed}}
environments:
  dev: {{cluster: local, registry: dev}}
"""
_DOCKERFILE = "FROM scratch\nCOPY src /app\n"
_MAIN = """\
package main

import (
\t"fmt"
\t"net/http"
)

func main() {{
\thttp.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {{ fmt.Fprintln(w, "run {number}") }})
\t_ = http.ListenAndServe(":8080", nil)
}}
"""


def rows() -> tuple[Row, ...]:
    """What they compare with: a BuildKit that has everything cached, and ko."""
    cached = "buildctl build, of which all is cached"
    return (
        Row(name="build-one-of-20000", ours="paasctl build, one file of 20,000 changed", peer=cached, bound=times(1.0),
            runs=(9, 3), measure=timed(_one), needs=("REGISTRY", "BUILDKIT_HOST", "buildctl")),
        Row(name="build-none-of-20000", ours="paasctl build, nothing changed", peer=cached, bound=times(1.0),
            runs=(9, 3), measure=timed(_none), needs=("REGISTRY", "BUILDKIT_HOST", "buildctl")),
        Row(name="build-go", ours="go build, paasctl build", peer="ko build", bound=times(1.0),
            runs=(9, 3), measure=timed(_go), needs=("REGISTRY", "ko")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Checkout:
    """A project in a git repository."""

    place: Place
    folder: Path

    def paasctl(self) -> Command:
        """Our build, as a user types it."""
        return self._command(self.place.paasctl, "build", says="web")

    def buildctl(self) -> Command:
        """BuildKit's, with nothing to export, which is its best case."""
        argv = (program("buildctl"), "--addr", testbed("BUILDKIT_HOST"), "build", "--frontend", "dockerfile.v0")
        return self._command(*argv, "--local", "context=.", "--local", "dockerfile=.")

    def shell(self, line: str, **environ: str) -> Command:
        """Several commands in turn."""
        return self._command("sh", "-ec", line, **environ)

    def _command(self, *argv: str, says: str = "", **environ: str) -> Command:
        path = f"{os.environ['PATH']}:/usr/local/go/bin"
        return Command(
            argv=argv, folder=self.folder, environ={**self.place.environ, "PATH": path, **environ}, says=says
        )


@contextmanager
def _one(place: Place) -> Iterator[Pair]:
    ours, theirs = _many(place, "ours"), _many(place, "theirs")

    def change(number: int) -> Command:
        (ours.folder / "src/100/10050").write_bytes(random.Random(-number).randbytes(_SIZE))
        return ours.paasctl()

    yield Pair(change, lambda _: theirs.buildctl(), "nothing is exported by buildctl; ours lays the image in a layout")


@contextmanager
def _none(place: Place) -> Iterator[Pair]:
    there = _many(place, "both")
    yield Pair(lambda _: there.paasctl(), lambda _: there.buildctl())


@contextmanager
def _go(place: Place) -> Iterator[Pair]:
    base = f"{testbed('REGISTRY')}/base/busybox:1"
    ours = _checkout(place, "ours", "{kind: go, src: hello, dest: /app/none}", base)
    theirs = _checkout(place, "theirs", "{src: x, dest: /x}", base)
    build = "CGO_ENABLED=0 go build -trimpath -o hello . && exec paasctl build".replace("paasctl", place.paasctl)
    ko = f"rm -rf out && exec {program('ko')} build --push=false --oci-layout-path=out --sbom=spdx ."

    def change(there: _Checkout, number: int) -> None:
        (there.folder / "main.go").write_text(_MAIN.format(number=f"{number} {there.folder.name}"))

    def us(number: int) -> Command:
        change(ours, number)
        return ours.shell(build)

    def them(number: int) -> Command:
        change(theirs, number)
        return theirs.shell(ko, KO_DOCKER_REPO=f"{testbed('REGISTRY')}/ko", KO_DEFAULTBASEIMAGE=base)

    yield Pair(us, them, "both compile one changed file, with an SBOM, into a layout on disk")


def _many(place: Place, name: str) -> _Checkout:
    there = _checkout(place, name, "{src: src, dest: /app}", "scratch")
    it = random.Random(7)
    for number in range(_FILES):
        path = there.folder / f"src/{number // 100:03}/{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(it.randbytes(_SIZE // 2) + b"text" * (_SIZE // 8))
    _commit(there)
    return there


def _checkout(place: Place, name: str, layer: str, base: str) -> _Checkout:
    there = _Checkout(place, place.folder / name)
    shutil.rmtree(there.folder, ignore_errors=True)
    there.folder.mkdir()
    app = f"bench-{uuid.uuid4().hex[:8]}"
    paas = _PAAS.format(app=app, base=base, layer=layer, registry=testbed("REGISTRY"))
    for file, text in {
        "paas.yaml": paas,
        "Dockerfile": _DOCKERFILE,
        ".dockerignore": ".git\n.paasctl\n",
        ".gitignore": "hello\nout\n",
        "go.mod": "module example.com/hello\n\ngo 1.22\n",
        "main.go": _MAIN.format(number=0),
    }.items():
        (there.folder / file).write_text(text)
    _commit(there)
    return there


def _commit(there: _Checkout) -> None:
    for args in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "--allow-empty", "-m", "one")):
        subprocess.run(["git", *args], cwd=there.folder, env=there.place.environ, check=True, capture_output=True)
