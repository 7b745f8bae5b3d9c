"""A write, as all of this package takes it: to which kind, by whom, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from paasctl.embedded.kube.model import By, Object, Resource
from paasctl.embedded.kube.objects.schema import Schemas, Type


@dataclass(frozen=True)
class Write:
    """`now` is in seconds since the epoch; what is written says it in whole seconds."""

    schemas: Schemas
    resource: Resource
    by: By
    now: float
    validation: str = "Ignore"
    """`fieldValidation`: what becomes of fields that the schema doesn't know. A request's empty one is ``Warn``."""
    twice: tuple[str, ...] = ()
    """Fields that the body gives twice, from `unknown.decoded`."""
    warnings: list[str] = field(default_factory=list)
    """What to answer with as ``Warning`` headers; filled by the write."""

    @cached_property
    def type(self) -> Type:
        """The type tree of the kind. Raises `Refusal` 501 for kinds outside."""
        return self.schemas.type(self.resource)

    @cached_property
    def is_custom(self) -> bool:
        """Whether a CustomResourceDefinition makes the kind."""
        return self.schemas.is_custom(self.resource)

    @cached_property
    def time(self) -> str:
        """`now` as objects say it."""
        return datetime.fromtimestamp(int(self.now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def kind(self) -> tuple[str, str]:
        """Group and plural."""
        return self.resource.group, self.resource.plural


def bare(body: Object) -> Object:
    """The object without its managedFields."""
    metadata = body.get("metadata") or {}
    if "managedFields" not in metadata:
        return body
    return {**body, "metadata": {name: it for name, it in metadata.items() if name != "managedFields"}}


def with_owners(body: Object, entries: list[Object]) -> Object:
    """The object with these managedFields; without any where there are none."""
    kept = bare(body)
    return {**kept, "metadata": {**kept.get("metadata", {}), "managedFields": entries}} if entries else kept
