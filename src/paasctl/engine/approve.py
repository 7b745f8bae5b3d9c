"""Executor of an approval: say it, sign it, attach it to the release record."""

from __future__ import annotations

from paasctl.engine.saying import attach
from paasctl.errors import StalePlan
from paasctl.model.approving import Approve
from paasctl.model.location import InRegistry
from paasctl.oci.documents.approval import (
    SIGNATURE_TYPE,
    STATEMENT_TYPE,
    Signed,
    approval_manifest,
    approval_statement,
    signer_of,
)
from paasctl.oci.documents.squashed import EMPTY, EMPTY_TYPE
from paasctl.oci.documents.statement import moment
from paasctl.ports.world import World


def approve(step: Approve, world: World) -> None:
    """Signed before anything is written: a key that can't sign changes nothing."""
    at = moment(world.clock.utc(), step.after)
    statement = approval_statement(step, at)
    signature = world.ssh.sign(statement, step.key)
    signer = signer_of(signature).fingerprint
    if signer != step.key.fingerprint:
        raise StalePlan(
            f"approving {step.version}: {step.key.key} is {signer} now, and was {step.key.fingerprint} of {step.by}",
            hint="run the command again",
        )
    target = world.target(InRegistry(step.repository.tagged(step.tag)))
    parts = Signed(target.put_blob(STATEMENT_TYPE, statement), target.put_blob(SIGNATURE_TYPE, signature))
    empty = target.put_blob(EMPTY_TYPE, EMPTY)
    attach(step, target, approval_manifest(step, at, parts, empty), world)
