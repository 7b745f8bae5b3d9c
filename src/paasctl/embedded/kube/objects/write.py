"""A write, as all of this package takes it: to which kind, by whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from paasctl.embedded.kube.model import By, Resource
from paasctl.embedded.kube.objects.schema import Schemas, Type


@dataclass(frozen=True)
class Write:
    """`now` is in seconds since the epoch; what is written says it in whole seconds."""

    schemas: Schemas
    resource: Resource
    by: By
    now: float

    @cached_property
    def type(self) -> Type:
        """The type tree of the kind. Raises `Refusal` 501 for kinds outside."""
        return self.schemas.type(self.resource)
