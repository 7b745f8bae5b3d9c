"""Faults that only an API server can have."""

from __future__ import annotations

from paasctl.embedded.http.faults import Fault
from paasctl.embedded.kube.api.access import Asked, User, forbidden, unauthorized
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import Refusal
from paasctl.embedded.kube.store.store import Store

_MARK = "sim.paasctl.dev/touched"


def refusal_of(fault: Fault, user: User, asked: Asked | None) -> Refusal | None:
    """What is answered; `asked` None: the request is about no object. None: the fault is of another kind."""
    match fault.word:
        case "expire":
            return unauthorized()
        case "forbid":
            if asked and not fault.body:
                return forbidden(user, asked)
            return Refusal(403, "Forbidden", fault.body or "forbidden on purpose")
        case "deny":
            why = fault.body or "denied on purpose"
            message = f'admission webhook "fault.sim.paasctl.dev" denied the request: {why}'
            return Refusal(403, "Forbidden", message)
        case "gone":
            return Refusal(
                410, "Expired", "The provided continue parameter is too old to display a consistent list result."
            )
        case _:
            return None


def broken_in(store: Store, found: Target, fault: Fault) -> None:
    """``race``: somebody else changes the object in the moment before the request gets to it."""
    if fault.word != "race" or not found.name:
        return
    with store.shelf.lock:
        live = store.get(found.place)
        if live is None:
            return
        metadata = live["metadata"]
        version = metadata["resourceVersion"]
        marked = {**metadata, "annotations": {**(metadata.get("annotations") or {}), _MARK: version}}
        store.shelf.put(found.place, {**live, "metadata": marked})
