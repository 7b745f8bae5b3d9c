"""What the server refuses of an object's content: one `Cause` each, in its words."""

from __future__ import annotations

from dataclasses import dataclass

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.write import Write


@dataclass(frozen=True)
class Cause:
    """A field, what is wrong with it (``FieldValueRequired``…), and the sentence."""

    field: str
    reason: str
    message: str

    def said(self) -> Object:
        """As `details.causes` has it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def causes(write: Write, made: Object, live: Object | None) -> list[Cause]:
    """Everything that is wrong with what is about to be stored; `live` is what it replaces."""
    del write, made, live
    return []
