"""The `Authorization` of a request: Basic, or a bearer token (distribution's token spec), cached by what it allows."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from paasctl.adapters.registry.answers import check_json, said
from paasctl.adapters.registry.challenges import Challenge, choose, parse_challenges
from paasctl.adapters.registry.credentials import Credential, Credentials
from paasctl.adapters.registry.names import Access, address, with_query
from paasctl.adapters.registry.retry import Attempts, Broken, Gate, Patience, is_passing, status_fault
from paasctl.adapters.registry.wire import Answer, Body, Call, Wire
from paasctl.errors import Forbidden, Unavailable
from paasctl.values import dataclass

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LIFETIME = 60.0  # seconds, where the answer doesn't say (distribution, token spec)
_EARLY = 10.0  # seconds before its end that a token is replaced, at most a quarter of its life


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the monotonic second it should be replaced at."""

    text: str
    until: float


class Tokens:
    """What opens one registry's doors. Safe to use from several threads: one of them asks, the others wait."""

    def __init__(self, base: str, wire: Wire, credentials: Credentials, gate: Gate, patience: Patience) -> None:
        self._base = base
        self._wire = wire
        self._credentials = credentials
        self._gate = gate
        self._patience = patience
        self._lock = threading.RLock()
        self._challenge: Challenge | None = None
        self._known: dict[str, Credential] = {}
        self._tokens: dict[tuple[str, str, frozenset[str]], Token] = {}
        self._demanded: dict[Access, tuple[str, ...]] = {}

    def source(self, path: str) -> str:
        """Where the credentials for a repository come from, for messages."""
        return self._credential(path).source

    def header(self, access: Access) -> str:
        """The `Authorization` for it; empty as long as the registry hasn't asked for one."""
        with self._lock:
            if self._challenge is None:
                return ""
            credential = self._credential(access.path)
            if self._challenge.scheme == "basic":
                return credential.basic
            return f"Bearer {self._token(self._challenge, access, credential)}"

    def renew(self, answer: Answer, access: Access, used: str) -> str:
        """After a 401: what to try once more. Whatever was cached is forgotten, unless somebody already renewed it."""
        with self._lock:
            offered = parse_challenges(answer.headers.getlist("WWW-Authenticate"))
            self._challenge = choose(offered) or self._challenge
            if self._challenge is None:
                schemes = ", ".join(it.scheme for it in offered) or "nothing"
                raise Forbidden(f"logging in to {self._base}: it wants {schemes}; only Basic and Bearer are known here")
            if used and (now := self.header(access)) != used:
                return now
            if used:
                self._known.clear()
                self._tokens.clear()
            self._demanded[access] = _missing(self._challenge.parameters.get("scope", ""), access)
            return self.header(access)

    def _credential(self, path: str) -> Credential:
        with self._lock:
            if path not in self._known:
                self._known[path] = self._credentials.find(path)
            return self._known[path]

    def _token(self, challenge: Challenge, access: Access, credential: Credential) -> str:
        scopes = (*self._demanded.get(access, ()), *access.scopes)  # some look only at the first: the missing one
        realm, service = challenge.parameters["realm"], challenge.parameters.get("service", "")
        key = (realm, service, frozenset((*scopes, credential.source)))
        known = self._tokens.get(key)
        if known is None or known.until <= self._gate.clock.now():
            self._check_realm(realm)
            known = self._tokens[key] = self._fetch(_Wish(realm, service, scopes, access), credential)
        return known.text

    def _fetch(self, wish: _Wish, credential: Credential) -> Token:
        asked = self._gate.clock.now()
        ways = [lambda: self._persist(wish.get(), credential.basic)]
        if credential.user:  # an identity token is traded by POST; a password rarely only so
            ways.insert(0 if credential.identity else 1, lambda: self._persist(wish.post(credential)))
        answer = ways[0]()
        if answer.status in (404, 405) and ways[1:]:  # not every token server knows both
            answer = ways[1]()
        if answer.status in (400, 401, 403):
            raise Forbidden(
                f"{wish.doing}: {credential.source}: refused ({said(answer)})", hint=f"docker login {self._host}"
            )
        if answer.status != 200:
            raise Unavailable(f"{wish.doing}: {said(answer)}")
        return _read(answer, wish.doing, asked)

    def _persist(self, call: Call, authorization: str = "") -> Answer:
        attempts = Attempts(call.doing, self._gate, self._patience)
        while True:
            attempts.enter()
            try:
                answer = self._wire.send(call, call.url, authorization, counts_as="TOKEN")
            except Broken as broken:
                attempts.failed(broken.fault)
                continue
            if not is_passing(answer.status):
                return answer
            attempts.failed(status_fault(answer.status, answer.headers, self._gate.clock.utc()))

    @property
    def _host(self) -> str:
        return urlsplit(self._base).netloc

    def _check_realm(self, realm: str) -> None:
        """A registry names the realm, so it must not make us show secrets in clear or to a metadata service."""
        parts = urlsplit(realm)
        doing = f"logging in to {self._base}"
        if parts.scheme != "https" and not (parts.scheme == "http" and self._base.startswith("http:")):
            raise Forbidden(f"{doing}: it sends us for a token to {realm}, which is not https", code="realm-refused")
        if any(_is_link_local(it) for it in _addresses(parts.hostname or "")):
            raise Forbidden(f"{doing}: it sends us for a token to the link-local {realm}", code="realm-refused")


@dataclass(frozen=True, slots=True)
class _Wish:
    """A token to ask for."""

    realm: str
    service: str
    scopes: Sequence[str]
    access: Access

    @property
    def doing(self) -> str:
        return f"getting a token for {self.scopes[0]} from {urlsplit(self.realm).netloc}"

    def get(self) -> Call:
        query = [("service", self.service)] if self.service else []
        query += [("scope", scope) for scope in self.scopes]
        url = with_query(self.realm, urlencode(query))
        return Call(method="GET", url=url, doing=self.doing, access=self.access)

    def post(self, credential: Credential) -> Call:
        secret = credential.secret.reveal()
        password = {"grant_type": "password", "username": credential.user, "password": secret}
        token = {"grant_type": "refresh_token", "refresh_token": secret}
        form = {
            **(token if credential.identity else password),
            "service": self.service,
            "client_id": "paasctl",
            "scope": " ".join(self.scopes),
        }
        body = Body.of(urlencode(form).encode())
        return Call(method="POST", url=self.realm, doing=self.doing, access=self.access, headers=_FORM, body=body)


def _read(answer: Answer, doing: str, asked: float) -> Token:
    check_json(answer, doing)
    try:
        found: Any = json.loads(answer.body)
        text = found.get("token") or found.get("access_token")
        lifetime = float(found.get("expires_in") or _LIFETIME)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Unavailable(f"{doing}: the answer is not a token") from error
    if not isinstance(text, str) or not text:
        raise Unavailable(f"{doing}: the answer holds no token")
    return Token(text, asked + lifetime - min(_EARLY, lifetime / 4))


def _missing(demanded: str, access: Access) -> tuple[str, ...]:
    """Scopes the registry names that ours don't cover, as when it knows the repository by a longer name."""
    ours = {scope.rpartition(":")[0]: set(scope.rpartition(":")[2].split(",")) for scope in access.scopes}
    found = [(scope, *scope.rpartition(":")[::2]) for scope in demanded.split()]
    return tuple(scope for scope, name, actions in found if not set(actions.split(",")) <= ours.get(name, set()))


def _addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:  # behind a proxy names may be unknown here; then the proxy guards its own neighbours
        return {host}


def _is_link_local(text: str) -> bool:
    found = address(text.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return found is not None and (mapped or found).is_link_local
