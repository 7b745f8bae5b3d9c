"""Attach a statement to a release record: said once, and heard whoever else speaks at the same time."""

from __future__ import annotations

from contextlib import suppress

from paasctl.errors import Cancelled, TimedOut
from paasctl.model.approving import Approve
from paasctl.model.promoting import Attest
from paasctl.oci.documents.manifest import OCI_MANIFEST
from paasctl.ports.images import CopyTarget
from paasctl.ports.world import World


def attach(step: Approve | Attest, target: CopyTarget, content: bytes, world: World) -> None:
    """Put the statement's manifest, and see that it stays listed. A request to stop ends the looking: it was said."""
    target.put(OCI_MANIFEST, content)
    with suppress(Cancelled, TimedOut):
        world.registry(step.repository.host).settle(step.repository, step.record.digest)
