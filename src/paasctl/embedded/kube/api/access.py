"""Who asks, and what they may: tokens of users, and rules that can be set while it runs."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from paasctl.embedded.kube.model import Refusal

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class User:
    """Somebody with a token."""

    name: str
    groups: tuple[str, ...] = ("system:authenticated",)
    uid: str = ""


@dataclass(frozen=True)
class Rule:
    """What is allowed or denied: patterns with * for verb, group/resource[/subresource] and namespace."""

    allows: bool
    verb: str = "*"
    resource: str = "*"
    """``pods``, ``deployments.apps``, ``pods/log``, ``*``."""
    namespace: str = "*"
    user: str = "*"


@dataclass(frozen=True)
class Asked:
    """One right that is asked for."""

    verb: str
    group: str
    resource: str
    """The plural, with ``/subresource``."""
    namespace: str = ""
    name: str = ""

    @property
    def named(self) -> str:
        """As `Rule.resource` names it."""
        plural, slash, sub = self.resource.partition("/")
        return f"{plural}.{self.group}{slash}{sub}" if self.group else self.resource


@dataclass
class Access:
    """Tokens and rules. Everybody who is known may do everything that no rule denies; the last rule that fits wins."""

    tokens: dict[str, User] = field(default_factory=dict)
    """Empty: everybody is welcome, as ``system:anonymous``."""
    rules: list[Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def user(self, headers: Mapping[str, str]) -> User:
        """Whoever sends these headers. Raises 401."""
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if not self.tokens:
            return User("system:anonymous", ("system:unauthenticated",))
        if kind.lower() == "bearer":
            for token, user in list(self.tokens.items()):
                if hmac.compare_digest(token.encode(), secret.strip().encode()):
                    return user
        raise unauthorized()

    def let(self, *rules: Rule) -> None:
        """More rules, which win over earlier ones."""
        with self._lock:
            self.rules.extend(rules)

    def allows(self, user: User, asked: Asked) -> bool:
        """Whether that user may do that."""
        for rule in reversed(self.rules):
            fits = (
                fnmatchcase(asked.verb, rule.verb)
                and fnmatchcase(asked.named, rule.resource)
                and fnmatchcase(asked.namespace, rule.namespace)
                and fnmatchcase(user.name, rule.user)
            )
            if fits:
                return rule.allows
        return True

    def check(self, user: User, asked: Asked) -> None:
        """Raise 403 in the words of the RBAC authorizer."""
        if not self.allows(user, asked):
            raise forbidden(user, asked)


def verb_of(method: str, *, collection: bool, watch: bool) -> str:
    """The verb that rights are about."""
    if watch:
        return "watch"
    if collection:
        return {"GET": "list", "HEAD": "list", "DELETE": "deletecollection"}.get(method, _VERBS.get(method, "get"))
    return _VERBS.get(method, "get")


def unauthorized() -> Refusal:
    """401."""
    return Refusal(401, "Unauthorized", "Unauthorized")


def forbidden(user: User, asked: Asked) -> Refusal:
    """403."""
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    plural = asked.resource.partition("/")[0]
    kind = f"{plural}.{asked.group}" if asked.group else plural
    subject = f'{kind} "{asked.name}" is forbidden' if asked.name else f"{kind} is forbidden"
    cannot = f'User "{user.name}" cannot {asked.verb} resource "{asked.resource}" in API group "{asked.group}" {where}'
    details = {name: it for name, it in {"name": asked.name, "group": asked.group, "kind": plural}.items() if it}
    return Refusal(403, "Forbidden", f"{subject}: {cannot}", details=details)
