"""What went wrong, as data."""

from __future__ import annotations

from paasctl.errors import PaasError
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, as data."""

    code: str
    message: str
    hint: str = ""
    where: str = ""
    evidence: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: PaasError) -> Problem:
        """The same, from an error."""
        return cls(code=error.code, message=error.message, hint=error.hint, where=error.where, evidence=error.evidence)
