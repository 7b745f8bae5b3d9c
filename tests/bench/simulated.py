"""Rows of the simulated cluster: how soon it is up, and what the ordinary client waits for beside a real API server."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.commands import BrokenCommandError, Command, run
from bench.place import Place, testbed
from bench.rows import Bound, Pair, Row, timed

_COUNT = 1000
_STARTED = """\
import json, subprocess, sys
running = subprocess.Popen([*sys.argv[1:], "cluster", "sim", "--output", "jsonl"], stdout=subprocess.PIPE, text=True)
said = [json.loads(running.stdout.readline())["event"] for _ in range(2)]
running.terminate()
running.communicate()
print(*said)
"""
"""Until it is up, and its end, which removes its kubeconfig."""
_CLIENT = f"""\
import sys
from kubernetes import client, config, watch
verb, kubeconfig, namespace = sys.argv[1:]
core = client.CoreV1Api(config.new_client_from_config(kubeconfig))
match verb:
    case "create":
        core.create_namespace({{"metadata": {{"name": namespace}}}})
        for number in range({_COUNT}):
            body = {{"metadata": {{"name": f"n{{number}}"}}, "data": {{"a": "b"}}}}
            core.create_namespaced_config_map(namespace, body)
    case "list":
        for _ in range(10):
            found = core.list_namespaced_config_map(namespace, label_selector="!none").items
        assert len(found) >= {_COUNT}, len(found)
    case "watch":
        seen, watching, asked = 0, watch.Watch(), {{"resource_version": "0", "timeout_seconds": 60}}
        for event in watching.stream(core.list_namespaced_config_map, namespace, **asked):
            seen += event["type"] == "ADDED"
            if seen == {_COUNT}:
                watching.stop()
        assert seen >= {_COUNT}, seen
print("done")
"""


def rows() -> tuple[Row, ...]:
    """The start, and a thousand objects created, listed ten times and watched."""
    return (
        Row(
            name="sim-start",
            ours="paasctl cluster sim, until it is up",
            peer="python -c pass",
            bound=Bound("plus", 1),
            runs=(11, 5),
            measure=timed(contextmanager(_start)),
        ),
        *(
            Row(
                name=f"sim-{verb}",
                ours=f"{said} by the kubernetes client, cluster sim",
                peer="kube-apiserver",
                bound=Bound(),
                runs=(5, 1),
                measure=timed(contextmanager(_thousand(verb))),
                needs=("KUBECONFIG",),
            )
            for verb, said in (
                ("create", f"{_COUNT:,} objects created"),
                ("list", f"{_COUNT:,} objects listed 10 times"),
                ("watch", f"{_COUNT:,} objects watched"),
            )
        ),
    )


def _start(place: Place) -> Iterator[Pair]:
    ours = Command(
        argv=(place.python, "-c", _STARTED, place.paasctl), folder=place.folder, environ=place.environ, says="ready"
    )
    bare = Command(argv=(place.python, "-c", "pass"), folder=place.folder, environ=place.environ)
    yield Pair(lambda _: ours, lambda _: bare)


def _thousand(verb: str) -> Callable[[Place], Iterator[Pair]]:
    def make(place: Place) -> Iterator[Pair]:
        mine = f"bench-{uuid.uuid4().hex[:8]}"
        with _simulated(place) as kubeconfig:
            both = (kubeconfig, testbed("KUBECONFIG"))
            used = {mine}
            try:
                if verb != "create":
                    for it in both:
                        run(_asked(place, "create", it, mine))
                yield Pair(
                    lambda number: _asked(place, verb, both[0], _named(used, mine, verb, number)),
                    lambda number: _asked(place, verb, both[1], _named(used, mine, verb, number)),
                )
            finally:
                _removed(place, used)

    return make


def _named(used: set[str], mine: str, verb: str, number: int) -> str:
    """What is created is created anew in each run."""
    name = f"{mine}-{number}" if verb == "create" else mine
    used.add(name)
    return name


def _asked(place: Place, verb: str, kubeconfig: str, namespace: str) -> Command:
    argv = (sys.executable, "-c", _CLIENT, verb, kubeconfig, namespace)
    return Command(argv=argv, folder=place.folder, environ=place.environ, says="done")


def _removed(place: Place, namespaces: set[str]) -> None:
    code = (
        "import sys; from kubernetes import client, config\n"
        "core = client.CoreV1Api(config.new_client_from_config(sys.argv[1]))\n"
        "there = {it.metadata.name for it in core.list_namespace().items}\n"
        "[core.delete_namespace(it) for it in sys.argv[2:] if it in there]"
    )
    argv = (sys.executable, "-c", code, testbed("KUBECONFIG"), *sorted(namespaces))
    run(Command(argv=argv, folder=place.folder, environ=place.environ))


@contextmanager
def _simulated(place: Place) -> Iterator[str]:
    """The kubeconfig of a simulation, which ends with the row."""
    argv = (place.paasctl, "cluster", "sim", "--output", "jsonl")
    running = subprocess.Popen(argv, cwd=place.folder, env=place.environ, stdout=subprocess.PIPE, text=True)
    try:
        lines = (json.loads(line) for line in running.stdout or ())
        said: dict[str, Any] = next((it for it in lines if it["event"] != "hello"), {})
        if said.get("event") != "ready":
            raise BrokenCommandError(f"{' '.join(argv)} said {said}")
        yield dict(said["facts"])["kubeconfig"]
    finally:
        running.terminate()
        running.communicate()
