"""Freezes: a ConfigMap per target in its namespace, which says the last word and who said it (decision 7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from paasctl.adapters.kube.history import CONFIG_MAPS
from paasctl.adapters.kube.objects import Objects
from paasctl.adapters.kube.request import Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Unavailable
from paasctl.model.freeze import Freeze
from paasctl.model.kube import MANAGER, Live, Target
from paasctl.values import dataclass

FREEZE_LABEL = "paasctl.dev/freeze"
"""Its own label: what `owned` finds could be pruned."""
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Freezes:
    """Reads and writes over `wire`."""

    wire: Wire
    objects: Objects

    def read(self, target: Target) -> Freeze | None:
        """The last word; None: nobody said anything. What can't be read is a freeze: it may well be one."""
        live = self._live(target)
        return None if live is None else _said(live)

    def write(self, target: Target, freeze: Freeze) -> None:
        """Say it, without preconditions: the last one to do so is heard."""
        name = f"paasctl-{target.app}-freeze"
        for _ in range(_TRIES):
            live = self._live(target)
            path = CONFIG_MAPS.path(target.namespace, live.key.name if live else "")
            request = Request(
                method="PUT" if live else "POST",
                path=path,
                resource="configmaps",
                doing=f"{'lifting the freeze of' if freeze.lifted else 'freezing'} {target}",
            )
            body = _body(target, name, freeze, live)
            if self.wire.send(replace(request, body=body, handles=frozenset({404, 409}))).is_good:
                return
        raise Unavailable(f"freezing {target}: its ConfigMap {name} keeps changing", hint="run the command again")

    def _live(self, target: Target) -> Live | None:
        found = self.objects.all_of(CONFIG_MAPS, target.namespace, f"{FREEZE_LABEL}={target.app}")
        return found[0] if found else None


def _body(target: Target, name: str, freeze: Freeze, over: Live | None) -> Mapping[str, Any]:
    metadata: dict[str, Any] = {
        "name": over.key.name if over else name,
        "namespace": target.namespace,
        "labels": {FREEZE_LABEL: target.app, "app.kubernetes.io/managed-by": MANAGER},
    }
    text = json.dumps(asdict(freeze), indent=1, sort_keys=True, ensure_ascii=False)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"freeze.json": text}}


def _said(live: Live) -> Freeze:
    try:
        said = json.loads(live.body["data"]["freeze.json"])
        made = Freeze(**{name: said[name] for name in Freeze.__dataclass_fields__ if name in said})
        made.holds(0.0)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Freeze(by="?", at="?", message=f"{live.key} can't be read: {error!r}")
    return made
