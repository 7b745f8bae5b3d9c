"""The ordinary clients against `paasctl registry serve`: docker, skopeo, crane and containerd's ctr.

Each is asked with no password, with one, and with tokens, which only code can ask the registry for (`Logins`). What
comes out has the digest of what went in. Images are made here, anew for every test, so that no client has one already.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from e2e.clients import AT, FROM, PASSWORD, PULL, PUSH, TO, USER, Desk, Sample, named_in, pulled
from e2e.parts import Testbed
from paasctl.embedded.registry.logins import Logins
from paasctl.embedded.registry.serving import serve
from testbed import images

_KINDS = ("open", "basic", "token")
_INDEX = "application/vnd.oci.image.index.v1+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


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
    (root / "passwords").write_text(f"{USER}:{PASSWORD}\n")
    logins = Logins("token", {USER: PASSWORD})
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


# --- tests ---

_ONCE = pytest.mark.parametrize("desk", ["basic"], indirect=True)
"""For what has nothing to do with who asks."""


@pytest.mark.parametrize("pusher", PUSH)
def test_what_one_pushes_all_pull(desk: Desk, sample: Sample, pusher: str) -> None:
    digest = PUSH[pusher](desk, sample, desk.ref("web"))
    if pusher != "docker":
        assert digest == sample.digest
    assert pulled(desk, desk.ref("web")) == dict.fromkeys(PULL, digest)


def test_docker_runs_what_it_pulled_and_pushes_it_on_without_moving_it(desk: Desk, sample: Sample) -> None:
    PUSH["skopeo"](desk, sample, desk.ref("web"))
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
    PUSH["skopeo"](desk, sample, desk.ref("web"))
    desk.do("skopeo", "copy", FROM, TO, desk.at("web"), desk.at("prod", "1.0"))
    desk.do("skopeo", "copy", FROM, TO, desk.at("web"), desk.at("prod", "1.1"))
    told = json.loads(desk.do("skopeo", "inspect", AT, desk.at("prod", "1.1")))
    assert (told["Digest"], told["RepoTags"]) == (sample.digest, ["1.0", "1.1"])
    raw = desk.run("skopeo", "inspect", "--raw", AT, desk.at("prod", "1.1")).stdout
    assert images.digest(raw.encode()) == sample.digest
    listed = json.loads(desk.do("skopeo", "list-tags", AT, desk.at("prod", "1.0").removesuffix(":1.0")))
    assert listed["Tags"] == ["1.0", "1.1"]


@_ONCE
def test_skopeo_brings_dockers_format_too(desk: Desk, sample: Sample) -> None:
    desk.do("skopeo", "copy", "--format", "v2s2", TO, f"oci:{sample.folder}", desk.at("web"))
    raw = desk.run("skopeo", "inspect", "--raw", AT, desk.at("web")).stdout
    assert json.loads(raw)["mediaType"] == _DOCKER_MANIFEST
    assert pulled(desk, desk.ref("web")) == dict.fromkeys(PULL, images.digest(raw.encode()))


def test_skopeo_deletes_an_image_with_all_its_tags(desk: Desk, sample: Sample) -> None:
    for path, tag in (("web", "1"), ("web", "2"), ("prod", "1")):
        PUSH["skopeo"](desk, sample, desk.ref(path, tag))
    desk.do("skopeo", "delete", AT, desk.at("web"))
    assert desk.do("crane", "ls", desk.ref("web").removesuffix(":1")) == ""
    assert "MANIFEST_UNKNOWN" in desk.run("crane", "manifest", desk.ref("web", "2")).stderr
    assert PULL["skopeo"](desk, desk.ref("prod")) == sample.digest


def test_crane_pushes_copies_tags_and_lists(desk: Desk, sample: Sample) -> None:
    web, prod = (desk.ref(it).removesuffix(":1") for it in ("web", "prod"))
    assert desk.do("crane", "push", str(sample.folder), f"{web}:1") == f"{web}@{sample.digest}"
    assert "mounted blob" in desk.run("crane", "copy", f"{web}:1", f"{prod}:1").stderr
    desk.do("crane", "tag", f"{prod}:1", "stable")
    assert desk.do("crane", "ls", prod).split() == ["1", "stable"]
    assert {desk.do("crane", "digest", f"{prod}:{tag}") for tag in ("1", "stable")} == {sample.digest}
    assert {f"{desk.name}/web", f"{desk.name}/prod"} <= set(desk.do("crane", "catalog", desk.host).split())
    desk.do("crane", "validate", "--remote", f"{prod}:stable")
    assert pulled(desk, f"{prod}:stable") == dict.fromkeys(PULL, sample.digest)


@_ONCE
def test_crane_appends_to_an_image_and_changes_it(desk: Desk, sample: Sample) -> None:
    layer = desk.file(".tar")
    layer.write_bytes(images.plain_layer({"more": _fresh()}))
    PUSH["crane"](desk, sample, desk.ref("web"))
    desk.do("crane", "append", "-b", desk.ref("web"), "-f", str(layer), "-t", desk.ref("web", "2"))
    desk.do("crane", "mutate", "--entrypoint", "/more", desk.ref("web", "2"), "-t", desk.ref("web", "3"))
    config = json.loads(desk.do("crane", "config", desk.ref("web", "3")))
    assert (config["config"]["Entrypoint"], len(config["rootfs"]["diff_ids"])) == (["/more"], 3)
    desk.do("crane", "validate", "--remote", desk.ref("web", "3"))
    assert len(set(pulled(desk, desk.ref("web", "3")).values())) == 1


def test_crane_deletes_a_tag_or_an_image(desk: Desk, sample: Sample) -> None:
    web = desk.ref("web").removesuffix(":1")
    for tag in ("1", "2", "3"):
        PUSH["skopeo"](desk, sample, f"{web}:{tag}")
    desk.do("crane", "delete", f"{web}:1")
    assert desk.do("crane", "ls", web).split() == ["2", "3"]
    desk.do("crane", "delete", f"{web}@{sample.digest}")
    assert desk.do("crane", "ls", web) == ""


def test_an_index_comes_out_as_it_went_in(desk: Desk, both: Sample) -> None:
    assert PUSH["skopeo"](desk, both, desk.ref("web")) == both.digest
    assert pulled(desk, desk.ref("web")) == dict.fromkeys(PULL, both.digest)
    desk.do("skopeo", "copy", "--all", FROM, TO, desk.at("web"), desk.at("prod"))
    desk.do("crane", "copy", desk.ref("prod"), desk.ref("last"))
    desk.ctr("pull", "--all-platforms", desk.ref("last"))
    desk.do("ctr", "images", "tag", desk.ref("last"), desk.ref("end"))
    desk.ctr("push", desk.ref("end"))
    assert desk.do("crane", "digest", desk.ref("end")) == both.digest


def test_each_client_logs_in_and_out_again(stranger: Desk, sample: Sample) -> None:
    clients = {"docker": ("docker",), "skopeo": ("skopeo",), "crane": ("crane", "auth")}
    for name, words in clients.items():
        stranger.do(*words, "login", *_more(name), "-u", USER, "--password-stdin", stranger.host, text=PASSWORD)
        PUSH["crane"](stranger, sample, stranger.ref("web"))
        assert PULL[name](stranger, stranger.ref("web")) == sample.digest
        stranger.do(*words, "logout", stranger.host)
        assert _is_refused(stranger.run("crane", "ls", stranger.ref("web").removesuffix(":1")))


def _more(name: str) -> tuple[str, ...]:
    return (AT,) if name == "skopeo" else ()


def test_nobody_comes_in_with_a_wrong_password(stranger: Desk, sample: Sample) -> None:
    for name in ("docker", "skopeo"):
        login = (name, "login", *_more(name), "-u", USER, "--password-stdin", stranger.host)
        assert _is_refused(stranger.run(*login, text="wrong"))
    pair = base64.b64encode(f"{USER}:wrong".encode()).decode()
    (stranger.home / "docker").mkdir(exist_ok=True)
    (stranger.home / "docker/config.json").write_text(json.dumps({"auths": {stranger.host: {"auth": pair}}}))
    web = stranger.ref("web")
    for command in (
        ("docker", "pull", web),
        ("skopeo", "copy", TO, f"oci:{sample.folder}", f"docker://{web}"),
        ("crane", "push", str(sample.folder), web),
        ("ctr", "images", "pull", "--plain-http", "--user", f"{USER}:wrong", web),
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
            assert pulled(desk, f"{host}/shop/web:1") == dict.fromkeys(PULL, sample.digest)
            desk.do("crane", "tag", f"{host}/shop/web:1", tag)
    hand.do("skopeo", "copy", f"oci:{folder}:shop/web:3", f"oci:{tmp_path / 'out'}:1")
    assert named_in(tmp_path / "out") == sample.digest
