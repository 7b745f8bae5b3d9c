"""Which credential is found, and how its source is named (rows P2, P3)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.registry.credentials import ANONYMOUS, Credential, Credentials
from paasctl.errors import ConfigError, Unavailable

HOST = "registry.example:5000"


def auth(user: str, password: str = "pw") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


class Home:
    """A home folder with the files that docker and podman write, and helpers on the PATH."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        self.environ = {"HOME": str(root), "PATH": f"{self.bin}:/usr/bin:/bin"}

    def write(self, place: str, document: Any) -> Path:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    def helper(self, name: str, script: str) -> None:
        path = self.bin / f"docker-credential-{name}"
        path.write_text(f'#!/bin/sh\nread host\necho "$1 $host" >> {self.root}/asked\n{script}\n')
        path.chmod(0o755)

    def find(self, path: str = "team/web") -> Credential:
        return Credentials(HOST, self.environ).find(path)

    @property
    def asked(self) -> list[str]:
        file = self.root / "asked"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


SAYS = """printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}'"""


def test_nobody_is_known_where_there_are_no_files(home: Home) -> None:
    assert home.find() == ANONYMOUS
    assert ANONYMOUS.source == "anonymous"


def test_files_are_asked_in_order(home: Home) -> None:
    places = ["named.json", "run/containers/auth.json", ".config/containers/auth.json", ".docker/config.json"]
    files = [home.write(place, {"auths": {HOST: auth(f"user{i}")}}) for i, place in enumerate(places)]
    home.environ |= {"REGISTRY_AUTH_FILE": str(files[0]), "XDG_RUNTIME_DIR": str(home.root / "run")}
    for i, file in enumerate(files):
        found = home.find()
        assert (found.user, found.secret.reveal(), found.source) == (f"user{i}", "pw", f"auths of {file}")
        home.environ.pop("REGISTRY_AUTH_FILE", None)
        file.unlink()
    assert home.find() == ANONYMOUS


def test_docker_config_says_where_the_file_is(home: Home) -> None:
    home.write(".docker/config.json", {"auths": {HOST: auth("home")}})
    home.write("other/config.json", {"auths": {HOST: auth("other")}})
    home.environ["DOCKER_CONFIG"] = str(home.root / "other")
    assert home.find().user == "other"


PREFIXES = {
    "the whole name": ("team/web", "web"),
    "the group": ("team/db", "team"),
    "the host": ("else", "host"),
    "not a part of a word": ("teams/web", "host"),
}


@pytest.mark.parametrize(("path", "user"), PREFIXES.values(), ids=PREFIXES)
def test_the_longest_prefix_wins(home: Home, path: str, user: str) -> None:
    auths = {HOST: auth("host"), f"{HOST}/team": auth("team"), f"{HOST}/team/web": auth("web"), "x.example": auth("x")}
    home.write(".docker/config.json", {"auths": auths})
    assert home.find(path).user == user


@pytest.mark.parametrize("key", [f"https://{HOST}", f"http://{HOST}/", f"https://{HOST}/v1/", f"https://{HOST}/v2"])
def test_hosts_are_found_however_they_were_written(home: Home, key: str) -> None:
    home.write(".docker/config.json", {"auths": {key: auth("ann")}})
    assert home.find().user == "ann"


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "docker.io/team"])
def test_docker_hub_is_found_under_its_old_names(home: Home, key: str) -> None:
    home.write(".docker/config.json", {"auths": {key: auth("ann")}})
    assert Credentials("docker.io", home.environ).find("team/web").user == "ann"
    assert Credentials("docker.io.example", home.environ).find("team/web").user == ""


def test_helpers_know_docker_hub_by_its_old_address(home: Home) -> None:
    home.helper("any", SAYS % ("ann", "pw"))
    for document in ({"credsStore": "any"}, {"credHelpers": {"docker.io": "any"}}):
        home.write(".docker/config.json", document)
        assert Credentials("docker.io", home.environ).find("team/web").user == "ann"
    assert home.asked == ["get https://index.docker.io/v1/"] * 2


def test_an_identity_token_is_told_from_a_password(home: Home) -> None:
    home.write(".docker/config.json", {"auths": {HOST: {**auth("ann", ""), "identitytoken": "refresh"}}})
    found = home.find()
    assert (found.identity, found.secret.reveal()) == (True, "refresh")


def test_a_plain_user_and_password_count_too(home: Home) -> None:
    home.write(".docker/config.json", {"auths": {HOST: {"username": "ann", "password": "pw"}}})
    assert home.find().basic == "Basic " + base64.b64encode(b"ann:pw").decode()


def test_a_helper_for_the_host_comes_before_the_store_and_the_store_before_auths(home: Home) -> None:
    document: dict[str, Any] = {"auths": {HOST: auth("auths")}, "credsStore": "store", "credHelpers": {HOST: "mine"}}
    file = home.write(".docker/config.json", document)
    for name in ("store", "mine"):
        home.helper(name, SAYS % (name, "s3"))
    found = home.find()
    assert (found.user, found.secret.reveal()) == ("mine", "s3")
    assert found.source == f"helper docker-credential-mine from {file}"
    assert home.asked == [f"get {HOST}"]
    home.write(".docker/config.json", document | {"credHelpers": {"x.example": "mine"}})
    assert home.find().user == "store"
    home.write(".docker/config.json", {"auths": document["auths"]})
    assert home.find().user == "auths"


def test_a_helper_gives_an_identity_token_under_a_user_of_that_name(home: Home) -> None:
    home.write(".docker/config.json", {"credsStore": "cloud"})
    home.helper("cloud", SAYS % ("<token>", "refresh"))
    assert home.find().identity


def test_a_helper_that_knows_no_such_host_leaves_the_word_to_the_same_files_auths(home: Home) -> None:
    home.write(".docker/config.json", {"auths": {HOST: auth("ann")}, "credsStore": "store"})
    home.helper("store", "echo 'credentials not found in native keychain'; exit 1")
    assert home.find().user == "ann"


def test_p3_a_missing_helper_is_named_and_nobody_becomes_anonymous(home: Home) -> None:
    file = home.write(".docker/config.json", {"credHelpers": {HOST: "gone"}, "auths": {HOST: auth("ann")}})
    with pytest.raises(ConfigError, match="docker-credential-gone") as caught:
        home.find()
    assert caught.value.where == str(file)
    assert "install docker-credential-gone" in caught.value.hint


FAILING = {
    "an exit status": ("echo 'the keychain is locked'; exit 1", "the keychain is locked"),
    "nothing but the status": ("exit 3", "exit status 3"),
    "rubbish": ("echo hunter2", "not the JSON"),
}


@pytest.mark.parametrize(("script", "why"), FAILING.values(), ids=FAILING)
def test_p3_a_failing_helper_is_named(home: Home, script: str, why: str) -> None:
    home.write(".docker/config.json", {"credsStore": "bad", "auths": {HOST: auth("ann")}})
    home.helper("bad", script)
    with pytest.raises(Unavailable, match="docker-credential-bad") as caught:
        home.find()
    assert why in caught.value.message
    assert "hunter2" not in caught.value.message


BROKEN = {
    "not JSON": "{",
    "a list": "[]",
    "auths is a list": {"auths": [1]},
    "auth is no base64": {"auths": {HOST: {"auth": "%%%"}}},
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_an_error_with_its_place(home: Home, document: object) -> None:
    file = home.write(".docker/config.json", document)
    with pytest.raises(ConfigError, match="reading registry credentials") as caught:
        home.find()
    assert caught.value.where == str(file)


def test_a_file_named_by_the_environment_must_be_there(home: Home) -> None:
    home.environ["REGISTRY_AUTH_FILE"] = str(home.root / "gone.json")
    with pytest.raises(ConfigError, match="REGISTRY_AUTH_FILE names it"):
        home.find()


def test_secrets_do_not_show(home: Home) -> None:
    home.write(".docker/config.json", {"auths": {HOST: auth("ann", "hunter2")}})
    assert "hunter2" not in repr(home.find())
