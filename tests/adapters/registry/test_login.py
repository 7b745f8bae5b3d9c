"""Logging in: Basic and tokens, what is cached, what is renewed, and how a refusal reads (rows P2 to P5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import Forbidden, Unavailable
from support.registry import Registry, describe
from support.registry_client import Content, CountingClock, talking

CONTENT = b"content" * 1000
BLOB = describe(CONTENT)
USERS = {"ann": "secret", "bob": "secret"}
Scheme = Literal["basic", "token"]
both = pytest.mark.parametrize("scheme", ["basic", "token"])


class House:
    """A registry with users, and a home folder whose docker configuration can be written."""

    def __init__(self, registry: Registry, root: Path) -> None:
        self.registry = registry
        self.root = root
        self.file = root / ".docker" / "config.json"
        self.file.parent.mkdir()

    def log_in(self, user: str, password: str = "secret", **more: str) -> None:
        entry = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode(), **more}
        self.write({"auths": {self.registry.host: entry}})

    def write(self, document: Mapping[str, Any]) -> None:
        self.file.write_text(json.dumps(document))

    @property
    def environ(self) -> dict[str, str]:
        return {"HOME": str(self.root), "PATH": f"{self.root}:/usr/bin:/bin"}

    @contextmanager
    def client(self, clock: CountingClock | None = None) -> Iterator[RegistryClient]:
        with talking(self.registry, clock, self.environ) as client:
            yield client


@contextmanager
def house(root: Path, scheme: Scheme, *pull_only: str) -> Iterator[House]:
    with Registry(auth=scheme, users=USERS, pull_only=pull_only) as registry:
        yield House(registry, root)


def push(client: RegistryClient, registry: Registry) -> str:
    return client.push_blob(registry.repository("team/web"), BLOB, Content.of(CONTENT))


def tags(client: RegistryClient, registry: Registry) -> tuple[str, ...]:
    return client.tags(registry.repository("team/web"))


@both
def test_a_known_user_may_push_and_pull(tmp_path: Path, scheme: Scheme) -> None:
    with house(tmp_path, scheme) as home, home.client() as client:
        home.log_in("ann")
        assert push(client, home.registry) == "uploaded"
        with client.open_blob(home.registry.repository("team/web"), BLOB) as chunks:
            assert b"".join(chunks) == CONTENT


@both
def test_only_the_first_request_is_turned_back(tmp_path: Path, scheme: Scheme) -> None:
    with house(tmp_path, scheme) as home, home.client() as client:
        home.log_in("ann")
        push(client, home.registry)
        assert home.registry.requests["HEAD blobs"] == 2  # turned back, absent
        assert home.registry.requests["GET token"] == (1 if scheme == "token" else 0)


def test_tokens_are_counted_apart(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        push(client, home.registry)
        assert client.requests == {"HEAD": 2, "POST": 1, "PUT": 1, "TOKEN": 1}


def test_a_mount_asks_for_both_repositories_in_one_token(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        home.registry.put_blob("team/web", CONTENT)
        source, target = home.registry.repository("team/web"), home.registry.repository("prod/web")
        assert client.push_blob(target, BLOB, Content.of(CONTENT), mount_from=(source,)) == "mounted"
        granted = [set(it) for it in home.registry.logins.granted.values()]
        assert {"team/web", "prod/web"} in granted


def test_a_token_is_replaced_before_it_ends(tmp_path: Path) -> None:
    clock = CountingClock()
    with house(tmp_path, "token") as home, home.client(clock) as client:
        home.log_in("ann")
        for seconds, tokens in [(0, 1), (200, 1), (95, 2), (285, 2), (10, 3)]:
            clock.time += seconds
            tags(client, home.registry)
            assert home.registry.requests["GET token"] == tokens
        assert home.registry.requests["GET tags"] == 6  # one was turned back: the first


def test_a_token_that_ends_early_is_renewed_once_even_within_an_upload(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        tags(client, home.registry)
        home.registry.logins.granted.clear()
        assert tags(client, home.registry) == ()
        challenge = f'Bearer realm="{home.registry.url}/token",service="paasctl registry"'
        home.registry.fault("PUT uploads", status=401, headers={"WWW-Authenticate": challenge})
        assert push(client, home.registry) == "uploaded"


def test_a_401_within_an_upload_is_answered_once_with_basic_too(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.log_in("ann")
        home.registry.fault("PUT uploads", status=401)
        assert push(client, home.registry) == "uploaded"


def test_an_identity_token_is_traded_by_post(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.registry.logins.identity["refresh"] = "ann"
        home.log_in("ann", "", identitytoken="refresh")
        assert tags(client, home.registry) == ()
        assert home.registry.requests["POST token"] == 1
        assert home.registry.requests["GET token"] == 0


def test_a_token_service_without_post_is_asked_by_get(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.registry.logins.oauth = False
        home.log_in("ann", "", identitytoken="secret")  # here it happens to be good as a password
        assert tags(client, home.registry) == ()
        assert (home.registry.requests["POST token"], home.registry.requests["GET token"]) == (1, 1)


@pytest.mark.parametrize("status", [404, 405])
def test_a_token_service_without_get_is_asked_by_post(tmp_path: Path, status: int) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.registry.fault("GET token", status=status)
        home.log_in("ann")
        assert tags(client, home.registry) == ()
        assert (home.registry.requests["POST token"], home.registry.requests["GET token"]) == (1, 1)


def test_who_is_nobody_gets_an_anonymous_token(tmp_path: Path) -> None:
    with house(tmp_path, "token", "") as home, home.client() as client:
        assert tags(client, home.registry) == ()
        assert "Authorization" not in next(it for it in home.registry.log if "/token" in it.path).headers


def test_a_token_service_that_is_busy_is_waited_for(tmp_path: Path) -> None:
    clock = CountingClock()
    with house(tmp_path, "token") as home, home.client(clock) as client:
        home.log_in("ann")
        home.registry.fault("GET token", status=503, headers={"Retry-After": "4"})
        home.registry.fault("GET token", cut=0)
        assert tags(client, home.registry) == ()
        assert clock.pauses[0] == 4.0


NO_TOKENS = [b"", b"[]", b"{}", b'{"token": 7}', b'{"token": "x", "expires_in": "soon"}']


@pytest.mark.parametrize("body", NO_TOKENS)
def test_an_answer_without_a_token_is_an_error(tmp_path: Path, body: bytes) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        home.registry.fault("GET token", status=200, body=body)
        with pytest.raises(Unavailable, match="token"):
            tags(client, home.registry)


def test_a_longer_name_that_the_registry_asks_for_goes_first_into_the_token(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        challenge = f'Bearer realm="{home.registry.url}/token",scope="repository:library/web:pull"'
        home.registry.fault("GET tags", status=401, headers={"WWW-Authenticate": challenge})
        tags(client, home.registry)
        asked = next(it.path for it in home.registry.log if "/token" in it.path)
        assert asked.index("library%2Fweb") < asked.index("team%2Fweb")


def test_threads_that_need_the_same_token_fetch_it_once(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client, ThreadPoolExecutor(8) as pool:
        home.log_in("ann")
        jobs = [pool.submit(tags, client, home.registry) for _ in range(16)]
        assert {it.result() for it in jobs} == {()}
        assert home.registry.requests["GET token"] == 1


# --- refusals ---


@both
def test_p2_nobody_is_told_to_log_in(tmp_path: Path, scheme: Scheme) -> None:
    with house(tmp_path, scheme) as home, home.client() as client:
        with pytest.raises(Forbidden, match=r"team/web.*: anonymous") as caught:
            tags(client, home.registry)
        assert caught.value.hint == f"docker login {home.registry.host}"
        assert home.registry.requests["GET tags"] == {"basic": 2, "token": 1}[scheme]


@both
def test_p2_a_wrong_password_fails_at_once_and_names_its_file(tmp_path: Path, scheme: Scheme) -> None:
    clock = CountingClock()
    with house(tmp_path, scheme) as home, home.client(clock) as client:
        home.log_in("ann", "wrong")
        with pytest.raises(Forbidden, match=f"auths of {home.file}"):
            tags(client, home.registry)
        assert home.registry.requests["GET tags"] <= 2
        assert clock.pauses == []


def test_p2_a_password_that_was_changed_is_read_again(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.log_in("ann")
        tags(client, home.registry)
        home.registry.logins.users["ann"] = "new"
        home.log_in("ann", "new")
        assert tags(client, home.registry) == ()


def test_p2_a_helper_is_named_when_its_answer_is_refused(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        helper = tmp_path / "docker-credential-cloud"
        helper.write_text('#!/bin/sh\necho \'{"Username": "ann", "Secret": "stale"}\'\n')
        helper.chmod(0o755)
        home.write({"credHelpers": {home.registry.host: "cloud"}})
        with pytest.raises(Forbidden, match=f"helper docker-credential-cloud from {home.file}"):
            tags(client, home.registry)


def test_p2_a_login_nobody_here_knows_is_said(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.registry.fault("GET tags", status=401, headers={"WWW-Authenticate": "Negotiate"})
        with pytest.raises(Forbidden, match="it wants negotiate"):
            tags(client, home.registry)


@pytest.mark.parametrize("generous", [True, False])
@both
def test_p4_who_may_pull_but_not_push_is_told_so(tmp_path: Path, scheme: Scheme, generous: bool) -> None:
    clock = CountingClock()
    with house(tmp_path, scheme, "bob") as home, home.client(clock) as client:
        home.registry.logins.generous = generous
        home.log_in("bob")
        with pytest.raises(Forbidden, match=r"may pull from .*team/web, may not push to it") as caught:
            push(client, home.registry)
        assert caught.value.code == "push-forbidden"
        with pytest.raises(Forbidden, match="asking whether") as asked:
            client.check_writable(home.registry.repository("team/web"))
        assert asked.value.code == "push-forbidden"
        assert f"auths of {home.file}" in caught.value.message
        assert clock.pauses == []


def test_p4_who_may_do_nothing_is_told_that(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.log_in("ann")
        home.registry.fault("POST uploads", status=403, times=9)
        home.registry.fault("GET tags", status=403, times=9)
        with pytest.raises(Forbidden, match="may neither pull nor push"):
            push(client, home.registry)
        with pytest.raises(Forbidden, match=r"may not read .*team/web"):
            tags(client, home.registry)


def test_p4_who_may_not_read_where_it_pushes_is_told_just_that(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.log_in("ann")
        home.registry.fault("HEAD blobs", status=403, times=9)
        with pytest.raises(Forbidden, match=r"may not read .*team/web") as caught:
            push(client, home.registry)
        assert caught.value.code == "forbidden"
        assert "push" not in caught.value.message.partition(": ")[2]


def test_p5_a_missing_repository_is_no_matter_of_permission(tmp_path: Path) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        home.registry.rules.creates = False
        with pytest.raises(Unavailable, match=r"the repository .*team/web is missing"):
            push(client, home.registry)


# --- where credentials never go ---


def test_a_redirect_elsewhere_gets_no_credentials(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, Registry() as elsewhere, home.client() as client:
        home.log_in("ann")
        home.registry.put_blob("team/web", CONTENT)
        elsewhere.put_blob("cdn", CONTENT)
        tags(client, home.registry)
        away = f"{elsewhere.url}/v2/cdn/blobs/{BLOB.digest}"
        home.registry.fault("GET blobs", status=307, headers={"Location": away})
        with client.open_blob(home.registry.repository("team/web"), BLOB) as chunks:
            assert b"".join(chunks) == CONTENT
        assert "Authorization" in home.registry.log[-1].headers
        assert ["Authorization" in it.headers for it in elsewhere.log] == [False]


def test_a_redirect_at_home_keeps_them(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.log_in("ann")
        home.registry.put_blob("team/db", CONTENT)
        tags(client, home.registry)
        home.registry.fault("HEAD blobs", status=302, headers={"Location": f"/v2/team/db/blobs/{BLOB.digest}"})
        assert client.has_blob(home.registry.repository("team/web"), BLOB.digest)


def test_redirects_in_circles_end(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.registry.fault("HEAD blobs", times=99, status=307, headers={"Location": f"/v2/a/blobs/{BLOB.digest}"})
        with pytest.raises(Unavailable, match="sent on 5 times"):
            client.has_blob(home.registry.repository("team/web"), BLOB.digest)


def test_a_redirect_to_what_is_not_http_ends_at_once(tmp_path: Path) -> None:
    with house(tmp_path, "basic") as home, home.client() as client:
        home.registry.fault("HEAD blobs", times=99, status=307, headers={"Location": "ftp://elsewhere.example/blob"})
        with pytest.raises(Unavailable, match=r"sends us to ftp://elsewhere\.example/blob"):
            client.has_blob(home.registry.repository("team/web"), BLOB.digest)


REALMS = {
    "a metadata service": ("http://169.254.169.254/token", "link-local"),
    "the same in one number": ("http://2852039166/token", "link-local"),
    "the same inside an IPv6 address": ("http://[::ffff:169.254.169.254]/token", "link-local"),
    "a link-local IPv6 address": ("http://[fe80::1]/token", "link-local"),
    "a file": ("file:///etc/passwd", "not https"),
}


@pytest.mark.parametrize(("realm", "why"), REALMS.values(), ids=REALMS)
def test_a_realm_where_secrets_must_not_go_is_refused(tmp_path: Path, realm: str, why: str) -> None:
    with house(tmp_path, "token") as home, home.client() as client:
        home.log_in("ann")
        home.registry.logins.realm = realm
        with pytest.raises(Forbidden, match=why) as caught:
            push(client, home.registry)
        assert caught.value.code == "realm-refused"
