"""The promotion record: an OCI artifact beside a release record, which is its `subject` (image-spec, *Referrers*).

Its annotations say who promoted the release, from where to where, when and why, so that whatever lists referrers shows
it. It has no content of its own (image-spec, *Guidelines for Artifact Usage*): within one registry not a byte is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from paasctl.model.image import Descriptor, Repository
from paasctl.model.kube import Holder
from paasctl.model.promoting import PROMOTION_TYPE, Gate, LetIn, NotePromotion, Stop
from paasctl.oci.documents.manifest import OCI_MANIFEST, Json, canonical, descriptor_json
from paasctl.oci.documents.squashed import EMPTY_TYPE

CREATED, REVISION, TITLE, VERSION = (
    f"org.opencontainers.image.{it}" for it in ("created", "revision", "title", "version")
)
BY, LINK, FROM, TO, WHY, GATES, PASSED = (
    f"dev.paasctl.promotion.{it}" for it in ("by", "link", "from", "to", "why", "gates", "passed")
)


def promotion_manifest(step: NotePromotion, holder: Holder, seconds: float, empty: Descriptor) -> bytes:
    """The manifest. `seconds` since the epoch: when. `empty`: where nothing lies that every artifact must name."""
    notes = {
        CREATED: datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        REVISION: step.commit,
        TITLE: step.app,
        VERSION: step.version,
        BY: f"{holder.person}@{holder.host}",
        LINK: holder.link,
        FROM: _stop(step.origin),
        TO: _stop(step.goal),
        WHY: step.reason,
        GATES: say_gates(step.gates),
        PASSED: write_passed(step.gates),
    }
    return noted(PROMOTION_TYPE, step.record, notes, empty)


def noted(kind: str, subject: Descriptor, notes: Mapping[str, str], empty: Descriptor) -> bytes:
    """An artifact that is all annotations; those that say nothing are left out."""
    nothing = {"mediaType": EMPTY_TYPE, "digest": empty.digest, "size": empty.size}
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": nothing,
        "layers": [nothing],
        "subject": descriptor_json(subject),
        "annotations": {name: it for name, it in notes.items() if it},
    }
    return canonical(manifest)


def may_be_promotion(referrer: Descriptor) -> bool:
    """Whether it must be read to know. Some registries list no types."""
    return referrer.artifact_type in ("", PROMOTION_TYPE)


def say_gates(gates: Iterable[Gate]) -> str:
    """For people: each with its state and what it saw."""
    return "; ".join(f"{_passed(it)}{it.why}" for it in gates)


def write_passed(gates: Iterable[Gate]) -> str:
    """For programs: `["after dev"]`, what was let pass, open or not; empty: nothing. What people say is no source."""
    passed = [f"{it.name} {it.of}" for it in gates if it.state != "closed"]
    return json.dumps(passed, ensure_ascii=False) if passed else ""


def read_passed(text: str) -> tuple[tuple[str, str], ...]:
    """As (name, of); nothing where it can't be read: what was not let pass is judged again."""
    try:
        found = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return ()
    words = [it.partition(" ") for it in found if isinstance(it, str)] if isinstance(found, list) else []
    return tuple((name, of) for name, _, of in words if of)


def let_in(manifest: Json, repository: Repository) -> LetIn | None:
    """What a referrer of a record says of its being let in here; None: it is no promotion record, or another stop's."""
    if not is_promotion_to(manifest, repository):
        return None
    notes = {str(name): str(it) for name, it in manifest["annotations"].items()}
    return LetIn(by=notes.get(BY, ""), when=notes.get(CREATED, ""), passed=read_passed(notes.get(PASSED, "")))


def is_promotion_to(manifest: Json, repository: Repository, gates: tuple[Gate, ...] = ()) -> bool:
    """Whether a referrer of a record says that it was promoted to here. Earlier stops' travel along, and do not.

    One that does not tell of each gate that is overridden now is another promotion's.
    """
    notes = manifest.get("annotations")
    said, passed = (str(notes.get(it) or "") if isinstance(notes, dict) else "" for it in (TO, GATES))
    if not all(_passed(it) in passed for it in gates if it.state == "overridden"):
        return False
    return manifest.get("artifactType") == PROMOTION_TYPE and said.partition(" ")[0] == str(repository)


def _passed(gate: Gate) -> str:
    return f"{gate.name} {gate.of}: {gate.state}, "


def _stop(stop: Stop) -> str:
    return f"{stop.repository} ({stop.name})"
