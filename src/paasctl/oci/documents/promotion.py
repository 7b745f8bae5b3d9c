"""The promotion record: an OCI artifact beside a release record, which is its `subject` (image-spec, *Referrers*).

Its annotations say who promoted the release, from where to where, when and why, so that whatever lists referrers shows
it. It has no content of its own (image-spec, *Guidelines for Artifact Usage*): within one registry not a byte is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from paasctl.model.image import Descriptor, Repository
from paasctl.model.kube import Holder
from paasctl.model.promoting import PROMOTION_TYPE, Gate, NotePromotion, Stop
from paasctl.oci.documents.manifest import OCI_MANIFEST, Json, canonical, descriptor_json
from paasctl.oci.documents.squashed import EMPTY_TYPE

CREATED, REVISION, TITLE, VERSION = (
    f"org.opencontainers.image.{it}" for it in ("created", "revision", "title", "version")
)
BY, LINK, FROM, TO, WHY, GATES = (f"dev.paasctl.promotion.{it}" for it in ("by", "link", "from", "to", "why", "gates"))


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
        GATES: "; ".join(f"{_passed(it)}{it.why}" for it in step.gates),
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
