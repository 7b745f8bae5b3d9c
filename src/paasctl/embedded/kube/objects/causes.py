"""What is wrong with an object, cause by cause, in the real server's words (`util/validation/field`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paasctl.embedded.kube.model import Object


@dataclass(frozen=True)
class Cause:
    """A field, what is wrong with it (``FieldValueRequired``…), and the sentence."""

    field: str
    reason: str
    message: str

    def said(self) -> Object:
        """As `details.causes` has it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class Causes(list[Cause]):
    """A list of them that is easily added to."""

    def required(self, field: str, detail: str = "") -> None:
        """It is missing."""
        self.append(Cause(field, "FieldValueRequired", _told("Required value", detail)))

    def forbidden(self, field: str, detail: str) -> None:
        """It must not be there, or not change."""
        self.append(Cause(field, "FieldValueForbidden", _told("Forbidden", detail)))

    def invalid(self, field: str, value: Any, detail: str) -> None:
        """It has a value that doesn't do."""
        self.append(Cause(field, "FieldValueInvalid", _told(f"Invalid value: {shown(value)}", detail)))

    def each_invalid(self, field: str, value: Any, details: Iterable[str]) -> None:
        """The same for everything that is wrong with one value."""
        for detail in details:
            self.invalid(field, value, detail)

    def unsupported(self, field: str, value: Any, known: Sequence[str]) -> None:
        """It is none of these."""
        listed = ", ".join(json.dumps(it) for it in known)
        message = f"Unsupported value: {shown(value)}: supported values: {listed}"
        self.append(Cause(field, "FieldValueNotSupported", message))

    def duplicate(self, field: str, value: Any) -> None:
        """Another one has this value already."""
        self.append(Cause(field, "FieldValueDuplicate", f"Duplicate value: {shown(value)}"))

    def not_found(self, field: str, value: Any) -> None:
        """It names something that isn't there."""
        self.append(Cause(field, "FieldValueNotFound", f"Not found: {shown(value)}"))

    def too_long(self, field: str, most: int) -> None:
        """It has more bytes than that."""
        self.append(Cause(field, "FieldValueTooLong", f"Too long: may not be more than {most} bytes"))

    def not_negative(self, field: str, value: Any) -> None:
        """Add a cause where a number is below zero."""
        if isinstance(value, int) and value < 0:
            self.invalid(field, value, "must be greater than or equal to 0")

    def immutable(self, field: str, value: Any, before: Any) -> None:
        """Add a cause where it isn't what it was."""
        if (value or None) != (before or None):
            self.invalid(field, value, "field is immutable")


def _told(what: str, detail: str) -> str:
    return f"{what}: {detail}" if detail else what


def shown(value: Any) -> str:
    """A value as messages write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
