"""cosign itself: it verifies what `release` signs, and what it signs and attests opens our gates."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from e2e.parts import Testbed
from e2e.project import PAAS, Project
from testbed import programs

_PASSWORD = "tip"
_NO_MATCH = 12
_NOWHERE = "http://127.0.0.1:9"
"""cosign would ask the world for keys that nobody needs here."""
_SPDX = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "web", "dataLicense": "CC0-1.0"}
_PAAS = PAAS.replace(
    "clusters:\n",
    "  rc: {repository: $registry/$app-rc}\nclusters:\n",
) + (
    "  showcase:\n"
    "    cluster: local\n"
    "    registry: rc\n"
    "    requires: [{what: signature, key: cosign.pub}, {what: sbom, key: cosign.pub}]\n"
)


@pytest.fixture(scope="session")
def cosign(real: Testbed) -> Path:
    """The program, compiled where it is not there yet."""
    folder = Path(real.bin)
    programs.build((programs.COSIGN,), folder)
    return folder / programs.COSIGN.name


class Signer:
    """Somebody with cosign and a key."""

    def __init__(self, program: Path, folder: Path) -> None:
        folder.mkdir()
        self.program, self.folder = program, folder
        self.do("generate-key-pair")

    def do(self, *words: str, expect: int = 0) -> str:
        done = subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "COSIGN_PASSWORD": _PASSWORD,
                "TUF_MIRROR": _NOWHERE,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == expect, f"cosign {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def verify(self, image: str, expect: int = 0) -> str:
        return self.do("verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", image, expect=expect)

    def sign(self, image: str, *more: str) -> None:
        self.do("sign", "--key", "cosign.key", "--tlog-upload=false", "--yes", *more, image)

    def attest(self, image: str, kind: str, predicate: dict[str, str], *more: str) -> None:
        (self.folder / "predicate.json").write_text(json.dumps(predicate))
        words = ("--key", "cosign.key", "--tlog-upload=false", "--yes", "--type", kind)
        self.do("attest", *words, *more, "--predicate", "predicate.json", image)


@pytest.fixture
def signer(cosign: Path, tmp_path: Path) -> Signer:
    return Signer(cosign, tmp_path / "signer")


@pytest.fixture
def stranger(cosign: Path, tmp_path: Path) -> Signer:
    return Signer(cosign, tmp_path / "stranger")


@pytest.fixture
def path(project: Project, signer: Signer) -> Project:
    project.write("paas.yaml", project.filled(_PAAS))
    project.write("cosign.pub", (signer.folder / "cosign.pub").read_text())
    project.commit("one")
    return project


@pytest.fixture
def testbed(real: Testbed) -> Testbed:
    """The real registry alone: cosign is no part of a box."""
    return real


def test_cosign_verifies_what_release_signs(path: Project, signer: Signer, stranger: Signer) -> None:
    words = ("release", "--sign-key", str(signer.folder / "cosign.key"))
    made = json.loads(path.paasctl(*words, "--output", "json", COSIGN_PASSWORD=_PASSWORD).stdout)
    for what in (made["facts"]["record"], made["facts"]["image.web"]):
        (said,) = json.loads(signer.verify(what))
        assert said["critical"]["image"]["docker-manifest-digest"] == what.partition("@")[2]
        stranger.verify(what, expect=_NO_MATCH)


def test_what_cosign_signs_and_attests_opens_the_gates(path: Project, signer: Signer, stranger: Signer) -> None:
    image = path.outcome("release")["facts"]["image.web"]

    def closed() -> dict[str, str]:
        refused = path.outcome("promote", "0.1.0", "--to", "rc", expect=4)
        lines = [it.partition(": image web: ") for it in refused["problems"][0]["evidence"]]
        return {name: why for name, _, why in lines}

    signature, sbom = "requires signature by cosign.pub", "requires sbom by cosign.pub"
    assert closed() == {signature: "none is beside it", sbom: "it is not signed"}
    stranger.sign(image)
    stranger.attest(image, "spdxjson", _SPDX)
    assert closed()[signature] == "it is signed by another key"
    assert "it is signed by another key" in closed()[sbom]
    signer.sign(image)
    assert list(closed()) == [sbom]
    signer.attest(image, "spdxjson", _SPDX)
    path.paasctl("promote", "0.1.0", "--to", "rc")
    signer.verify(image.replace(f"/{path.app}/", f"/{path.app}-rc/"))


def test_bundles_of_cosign_open_them_too(path: Project, signer: Signer) -> None:
    image = path.outcome("release")["facts"]["image.web"]
    path.paasctl("promote", "0.1.0", "--to", "rc", expect=4)
    signer.sign(image, "--new-bundle-format")
    signer.attest(image, "spdxjson", _SPDX, "--new-bundle-format")
    path.paasctl("promote", "0.1.0", "--to", "rc")
