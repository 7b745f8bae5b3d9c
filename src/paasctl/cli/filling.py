"""A copy of a live cluster on its way into a simulation, and into the folder that keeps it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasctl.embedded.kube.controllers.scripts import Script, read_scripts
from paasctl.embedded.kube.filling import fill, scripts_of
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.store.store import Store
from paasctl.errors import Refused
from paasctl.model.copying import Copy
from paasctl.model.kube import Kind, Served

_OBJECTS, _FILLING, _SCRIPTS = "objects.log", "filling", "copied-scripts.json"


def holds() -> frozenset[Served]:
    """What a simulation can hold."""
    return frozenset(Served(Kind(it.group, it.kind), it.version, it.namespaced) for it in loaded().resources)


def is_begun(state: Path) -> bool:
    """Whether a folder holds a cluster; one that was ended while it was filled does not."""
    return (state / _OBJECTS).exists() and not (state / _FILLING).exists()


@dataclass(frozen=True)
class Filling:
    """`copy` None: nothing comes. `now`: seconds since the epoch."""

    copy: Copy | None
    state: Path | None
    now: float

    def check(self) -> None:
        """Refuse to go on with a folder that was ended while it was filled: what is missing there looks deleted."""
        if self.copy is None and self.state and (self.state / _FILLING).exists():
            raise Refused(
                f"simulating a cluster from {self.state}: it was ended while it was filled, and holds only a part",
                hint="give --from-context again to fill it anew, or remove the folder",
                code="folder-refused",
            )

    def fill(self, store: Store) -> None:
        """Put the copy into the store; a kill on the way leaves a folder that is filled anew."""
        if self.copy is None:
            return
        mark = self.state / _FILLING if self.state else None
        if mark:
            mark.touch(mode=0o600)
        bodies = [dict(it.body) for it in self.copy.objects]
        fill(store, bodies, {(it.group, it.name) for it in self.copy.serves})
        if mark:
            mark.unlink()

    def scripts(self) -> tuple[Script, ...]:
        """How the copied pods go on; a folder remembers it."""
        kept = self.state / _SCRIPTS if self.state else None
        if self.copy is None:
            return _remembered(kept) if kept and kept.exists() else ()
        found = scripts_of((dict(it.body) for it in self.copy.objects), self.now)
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept.write_text(json.dumps([_said(it) for it in found]))
        return found


def _remembered(kept: Path) -> tuple[Script, ...]:
    try:
        return read_scripts(json.loads(kept.read_text()))
    except (ValueError, TypeError) as error:
        hint = f"rm {shlex.quote(str(kept))}   (pods that are ill get well then)"
        raise Refused(f"reading {kept}: it is not as it was: {error}", hint=hint, code="folder-refused") from error


def _said(script: Script) -> Mapping[str, Any]:
    return {"match": dict(script.match), **script.does}
