"""Who asks: nobody in particular, somebody with a password, or with a token that a password bought."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

from paasctl.embedded.http.message import Request, Response, whole

_REALM = 'realm="paasctl registry"'
_LARGEST = 1 << 16
_EVERYTHING = ("pull", "push", "delete")
"""What `*` asks for in a scope: skopeo does before it deletes."""


_DEMANDED = {"pull": "pull", "push": "pull,push", "delete": "delete"}
"""What a challenge asks for, in distribution's words."""


class RefusedError(Exception):
    """The request is answered with this status and code."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        """`code` as the distribution spec names errors."""
        super().__init__(code)
        self.status, self.code, self.headers = status, code, dict(headers or {})


@dataclass
class Logins:
    """How one gets in. Without users everybody may do everything."""

    how: Literal["", "basic", "token"] = ""
    users: dict[str, str] = field(default_factory=dict)
    """Name -> password."""
    pull_only: set[str] = field(default_factory=set)
    """Users who may pull but not push; `""` is the anonymous one, who may else do nothing."""
    oauth: bool = True
    """False: the token service knows no POST."""
    realm: str = ""
    """Where tokens come from; empty: from this registry itself."""
    identity: dict[str, str] = field(default_factory=dict)
    """Refresh token -> user."""
    expires_in: int = 300
    generous: bool = True
    """False: the token service refuses what it can't grant, instead of granting less."""
    granted: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """Token -> repository -> actions."""

    def admit(self, request: Request, repository: str, source: str, url: str) -> None:
        """Let it pass, or raise 401 with a challenge, or 403. `source` is what a mount reads."""
        action = _action(request)
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if self.how == "basic":
            user = self._user(kind, secret)
            if not user and not self._grants("", action):
                raise RefusedError(401, "UNAUTHORIZED", {"WWW-Authenticate": f"Basic {_REALM}"})
            if not self._grants(user, action):
                raise RefusedError(403, "DENIED")
        elif self.how == "token":
            self._check_token(secret if kind.lower() == "bearer" else "", repository, source, (action, url))

    def _check_token(self, token: str, repository: str, source: str, wanted: tuple[str, str]) -> None:
        action, url = wanted
        rights = self.granted.get(token)
        if rights is not None and not repository:
            return
        allowed = (rights or {}).get(repository, set())
        readable = not source or "pull" in (rights or {}).get(source, set())
        if action in allowed and readable:
            return
        realm = self.realm or f"{url}/token"
        challenge = f'Bearer realm="{realm}",service="paasctl registry"'
        if repository:
            challenge += f',scope="repository:{repository}:{_DEMANDED[action]}"'
        raise RefusedError(401, "UNAUTHORIZED", {"WWW-Authenticate": challenge})

    def _user(self, kind: str, secret: str) -> str:
        if kind.lower() != "basic":
            return ""
        try:
            name, _, password = base64.b64decode(secret).decode().partition(":")
        except ValueError:
            return ""
        known = self.users.get(name)
        return name if known is not None and hmac.compare_digest(known.encode(), password.encode()) else ""

    def _grants(self, user: str, action: str) -> bool:
        return action == "pull" if user in self.pull_only else bool(user)

    def token(self, request: Request) -> Response:
        """The token service: GET with a password, POST with a refresh token (OAuth 2) or a password."""
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        scopes = [value for name, value in request.pairs if name == "scope"]
        if request.method == "POST":
            if not self.oauth:
                raise RefusedError(404, "UNSUPPORTED")
            kind, user, scopes = self._by_form(
                parse_qs((whole(request.body, _LARGEST) or b"").decode(errors="replace"))
            )
        else:
            user = self._user(kind, secret)
        if not user and (kind or not self._grants("", "pull")):
            raise RefusedError(401, "UNAUTHORIZED")
        rights = self._rights(user, scopes)
        token = secrets.token_hex(16)
        self.granted[token] = rights
        names = ("access_token",) if kind == "identity" else ("token", "access_token")
        body = {**dict.fromkeys(names, token), "expires_in": self.expires_in}
        return Response(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _by_form(self, form: Mapping[str, list[str]]) -> tuple[str, str, list[str]]:
        def said(name: str) -> str:
            return form.get(name, [""])[-1]

        scopes = said("scope").split()
        if said("grant_type") == "password":
            known = self.users.get(said("username"))
            is_good = known is not None and hmac.compare_digest(known.encode(), said("password").encode())
            return "password", said("username") if is_good else "", scopes
        return "identity", self.identity.get(said("refresh_token"), ""), scopes

    def _rights(self, user: str, scopes: Collection[str]) -> dict[str, set[str]]:
        rights: dict[str, set[str]] = {}
        for scope in scopes:
            head, _, actions = scope.rpartition(":")
            repository = head.partition(":")[2]
            asked = set(_EVERYTHING if actions == "*" else actions.split(","))
            rights[repository] = {it for it in asked if self._grants(user, it)}
            if not self.generous and rights[repository] != asked:
                raise RefusedError(403, "DENIED")
        return rights


def _action(request: Request) -> str:
    """What a request needs to be allowed, as distribution has it: an upload that is ended is part of pushing."""
    if "/uploads/" in request.path:
        return "push"
    return {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "push")
