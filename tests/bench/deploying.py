"""Rows of deploying: one small change until it runs, and nothing to do, beside kubectl and helm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.commands import Command, run
from bench.place import Place, program
from bench.released import NEEDS, NOTE, Released, released
from bench.rows import Bound, Pair, Row, timed

_CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
_SOON = Bound("plus", 0.5)
_MAP = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: map-{number:03}}}
data: {{number: "{number}", text: "{text}"}}
"""
_TWO = """\
---
apiVersion: v1
kind: Service
metadata: {{name: idle-{number:03}}}
spec:
  selector: {{idle: "{number}"}}
  ports: [{{name: http, port: 80, targetPort: 8080}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: idle-{number:03}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{idle: "{number}"}}}}
  template:
    metadata: {{labels: {{idle: "{number}"}}}}
    spec:
      containers:
        - name: main
          image: registry.example/idle@sha256:{digest}
          resources: {{requests: {{cpu: 100m}}}}
"""
MANY = "".join(
    [*(_MAP.format(number=it, text="x" * 200) for it in range(200))]
    + [_TWO.format(number=it, digest="0" * 64) for it in range(50)]
)
"""200 ConfigMaps, 50 Services and 50 Deployments without pods."""


def rows() -> tuple[Row, ...]:
    """A change, and none."""
    return (
        Row(
            name="deploy-change-kubectl",
            ours="paasctl deploy (1 variable, 2 pods)",
            peer="kubectl apply --server-side; rollout status",
            bound=Bound(),
            runs=(5, 2),
            measure=timed(_change_kubectl),
            needs=NEEDS,
        ),
        Row(
            name="deploy-change-helm",
            ours="paasctl deploy (1 variable, 2 pods)",
            peer="helm upgrade --wait",
            bound=Bound(),
            runs=(5, 2),
            measure=timed(_change_helm),
            needs=(*NEEDS, "helm"),
        ),
        Row(
            name="deploy-nothing",
            ours="paasctl deploy (nothing to do)",
            peer="kubectl diff --server-side",
            bound=_SOON,
            runs=(11, 4),
            measure=timed(_nothing),
            needs=NEEDS,
        ),
        Row(
            name="deploy-nothing-300",
            ours="paasctl deploy (300 objects, nothing to do)",
            peer="kubectl diff --server-side",
            bound=Bound(),
            runs=(3, 1),
            measure=timed(_nothing_300),
            needs=NEEDS,
        ),
        Row(
            name="deploy-nothing-300-apply",
            ours="paasctl deploy (300 objects, nothing to do)",
            peer="kubectl apply --server-side",
            bound=Bound(),
            runs=(3, 1),
            measure=timed(_nothing_300_apply),
            needs=NEEDS,
        ),
    )


@contextmanager
def _change_kubectl(place: Place) -> Iterator[Pair]:
    with released(place) as there:
        text, namespace, kubectl = there.manifests("kubectl"), there.namespace("kubectl"), program("kubectl")

        def peer(number: int) -> Command:
            file = there.write("kubectl.yaml", text.replace(NOTE, f"note-{number}"))
            wait = f"{kubectl} rollout status deployment/web -n {namespace} --timeout=120s"
            return there.shell(f"{kubectl} apply --server-side -f {file}; {wait}")

        yield Pair(there.change, peer)


@contextmanager
def _change_helm(place: Place) -> Iterator[Pair]:
    with released(place) as there:
        there.write("chart/Chart.yaml", _CHART)
        there.write("chart/values.yaml", "note: none\n")
        text = there.manifests("helm").replace(NOTE, "{{ .Values.note }}")
        chart = there.write("chart/templates/web.yaml", text).parents[1]
        fixed = ("upgrade", "--install", "web", str(chart), "-n", there.namespace("helm"), "--wait")

        def peer(number: int) -> Command:
            argv = (program("helm"), *fixed, "--set", f"note=note-{number}")
            return Command(argv=argv, folder=place.folder, environ=place.environ)

        yield Pair(there.change, peer)


@contextmanager
def _nothing(place: Place) -> Iterator[Pair]:
    with released(place) as there:
        yield idle(there, "diff")


@contextmanager
def _nothing_300(place: Place) -> Iterator[Pair]:
    with released(place, "", MANY) as there:
        yield idle(there, "diff")


@contextmanager
def _nothing_300_apply(place: Place) -> Iterator[Pair]:
    with released(place, "", MANY) as there:
        yield idle(there, "apply")


def idle(there: Released, verb: str) -> Pair:
    """Both sides deployed, so that there is nothing left to do for either."""
    file = there.write("kubectl.yaml", there.manifests("kubectl"))
    kubectl = program("kubectl")
    run(there.shell(f"{kubectl} apply --server-side -f {file}"))
    run(there.paasctl("deploy", "dev", "--yes"))
    ours = there.paasctl("deploy", "dev", says="nothing to do")
    peer = there.shell(f"exec {kubectl} {verb} --server-side -f {file}")
    return Pair(lambda _: ours, lambda _: peer)
