"""Approvals of the release on its way (`support.promoting`): environments that want some, and people who give them."""

from __future__ import annotations

import subprocess
from typing import Any

from paasctl.errors import Exit
from paasctl.model.approving import NAMESPACE
from paasctl.model.image import Descriptor
from paasctl.model.location import InRegistry
from paasctl.oci.documents.approval import SIGNATURE_TYPE, STATEMENT_TYPE
from paasctl.oci.documents.manifest import OCI_MANIFEST, canonical, descriptor_json
from paasctl.oci.documents.squashed import EMPTY, EMPTY_TYPE
from paasctl.verbs.approvals.approve import ApproveTyped, GiveApproval
from support.conducted import go
from support.promoting import VERSION, Stops, outcome
from support.sshkeys import approvers, key_name, write_key

PEOPLE = ("anna", "bob", "carla")


def wants(stops: Stops, rules: str = "2", people: str = approvers(*PEOPLE), environment: str = "production") -> None:
    """An environment of the second stop that wants approvals."""
    paas = stops.world.project / "paas.yaml"
    gated = f"environments: {{{environment}: {{cluster: testbed, registry: rc, approvals: {rules}}}, "
    text = paas.read_text().replace("environments: {", gated)
    paas.write_text(text if "approvers:" in text else text + people)


def approve(stops: Stops, person: str = "anna", **typed: Any) -> tuple[Exit, list[Any]]:
    """Another run, a second later."""
    stops.seconds += 1
    world = stops.world.afresh()
    world.clock.time = stops.seconds
    dry_run = typed.pop("dry_run", False)
    write_key(stops.world.project, person)
    key = key_name(person)
    asked = ApproveTyped(**{"version": VERSION, "to": "production", "key": key, **typed})
    try:
        return go(GiveApproval(asked=asked), world, dry_run=dry_run)
    finally:
        for it in world.clients.values():
            it.close()


def refusal(stops: Stops, **typed: Any) -> str:
    """Why a promotion is refused."""
    stops.forget()
    status, events = stops.promote(to="production", **typed)
    (problem,) = outcome(events).problems
    assert (status, problem.code, stops.there.writes) == (Exit.REFUSED, "gate-closed", 0)
    (told,) = problem.evidence
    return str(told)


def statement(record: str, **more: Any) -> dict[str, Any]:
    """What anna would sign; `more` of its predicate is as it is given."""
    said = {"verdict": "approved", "environments": ["production"], "by": "anna", "at": "2023-11-14T22:13:20.000000Z"}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": VERSION, "digest": {"sha256": record.removeprefix("sha256:")}}],
        "predicateType": "https://paasctl.dev/approval/v1",
        "predicate": {**said, **more},
    }


def signed(stops: Stops, content: bytes, person: str = "anna", namespace: str = NAMESPACE) -> bytes:
    """A real signature."""
    key = write_key(stops.world.project, person)
    argv = ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", key]
    return subprocess.run(argv, input=content, capture_output=True, check=True).stdout


def attach(stops: Stops, content: bytes, *signatures: bytes, record: str = "") -> None:
    """An approval made by hand, beside the record, or beside another."""
    world = stops.world.afresh()
    subject = record or stops.digest(path="shop")
    media_type, held = stops.here.manifests["shop"][subject]
    target = world.target(InRegistry(stops.here.repository("shop").tagged(VERSION)))
    empty = target.put_blob(EMPTY_TYPE, EMPTY)
    blobs = [target.put_blob(STATEMENT_TYPE, content), *(target.put_blob(SIGNATURE_TYPE, it) for it in signatures)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/vnd.paasctl.approval.v1+json",
        "config": descriptor_json(empty),
        "layers": [descriptor_json(it) for it in blobs],
        "subject": descriptor_json(Descriptor(media_type, subject, len(held))),
        "annotations": {"dev.paasctl.approval.by": "anna", "dev.paasctl.approval": "approved"},
    }
    target.put(OCI_MANIFEST, canonical(manifest))
    for it in world.clients.values():
        it.close()
