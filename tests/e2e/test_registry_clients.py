"""The ordinary clients against `paasctl registry serve`: docker, skopeo, crane and containerd's ctr.

Each is asked with no password, with one, and with tokens, which only code can ask the registry for (`Logins`). What
comes out has the digest of what went in. Images are made here, anew for every test, so that no client has one already.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from e2e.parts import Testbed
from paasctl.embedded.registry.logins import Logins
from paasctl.embedded.registry.serving import serve
from testbed import images

_KINDS = ("open", "basic", "token")
_USER, _PASSWORD = "ann", "secret"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_INDEX = "application/vnd.oci.image.index.v1+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_TO, _FROM, _AT = "--dest-tls-verify=false", "--src-tls-verify=false", "--tls-verify=false"
"""skopeo wants to hear that loopback speaks plain HTTP; the others know."""


@dataclass(frozen=True)
class Sample:
    """An OCI layout with one image, or one index of images, and the same as a tar."""

    folder: Path
    digest: str

    @property
    def tar(self) -> Path:
        return self.folder.with_suffix(".tar")

    @property
    def layer(self) -> Path:
        """The tar, packed, that has `/app`."""
        return self.blob(json.loads(self.blob(self.digest).read_bytes())["layers"][0]["digest"])

    def blob(self, digest: str) -> Path:
        return self.folder / "blobs/sha256" / digest.removeprefix("sha256:")

    @classmethod
    def laid(cls, folder: Path, image: images.Image) -> Sample:
        tar = folder.with_suffix(".tar")
        tar.write_bytes(images.archive(image, f"sample.example/{folder.name}:1"))
        with tarfile.open(tar) as packed:
            packed.extractall(folder, filter="data")
        return cls(folder, images.digest(image.manifest))


@dataclass
class Desk:
    """Where somebody works with the clients: a home of its own, and names in containerd and docker that go with it."""

    testbed: Testbed
    host: str
    kind: str
    home: Path
    name: str = field(default_factory=lambda: f"e2e-{uuid.uuid4().hex[:8]}")

    @property
    def environ(self) -> dict[str, str]:
        login = self.home / "docker"
        return {
            "PATH": f"{self.testbed.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "DOCKER_CONFIG": str(login),
            "DOCKER_HOST": self.testbed.docker_host,
            "REGISTRY_AUTH_FILE": str(login / "config.json"),
            "_CONTAINERS_ROOTLESS_UID": "1000",  # else skopeo keeps what it knows of blobs below /var/lib
            "CONTAINERD_ADDRESS": os.environ["PAASCTL_TEST_CONTAINERD_ADDRESS"],
            "CONTAINERD_NAMESPACE": self.name,
        }

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """A client, however it ends."""
        return subprocess.run(
            command,
            env=self.environ,
            cwd=self.home,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def do(self, *command: str, text: str = "") -> str:
        """A client, which must work; its output."""
        done = self.run(*command, text=text)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def ref(self, path: str, tag: str = "1") -> str:
        """An image's name, in a repository of this desk's own."""
        return f"{self.host}/{self.name}/{path}:{tag}"

    def at(self, path: str, tag: str = "1") -> str:
        """The same for skopeo."""
        return f"docker://{self.ref(path, tag)}"

    def file(self, suffix: str = "") -> Path:
        """A place that is free."""
        return self.home / f"{uuid.uuid4().hex}{suffix}"

    def ctr(self, verb: str, *args: str, user: str = f"{_USER}:{_PASSWORD}") -> str:
        """`ctr images push` or `pull`: it has no login of its own."""
        return self.do("ctr", "images", verb, "--plain-http", *(("--user", user) if self.is_guarded else ()), *args)

    @property
    def is_guarded(self) -> bool:
        return self.kind != "open"

    def log_in(self) -> None:
        self.do("docker", "login", "-u", _USER, "--password-stdin", self.host, text=_PASSWORD)

    def clean(self) -> None:
        """Nothing of it stays in docker or containerd."""
        pattern = f"reference={self.host}/*/*"
        if held := self.do("docker", "images", "--filter", pattern, "--format", "{{.Repository}}:{{.Tag}}"):
            self.do("docker", "image", "rm", *held.split())
        _empty_containerd(self)


def _empty_containerd(desk: Desk) -> None:
    if held := desk.do("ctr", "images", "ls", "-q"):
        desk.do("ctr", "images", "rm", "--sync", *held.split())
    if desk.name in desk.do("ctr", "namespaces", "ls", "-q").split():
        desk.do("ctr", "namespaces", "rm", desk.name)


# --- registries, as users start them ---


@contextmanager
def _served(folder: Path, *options: str) -> Iterator[str]:
    """`paasctl registry serve`; its address."""
    command = [sys.executable, "-m", "paasctl", "registry", "serve", str(folder), *options, "--output", "jsonl"]
    with subprocess.Popen(command, cwd=folder.parent, stdout=subprocess.PIPE, text=True) as begun:
        assert begun.stdout
        try:
            events = (json.loads(line) for line in begun.stdout)
            address: str = next(it["facts"]["address"] for it in events if it["event"] == "ready")
            yield address
        finally:
            begun.terminate()
            begun.communicate(timeout=20)


@pytest.fixture(scope="module")
def hosts(real: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A registry of each kind."""
    del real
    root = tmp_path_factory.mktemp("registries")
    (root / "passwords").write_text(f"{_USER}:{_PASSWORD}\n")
    logins = Logins("token", {_USER: _PASSWORD})
    with ExitStack() as stack:
        yield {
            "open": stack.enter_context(_served(root / "open")),
            "basic": stack.enter_context(_served(root / "basic", "--password-file", str(root / "passwords"))),
            "token": stack.enter_context(serve(root / "token", logins=logins)).host,
        }


@contextmanager
def _desk(testbed: Testbed, host: str, kind: str, home: Path) -> Iterator[Desk]:
    home.mkdir()
    desk = Desk(testbed, host, kind, home)
    try:
        yield desk
    finally:
        desk.clean()


@pytest.fixture(params=_KINDS)
def desk(request: pytest.FixtureRequest, real: Testbed, hosts: dict[str, str], tmp_path: Path) -> Iterator[Desk]:
    """One who may do everything."""
    with _desk(real, hosts[request.param], request.param, tmp_path / "home") as found:
        if found.is_guarded:
            found.log_in()
        yield found


@pytest.fixture(params=_KINDS[1:])
def stranger(request: pytest.FixtureRequest, real: Testbed, hosts: dict[str, str], tmp_path: Path) -> Iterator[Desk]:
    """One who has not logged in yet where one must."""
    with _desk(real, hosts[request.param], request.param, tmp_path / "home") as found:
        yield found


@pytest.fixture
def sample(real: Testbed, tmp_path: Path) -> Sample:
    return Sample.laid(tmp_path / "sample", _image(real))


def _image(testbed: Testbed) -> images.Image:
    """The testbed's application. Both layers are unlike all others: no client may say that it has one."""
    app = (Path(testbed.bin) / "app").read_bytes()
    return images.make_image([{"app": app, "id": _fresh()}, {"version": _fresh()}], ["/app"])


def _fresh() -> bytes:
    return uuid.uuid4().hex.encode()


@pytest.fixture
def both(sample: Sample, real: Testbed, tmp_path: Path) -> Sample:
    """An index: the sample for this machine, and for one that no one has."""
    image = _image(real)
    foreign = replace(image, config=json.dumps({**json.loads(image.config), "architecture": "s390x"}).encode())
    laid = Sample.laid(tmp_path / "foreign", foreign)
    platforms = json.loads(image.config)["architecture"], "s390x"
    index = _index(*(_entry(it, platform) for it, platform in zip((sample, laid), platforms, strict=True)))
    return _with_index(sample, laid, index)


def _entry(sample: Sample, platform: str) -> dict[str, object]:
    said = json.loads((sample.folder / "index.json").read_bytes())["manifests"][0]
    plain = {name: said[name] for name in ("mediaType", "digest", "size")}
    return {**plain, "platform": {"architecture": platform, "os": "linux"}}


def _index(*entries: dict[str, object]) -> bytes:
    """Spelled as skopeo spells it, which writes every index anew."""
    return json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}, separators=(",", ":")).encode()


def _with_index(sample: Sample, other: Sample, index: bytes) -> Sample:
    for blob in (other.folder / "blobs/sha256").iterdir():
        sample.blob(blob.name).write_bytes(blob.read_bytes())
    told = images.descriptor(_INDEX, index)
    sample.blob(told["digest"]).write_bytes(index)
    (sample.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [told]}))
    return Sample(sample.folder, told["digest"])


# --- a push and a pull with each; both give the digest that the client tells of, and leave nothing with it ---


def _docker_push(desk: Desk, sample: Sample, ref: str) -> str:
    """docker makes a manifest of its own: it gets the files alone."""
    desk.do("docker", "import", "-c", 'ENTRYPOINT ["/app"]', str(sample.layer), ref)
    desk.do("docker", "push", ref)
    return _docker_digest(desk, ref)


def _docker_pull(desk: Desk, ref: str) -> str:
    desk.do("docker", "pull", ref)
    return _docker_digest(desk, ref)


def _docker_digest(desk: Desk, ref: str) -> str:
    """And forget the image."""
    told: list[str] = json.loads(desk.do("docker", "image", "inspect", "-f", "{{json .RepoDigests}}", ref))
    repository = ref.rpartition(":")[0]
    desk.do("docker", "image", "rm", ref)
    return next(it.partition("@")[2] for it in told if it.startswith(f"{repository}@"))


def _skopeo_push(desk: Desk, sample: Sample, ref: str) -> str:
    told = desk.file()
    desk.do("skopeo", "copy", "--all", _TO, "--digestfile", str(told), f"oci:{sample.folder}", f"docker://{ref}")
    return told.read_text()


def _skopeo_pull(desk: Desk, ref: str) -> str:
    """Into `dir:`, which leaves a manifest as it is."""
    folder = desk.file()
    desk.do("skopeo", "copy", "--all", _FROM, f"docker://{ref}", f"dir:{folder}")
    return images.digest((folder / "manifest.json").read_bytes())


def _crane_push(desk: Desk, sample: Sample, ref: str) -> str:
    return desk.do("crane", "push", str(sample.folder), ref).partition("@")[2]


def _crane_pull(desk: Desk, ref: str) -> str:
    folder = desk.file()
    desk.do("crane", "pull", "--format", "oci", ref, str(folder))
    return _named_in(folder)


def _ctr_push(desk: Desk, sample: Sample, ref: str) -> str:
    desk.do("ctr", "images", "import", "--all-platforms", str(sample.tar))
    desk.do("ctr", "images", "tag", desk.do("ctr", "images", "ls", "-q"), ref)
    desk.ctr("push", ref)
    return _ctr_digest(desk, ref)


def _ctr_pull(desk: Desk, ref: str) -> str:
    desk.ctr("pull", "--all-platforms", ref)
    return _ctr_digest(desk, ref)


def _ctr_digest(desk: Desk, ref: str) -> str:
    """And forget all images, with their content."""
    found = _DIGEST.search(desk.do("ctr", "images", "ls", f"name=={ref}"))
    assert found
    _empty_containerd(desk)
    return found[0]


def _named_in(folder: Path) -> str:
    """What an OCI layout holds, one thing alone."""
    (entry,) = json.loads((folder / "index.json").read_bytes())["manifests"]
    digest: str = entry["digest"]
    return digest


_PUSH = {"docker": _docker_push, "skopeo": _skopeo_push, "crane": _crane_push, "ctr": _ctr_push}
_PULL: dict[str, Callable[[Desk, str], str]] = {
    "docker": _docker_pull,
    "skopeo": _skopeo_pull,
    "crane": _crane_pull,
    "ctr": _ctr_pull,
}


def _pulled(desk: Desk, ref: str) -> dict[str, str]:
    """Its digest, as each client has it: all at once, since each waits most of the time."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(_PULL, pool.map(lambda pull: pull(desk, ref), _PULL.values()), strict=True))


# --- tests ---

_ONCE = pytest.mark.parametrize("desk", ["basic"], indirect=True)
"""For what has nothing to do with who asks."""


@pytest.mark.parametrize("pusher", _PUSH)
def test_what_one_pushes_all_pull(desk: Desk, sample: Sample, pusher: str) -> None:
    digest = _PUSH[pusher](desk, sample, desk.ref("web"))
    if pusher != "docker":
        assert digest == sample.digest
    assert _pulled(desk, desk.ref("web")) == dict.fromkeys(_PULL, digest)


def test_docker_runs_what_it_pulled_and_pushes_it_on_without_moving_it(desk: Desk, sample: Sample) -> None:
    _skopeo_push(desk, sample, desk.ref("web"))
    desk.do("docker", "pull", "-q", desk.ref("web"))
    entrypoint, platform = desk.do(
        "docker", "image", "inspect", "-f", "{{.Config.Entrypoint}} {{.Os}}", desk.ref("web")
    ).split()
    assert (entrypoint, platform) == ("[/app]", "linux")
    assert "migrated" in desk.do("docker", "run", "--rm", "--network", "none", desk.ref("web"), "job")
    desk.do("docker", "tag", desk.ref("web"), desk.ref("prod"))
    assert "Mounted from" in desk.do("docker", "push", desk.ref("prod"))
    assert desk.do("crane", "config", desk.ref("prod")) == desk.do("crane", "config", desk.ref("web"))


def test_skopeo_copies_within_inspects_and_lists(desk: Desk, sample: Sample) -> None:
    _skopeo_push(desk, sample, desk.ref("web"))
    desk.do("skopeo", "copy", _FROM, _TO, desk.at("web"), desk.at("prod", "1.0"))
    desk.do("skopeo", "copy", _FROM, _TO, desk.at("web"), desk.at("prod", "1.1"))
    told = json.loads(desk.do("skopeo", "inspect", _AT, desk.at("prod", "1.1")))
    assert (told["Digest"], told["RepoTags"]) == (sample.digest, ["1.0", "1.1"])
    raw = desk.run("skopeo", "inspect", "--raw", _AT, desk.at("prod", "1.1")).stdout
    assert images.digest(raw.encode()) == sample.digest
    listed = json.loads(desk.do("skopeo", "list-tags", _AT, desk.at("prod", "1.0").removesuffix(":1.0")))
    assert listed["Tags"] == ["1.0", "1.1"]


@_ONCE
def test_skopeo_brings_dockers_format_too(desk: Desk, sample: Sample) -> None:
    desk.do("skopeo", "copy", "--format", "v2s2", _TO, f"oci:{sample.folder}", desk.at("web"))
    raw = desk.run("skopeo", "inspect", "--raw", _AT, desk.at("web")).stdout
    assert json.loads(raw)["mediaType"] == _DOCKER_MANIFEST
    assert _pulled(desk, desk.ref("web")) == dict.fromkeys(_PULL, images.digest(raw.encode()))


def test_skopeo_deletes_an_image_with_all_its_tags(desk: Desk, sample: Sample) -> None:
    for path, tag in (("web", "1"), ("web", "2"), ("prod", "1")):
        _skopeo_push(desk, sample, desk.ref(path, tag))
    desk.do("skopeo", "delete", _AT, desk.at("web"))
    assert desk.do("crane", "ls", desk.ref("web").removesuffix(":1")) == ""
    assert "MANIFEST_UNKNOWN" in desk.run("crane", "manifest", desk.ref("web", "2")).stderr
    assert _skopeo_pull(desk, desk.ref("prod")) == sample.digest


def test_crane_pushes_copies_tags_and_lists(desk: Desk, sample: Sample) -> None:
    web, prod = (desk.ref(it).removesuffix(":1") for it in ("web", "prod"))
    assert desk.do("crane", "push", str(sample.folder), f"{web}:1") == f"{web}@{sample.digest}"
    assert "mounted blob" in desk.run("crane", "copy", f"{web}:1", f"{prod}:1").stderr
    desk.do("crane", "tag", f"{prod}:1", "stable")
    assert desk.do("crane", "ls", prod).split() == ["1", "stable"]
    assert {desk.do("crane", "digest", f"{prod}:{tag}") for tag in ("1", "stable")} == {sample.digest}
    assert {f"{desk.name}/web", f"{desk.name}/prod"} <= set(desk.do("crane", "catalog", desk.host).split())
    desk.do("crane", "validate", "--remote", f"{prod}:stable")
    assert _pulled(desk, f"{prod}:stable") == dict.fromkeys(_PULL, sample.digest)


@_ONCE
def test_crane_appends_to_an_image_and_changes_it(desk: Desk, sample: Sample) -> None:
    layer = desk.file(".tar")
    layer.write_bytes(images.plain_layer({"more": _fresh()}))
    _crane_push(desk, sample, desk.ref("web"))
    desk.do("crane", "append", "-b", desk.ref("web"), "-f", str(layer), "-t", desk.ref("web", "2"))
    desk.do("crane", "mutate", "--entrypoint", "/more", desk.ref("web", "2"), "-t", desk.ref("web", "3"))
    config = json.loads(desk.do("crane", "config", desk.ref("web", "3")))
    assert (config["config"]["Entrypoint"], len(config["rootfs"]["diff_ids"])) == (["/more"], 3)
    desk.do("crane", "validate", "--remote", desk.ref("web", "3"))
    assert len(set(_pulled(desk, desk.ref("web", "3")).values())) == 1


def test_crane_deletes_a_tag_or_an_image(desk: Desk, sample: Sample) -> None:
    web = desk.ref("web").removesuffix(":1")
    for tag in ("1", "2", "3"):
        _skopeo_push(desk, sample, f"{web}:{tag}")
    desk.do("crane", "delete", f"{web}:1")
    assert desk.do("crane", "ls", web).split() == ["2", "3"]
    desk.do("crane", "delete", f"{web}@{sample.digest}")
    assert desk.do("crane", "ls", web) == ""


def test_an_index_comes_out_as_it_went_in(desk: Desk, both: Sample) -> None:
    assert _skopeo_push(desk, both, desk.ref("web")) == both.digest
    assert _pulled(desk, desk.ref("web")) == dict.fromkeys(_PULL, both.digest)
    desk.do("skopeo", "copy", "--all", _FROM, _TO, desk.at("web"), desk.at("prod"))
    desk.do("crane", "copy", desk.ref("prod"), desk.ref("last"))
    desk.ctr("pull", "--all-platforms", desk.ref("last"))
    desk.do("ctr", "images", "tag", desk.ref("last"), desk.ref("end"))
    desk.ctr("push", desk.ref("end"))
    assert desk.do("crane", "digest", desk.ref("end")) == both.digest


def test_each_client_logs_in_and_out_again(stranger: Desk, sample: Sample) -> None:
    clients = {"docker": ("docker",), "skopeo": ("skopeo",), "crane": ("crane", "auth")}
    for name, words in clients.items():
        stranger.do(*words, "login", *_more(name), "-u", _USER, "--password-stdin", stranger.host, text=_PASSWORD)
        _crane_push(stranger, sample, stranger.ref("web"))
        assert _PULL[name](stranger, stranger.ref("web")) == sample.digest
        stranger.do(*words, "logout", stranger.host)
        assert _is_refused(stranger.run("crane", "ls", stranger.ref("web").removesuffix(":1")))


def _more(name: str) -> tuple[str, ...]:
    return (_AT,) if name == "skopeo" else ()


def test_nobody_comes_in_with_a_wrong_password(stranger: Desk, sample: Sample) -> None:
    for name in ("docker", "skopeo"):
        login = (name, "login", *_more(name), "-u", _USER, "--password-stdin", stranger.host)
        assert _is_refused(stranger.run(*login, text="wrong"))
    pair = base64.b64encode(f"{_USER}:wrong".encode()).decode()
    (stranger.home / "docker").mkdir(exist_ok=True)
    (stranger.home / "docker/config.json").write_text(json.dumps({"auths": {stranger.host: {"auth": pair}}}))
    web = stranger.ref("web")
    for command in (
        ("docker", "pull", web),
        ("skopeo", "copy", _TO, f"oci:{sample.folder}", f"docker://{web}"),
        ("crane", "push", str(sample.folder), web),
        ("ctr", "images", "pull", "--plain-http", "--user", f"{_USER}:wrong", web),
        ("ctr", "images", "pull", "--plain-http", web),
    ):
        assert _is_refused(stranger.run(*command)), command


def _is_refused(done: subprocess.CompletedProcess[str]) -> bool:
    said = done.stderr.lower()
    return done.returncode != 0 and any(it in said for it in ("unauthorized", "invalid username/password", "no basic"))


def test_a_folder_that_skopeo_filled_is_served_and_filled_on(real: Testbed, sample: Sample, tmp_path: Path) -> None:
    folder, hand = tmp_path / "layout", Desk(real, "", "open", tmp_path)
    hand.do("skopeo", "copy", f"oci:{sample.folder}", f"oci:{folder}:shop/web:1")
    for tag in ("2", "3"):  # the second time it is the registry's own folder that is taken up
        with _served(folder) as host, _desk(real, host, "open", tmp_path / f"home-{tag}") as desk:
            assert _pulled(desk, f"{host}/shop/web:1") == dict.fromkeys(_PULL, sample.digest)
            desk.do("crane", "tag", f"{host}/shop/web:1", tag)
    hand.do("skopeo", "copy", f"oci:{folder}:shop/web:3", f"oci:{tmp_path / 'out'}:1")
    assert _named_in(tmp_path / "out") == sample.digest
