"""Deleting manifests (distribution-spec, *Content Management*): by digest only: few delete a tag alone.

A digest takes its tags along. What it was made of stays until the registry collects its garbage.
"""

from __future__ import annotations

from paasctl.adapters.registry.answers import said
from paasctl.adapters.registry.manifests import manifest_call
from paasctl.adapters.registry.names import Access
from paasctl.adapters.registry.session import Session
from paasctl.errors import Refused
from paasctl.model.image import Pinned, Repository

_NOTHING = f"sha256:{'0' * 64}"
"""The digest of no content that anybody knows."""
_UNSUPPORTED = (405, 501)


def delete(session: Session, pinned: Pinned) -> bool:
    """Have it gone; False: it was already. A retry after an answer that was lost finds it gone, too."""
    call = manifest_call("DELETE", pinned, Access.delete(pinned.repository.path), doing=f"deleting {pinned}")
    answer = session.ask(call, 200, 202, 204, 404, *_UNSUPPORTED)
    if answer.status in _UNSUPPORTED:
        raise Refused(
            f"deleting in {pinned.repository}: this registry deletes nothing ({said(answer)})",
            hint="of docker-registry: REGISTRY_STORAGE_DELETE_ENABLED=true; of others see their own retention rules",
            code="deletes-unsupported",
        )
    return answer.status != 404


def check(session: Session, repository: Repository) -> None:
    """Raise what deleting there would raise now."""
    delete(session, repository.pinned(_NOTHING))
