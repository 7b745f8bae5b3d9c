"""The words of the simulated API server. Objects are plain JSON; a stored one is never changed in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

Object = dict[str, Any]
"""A Kubernetes object as JSON. Whoever wants to change one that came from the store copies it first."""


class Place(NamedTuple):
    """Where an object lies: versions of a group share it. A cluster-scoped one has namespace ``""``."""

    group: str
    plural: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Resource:
    """One kind as one version of a group serves it."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    """Such as ``status``, ``scale``, ``log``, ``eviction``."""

    @property
    def api_version(self) -> str:
        """As objects say it: ``apps/v1``, ``v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True)
class By:
    """Who writes, and how."""

    manager: str
    operation: Literal["Apply", "Update"] = "Update"
    subresource: str = ""
    force: bool = False
    dry_run: bool = False


class Refusal(Exception):  # noqa: N818 - the API's word for an answer, not a fault of ours
    """What the API server refuses, as its `metav1.Status` says it."""

    def __init__(  # noqa: PLR0913 - the fields of a Status, each by name
        self,
        status: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """`details` as in `metav1.StatusDetails` (name, group, kind, uid, causes, retryAfterSeconds)."""
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = dict(details or {})
        self.headers = dict(headers or {})
        self.warnings = warnings


@dataclass(frozen=True)
class Change:
    """One entry of the change log."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    place: Place
    body: Object
    """As it is now; of a deleted one as it last was, with the resource version of its deletion."""
    before: Object | None = None

    @property
    def version(self) -> int:
        """Its resource version: one counter for the whole cluster."""
        return int(self.body["metadata"]["resourceVersion"])


class Clock(Protocol):
    """The cluster's time: the real one, or one that a test drives."""

    def utc(self) -> float:
        """Seconds since the epoch."""
        ...


class Objects(Protocol):
    """What controllers do to the store: in this process, with the API's meaning. Safe from several threads."""

    def get(self, place: Place) -> Object | None:
        """The object; None: there is none."""
        ...

    def list(
        self, group: str, plural: str, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Object]:
        """All of a kind, in the order of their names; namespace ``""``: everywhere. `labels` must all be equal."""
        ...

    def create(self, place: Place, body: Object, by: By) -> Object:
        """Make it: defaults, uid, version. Raises `Refusal` 409 AlreadyExists, 422 Invalid, 403, 404."""
        ...

    def update(self, place: Place, body: Object, by: By) -> Object:
        """Replace it, or only its status where `by.subresource` says so.

        Raises `Refusal` 409 Conflict where `body` carries another resource version than the stored one.
        """
        ...

    def delete(self, place: Place, *, propagation: str = "Background", uid: str = "", grace: int | None = None) -> None:
        """Delete it, or mark it where finalizers or a grace period hold it. 404 and 409 as the API."""
        ...

    def version(self) -> int:
        """The resource version of the newest change: whoever has read the log up to it has seen everything."""
        ...

    def changes(self, since: int | None = None) -> AbstractContextManager[Iterator[Change | None]]:
        """The change log from there (None: from now) as it grows; blocks. None every second or so: nothing came."""
        ...
