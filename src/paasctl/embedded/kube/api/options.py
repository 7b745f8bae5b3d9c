"""The options of a writing request, out of its query and, of a deletion, its body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import By, Refusal
from paasctl.embedded.kube.objects.unknown import decoded
from paasctl.embedded.kube.objects.write import Write
from paasctl.embedded.kube.store.store import Store

_LONGEST_MANAGER = 128
_KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}


@dataclass(frozen=True)
class Sent:
    """What a writing request carries."""

    method: str
    query: Mapping[str, str]
    body: bytes
    media: str
    """The content type, without parameters."""
    agent: str
    """The User-Agent: who writes where no `fieldManager` is given."""


def write_of(store: Store, target: Target, sent: Sent, twice: tuple[str, ...], *, applies: bool = False) -> Write:
    """The write that a request asks for. Raises 422 for options that it doesn't understand."""
    query = sent.query
    _check(sent, applies=applies)
    manager = query.get("fieldManager", "") or ("" if applies else sent.agent.partition("/")[0][:_LONGEST_MANAGER])
    by = By(
        manager,
        "Apply" if applies else "Update",
        subresource=target.subresource,
        force=query.get("force") == "true",
        dry_run=query.get("dryRun") == "All",
    )
    made = store.write(target.place, by, target.resource, query.get("fieldValidation", "") or "Warn")
    return Write(made.schemas, made.resource, by, made.now, made.validation, twice) if twice else made


def _check(sent: Sent, *, applies: bool) -> None:
    query, manager = sent.query, sent.query.get("fieldManager", "")
    if query.get("dryRun", "") not in ("", "All"):
        raise _unsupported(sent, "dryRun", json.dumps([query["dryRun"]]), ["All"])
    if (said := query.get("fieldValidation", "")) not in ("", "Ignore", "Strict", "Warn"):
        raise _unsupported(sent, "fieldValidation", json.dumps(said), ["", "Ignore", "Strict", "Warn"])
    if applies and not manager:
        raise invalid(sent, "fieldManager", "FieldValueRequired", "Required value: is required for apply patch")
    if len(manager) > _LONGEST_MANAGER:
        said = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
        raise invalid(sent, "fieldManager", "FieldValueTooLong", said)
    if query.get("force") and not applies:
        said = "Forbidden: may not be specified for non-apply patch"
        raise invalid(sent, "force", "FieldValueForbidden", said)


def _unsupported(sent: Sent, field: str, value: str, known: list[str]) -> Refusal:
    listed = ", ".join(json.dumps(it) for it in known)
    said = f"Unsupported value: {value}: supported values: {listed}"
    return invalid(sent, field, "FieldValueNotSupported", said)


def invalid(sent: Sent, field: str, reason: str, message: str) -> Refusal:
    """422 of an option."""
    kind = _KINDS[sent.method]
    causes = [{"reason": reason, "message": message, "field": field}]
    details = {"group": "meta.k8s.io", "kind": kind, "causes": causes}
    return Refusal(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {field}: {message}', details=details)


def deletion(sent: Sent) -> dict[str, Any]:
    """How to delete, as `Store.end` takes it; an empty `propagation` where nothing is said. Raises 400, 422."""
    body: Mapping[str, Any] = {}
    if sent.body:
        found = decoded(sent.body).body
        body = found if isinstance(found, dict) else {}
    preconditions = body.get("preconditions") or {}
    grace = body.get("gracePeriodSeconds", sent.query.get("gracePeriodSeconds"))
    _check_deletion(body, preconditions, grace)
    return {
        "propagation": _propagation(sent, body),
        "uid": preconditions.get("uid", ""),
        "version": preconditions.get("resourceVersion", ""),
        "grace": None if grace is None else int(grace),
        "dry_run": "All" in (body.get("dryRun") or ()) or sent.query.get("dryRun") == "All",
    }


def is_whole(said: str) -> bool:
    """Whether it is a number that fits where numbers are kept."""
    return said.isdecimal() and len(said) <= 18


def _check_deletion(body: Mapping[str, Any], preconditions: Any, grace: Any) -> None:
    """Refuse with 400 what Go can't read into DeleteOptions."""
    texts = isinstance(preconditions, dict) and all(isinstance(it, str) for it in preconditions.values())
    number = (
        grace is None or (isinstance(grace, int) and abs(grace) < 1 << 63) or is_whole(str(grace).removeprefix("-"))
    )
    dry_run = isinstance(body.get("dryRun") or [], list)
    if not (texts and number and dry_run and isinstance(body.get("propagationPolicy") or "", str)):
        raise Refusal(400, "BadRequest", "cannot unmarshal the body into Go value of type v1.DeleteOptions")


def _propagation(sent: Sent, body: Mapping[str, Any]) -> str:
    asked = body.get("orphanDependents", sent.query.get("orphanDependents"))
    said = body.get("propagationPolicy") or sent.query.get("propagationPolicy") or ""
    if said and asked is not None:
        why = f"Invalid value: {json.dumps(said)}: orphanDependents and deletionPropagation cannot be both set"
        raise invalid(sent, "propagationPolicy", "FieldValueInvalid", why)
    if said not in ("", "Background", "Foreground", "Orphan"):
        raise _unsupported(sent, "propagationPolicy", json.dumps(said), ["Foreground", "Background", "Orphan", "nil"])
    return "Orphan" if asked in (True, "true") else str(said)
