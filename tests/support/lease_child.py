"""A process that holds a lock, for tests that kill, stop or race it: `python lease_child.py '{"kubeconfig": …}'`.

It says `held`, then does `job`: `wait` (until its input ends), `write` (one write per line of input, saying `wrote`
or the error's code), `count` (adds one to a counter, `times` times, each time under the lock).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import Any

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Where
from paasctl.adapters.kube.holder import this_process
from paasctl.adapters.kube.lease import Terms
from paasctl.engine.cancel import Cancel, RealClock
from paasctl.errors import PaasError
from paasctl.model.kube import OWNER_LABEL, Key, Manifest, Target


def main(told: dict[str, Any]) -> None:
    where = Where(context="", kubeconfig=told["kubeconfig"])
    cluster = KubeCluster("test", where, RealClock(Cancel()), Terms(**told.get("terms", {})))
    target = Target("test", told["namespace"], told["app"])
    holder = replace(this_process("deploy", os.environ), **told.get("holder", {}))
    if told["job"] == "count":
        for _ in range(told["times"]):
            with cluster.hold(target, holder, wait=60, seen=lambda _: None):
                _add_one(cluster, target)
        return
    with cluster.hold(target, holder, wait=0, seen=lambda _: None):
        _say("held")
        for _ in sys.stdin:
            if told["job"] == "write":
                _say(_written(cluster, target))


def _written(cluster: KubeCluster, target: Target) -> str:
    try:
        _add_one(cluster, target)
    except PaasError as error:
        return error.code
    return "wrote"


def _add_one(cluster: KubeCluster, target: Target) -> None:
    """Read, think, write without any precondition but the UID: only the lock keeps two of these apart."""
    key = Key("", "ConfigMap", target.namespace, f"{target.app}-counter")
    (live,) = cluster.seen([key]) or (None,)
    count = int(live.body["data"]["count"]) + 1 if live else 1
    metadata = {"name": key.name, "namespace": key.namespace, "labels": {OWNER_LABEL: target.app}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"count": str(count)}}
    cluster.apply(target, Manifest(key, body), uid=live.uid if live else None)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
