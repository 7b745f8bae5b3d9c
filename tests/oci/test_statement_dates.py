"""When something was said of a release: one moment is one text, and what nobody can date opens nothing."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.model.promoting import STATEMENT_TYPE
from paasctl.oci.documents.promotion import CREATED
from paasctl.oci.documents.statement import WORD, statement_of

_NOON = "2026-11-30T12:00:00.000000Z"


def _said(word: str, at: Any) -> str | None:
    notes = {WORD: word, **({} if at is None else {CREATED: at})}
    found = statement_of({"artifactType": STATEMENT_TYPE, "annotations": notes})
    return found.at if found else None


@pytest.mark.parametrize("text", [_NOON, "2026-11-30T12:00:00Z", "2026-11-30T13:00:00+01:00", "2026-11-30T12:00:00.0Z"])
def test_a_moment_is_one_text_however_it_was_written(text: str) -> None:
    assert _said("healthy", text) == _NOON


@pytest.mark.parametrize(
    "text",
    [None, "", "never", "2026-11-30", "2026-11-30T12:00:00", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00"],
)
def test_what_nobody_can_date_opens_nothing_and_still_rejects(text: Any) -> None:
    assert _said("healthy", text) is None
    assert _said("accepted", text) is None
    assert _said("rejected", text) == ""
