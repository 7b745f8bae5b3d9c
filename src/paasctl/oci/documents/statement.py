"""Statements beside a release record: that it runs well, that nobody shall deploy it again, that this is taken back.

Or that it was deployed past a gate that was closed.

Artifacts that are all annotations, as promotion records are: whoever promotes the release takes them along.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from paasctl.model.image import Descriptor
from paasctl.model.kube import Holder
from paasctl.model.promoting import STATEMENT_TYPE, Attest, Statement, Word
from paasctl.oci.documents.manifest import Json
from paasctl.oci.documents.promotion import CREATED, VERSION, noted, read_passed, say_gates, write_passed

_WORDS: dict[str, Word] = {it: it for it in get_args(Word)}
_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_LAST = 9999
"""The year after which nobody could say anything newer."""
WORD, BY, LINK, WHY, ENVIRONMENT, GATES, PASSED = (
    f"dev.paasctl.statement{it}" for it in ("", ".by", ".link", ".why", ".environment", ".gates", ".passed")
)


def moment(seconds: float, after: str) -> str:
    """Now, in UTC, to the microsecond; later than `after`, which a faster clock may have written."""
    now = datetime.fromtimestamp(seconds, UTC)
    if after:
        last = datetime.fromisoformat(after)
        now = max(now, last + datetime.resolution) if last < datetime.max.replace(tzinfo=UTC) else last
    return now.strftime(_FORM)


def statement_manifest(step: Attest, holder: Holder, seconds: float, empty: Descriptor) -> bytes:
    """The manifest. `seconds` since the epoch: when, to the microsecond, since the newest word counts.

    `empty`: where nothing lies that every artifact must name.
    """
    notes = {
        CREATED: moment(seconds, step.after),
        VERSION: step.version,
        WORD: step.word,
        ENVIRONMENT: step.environment,
        BY: f"{holder.person}@{holder.host}",
        LINK: holder.link,
        WHY: step.reason,
        GATES: say_gates(step.gates),
        PASSED: write_passed(step.gates),
    }
    return noted(STATEMENT_TYPE, step.record, notes, empty)


def may_be_statement(referrer: Descriptor) -> bool:
    """Whether it must be read to know. Some registries list no types."""
    return referrer.artifact_type in ("", STATEMENT_TYPE)


def statement_of(manifest: Json) -> Statement | None:
    """What it says; None: it is no statement, or one with a word that we do not know, or good news without a date.

    A rejection whose date can't be read is one, and older than every other word.
    """
    notes = manifest.get("annotations")
    if manifest.get("artifactType") != STATEMENT_TYPE or not isinstance(notes, dict):
        return None
    said = {name: str(it) for name, it in notes.items()}
    word = _WORDS.get(said.get(WORD, ""))
    at = _time(said.get(CREATED, ""))
    if word is None or not (at or word == "rejected"):
        return None
    return Statement(
        word=word,
        at=at,
        by=said.get(BY, ""),
        why=said.get(WHY, ""),
        environment=said.get(ENVIRONMENT, ""),
        passed=read_passed(said.get(PASSED, "")),
    )


def _time(text: str) -> str:
    """The same moment as we write it, so that texts sort as times do; empty: it is none, or of no zone."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            return ""
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return found.strftime(_FORM) if 1000 <= found.year < _LAST else ""
