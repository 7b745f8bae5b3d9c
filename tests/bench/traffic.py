"""What is counted: requests that fail while a deploy replaces every pod, memory, requests to the API server."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.commands import BrokenCommandError, Command, run
from bench.deploying import MANY, idle
from bench.place import Place, program, testbed
from bench.released import NEEDS, NOTE, Released, released
from bench.rows import Bound, Figure, Measured, Row

_SCRIPT = Path(__file__).with_name("wrk.lua")
_LONGEST = 150
"""Seconds after which the traffic ends by itself, should nobody end it."""
_PLAIN = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{run: web}}}}
  template:
    metadata: {{labels: {{run: web}}}}
    spec:
      containers:
        - {{name: web, image: "{image}", env: [{{name: NOTE, value: {note}}}], ports: [{{containerPort: 8080}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {namespace}}}
spec: {{selector: {{run: web}}, ports: [{{port: 8080, targetPort: 8080}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web, namespace: {namespace}}}
spec:
  rules:
    - host: {host}
      http:
        paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 8080}}}}}}}}]
"""


def rows() -> tuple[Row, ...]:
    """Counts, with nothing of time in them."""
    return (
        Row(
            name="zero-downtime",
            ours="failed requests in a paasctl deploy (wrk -t2 -c16)",
            peer="the same app, a plain Deployment, kubectl apply",
            bound=Bound("count", 0),
            runs=(5, 2),
            measure=_zero_downtime,
            needs=(*NEEDS, "wrk"),
        ),
        Row(
            name="requests-nothing-300",
            ours="requests of paasctl deploy (300 objects, nothing to do)",
            peer="kubectl diff --server-side",
            bound=Bound(),
            runs=(1, 1),
            measure=_requests,
            needs=(*NEEDS, "AUDIT_LOG"),
        ),
        Row(
            name="memory-nothing-300",
            ours="peak memory of paasctl deploy (300 objects, nothing to do)",
            peer="kubectl diff --server-side",
            bound=Bound(),
            runs=(1, 1),
            measure=_memory,
            needs=NEEDS,
        ),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """How the requests of one deploy went."""

    requests: int
    failed: int


def _zero_downtime(place: Place, runs: int) -> Measured:
    """Every deploy under traffic; and one of the peer's, which shows that failures would be seen."""
    with released(place) as there:
        run(there.change(0))
        ours = [_under_traffic(there, "dev", there.change(number)) for number in range(1, runs + 1)]
        peer = _plain(there)
    failed = [float(it.failed) for it in ours]
    note = f"of {sum(it.requests for it in ours):,} requests in {runs} deploys; the peer's of {peer.requests:,} in one"
    return Measured(ours=Figure.of(failed), peer=Figure.of([float(peer.failed)]), unit="failed", note=note)


def _plain(there: Released) -> Counted:
    """A change of the same app as many write it: no readiness probe, no draining."""
    namespace, kubectl = there.namespace("kubectl"), program("kubectl")
    image = re.findall(r"image: '?([^\s']+)", there.manifests("kubectl"))[0]
    text = _PLAIN.format(namespace=namespace, host=there.host("kubectl"), image=image, note=NOTE)
    apply = "{0} apply -f {1}; {0} rollout status deployment/web -n {2} --timeout=120s"
    run(there.shell(apply.format(kubectl, there.write("plain.yaml", text), namespace)))
    changed = there.write("changed.yaml", text.replace(NOTE, "note-1"))
    return _under_traffic(there, "kubectl", there.shell(apply.format(kubectl, changed, namespace)))


def _under_traffic(there: Released, name: str, deploy: Command) -> Counted:
    """A second of traffic, the deploy, and six more: as long as the old pods may take to go."""
    there.await_answer(name)
    argv = (program("wrk"), "-t2", "-c16", f"-d{_LONGEST}", "-s", str(_SCRIPT))
    traffic = subprocess.Popen(
        [*argv, "-H", f"Host: {there.host(name)}", f"http://{testbed('TRAEFIK')}/"],
        env=there.place.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        time.sleep(1)  # noqa: TID251 - a bench's own wait
        run(deploy)
        time.sleep(6)  # noqa: TID251 - a bench's own wait
    finally:
        traffic.send_signal(signal.SIGINT)
        said, _ = traffic.communicate(timeout=30)
    return counted(said)


def counted(said: str) -> Counted:
    """What wrk.lua wrote at the end."""
    found = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)\b", said.partition("\ncounted ")[2])}
    if not found.get("requests"):
        raise BrokenCommandError(f"wrk counted no requests:\n{said}")
    return Counted(found["requests"], sum(found[it] for it in ("status", "connect", "read", "write", "timeout")))


def _requests(place: Place, runs: int) -> Measured:
    """By the API server's own audit log: of our agent's, those of our namespace and those of no namespace."""
    with _idle(place) as (there, ours, peer):
        first = [float(_asked(there, ours, "paasctl", "dev")) for _ in range(runs)]
        second = [float(_asked(there, peer, "kubectl", "kubectl")) for _ in range(runs)]
    note = "others' requests outside namespaces count too: the smallest figure is the truest"
    return Measured(ours=Figure.of(first), peer=Figure.of(second), unit="requests", note=note)


def _asked(there: Released, command: Command, agent: str, name: str) -> int:
    log = Path(testbed("AUDIT_LOG"))
    before = log.stat().st_size
    run(command)
    with log.open("rb") as file:
        file.seek(before)
        entries = [json.loads(line) for line in file.read().splitlines()]
    places = {None, there.namespace(name)}
    return sum(
        it.get("userAgent", "").startswith(agent) and (it.get("objectRef") or {}).get("namespace") in places
        for it in entries
    )


def _memory(place: Place, runs: int) -> Measured:
    with _idle(place) as (_, ours, peer):
        first = [run(ours)[0].memory for _ in range(runs)]
        second = [run(peer)[0].memory for _ in range(runs)]
    return Measured(ours=Figure.of(first), peer=Figure.of(second), unit="MiB")


@contextmanager
def _idle(place: Place) -> Iterator[tuple[Released, Command, Command]]:
    with released(place, "", MANY) as there:
        pair = idle(there, "diff")
        yield there, pair.ours(0), pair.peer(0)
