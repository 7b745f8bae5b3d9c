"""A release and many next stops: each case has a stop to itself, several lanes go beside each other.

Real processes over HTTP, embedded parts, a registry and a cluster to each lane. `rcN` is a registry whose only
environment is `envN`; `last` comes after all of them, so that a deploy has something to say.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.boxed import Boxed, boxed
from e2e.project import IMAGE, Project
from paasctl.embedded.registry.folder import Repository as Held
from paasctl.model.promoting import PROMOTION_TYPE, STATEMENT_TYPE
from support.striking import Strike, ended, struck

VERSION = "0.1.0"
MOST = 40
"""More stops than a lane has cases."""
_LANES = 3


def _paas() -> str:
    numbers = range(MOST)
    stops = "".join(f"  rc{it}: {{repository: $registry/$app-rc{it}}}\n" for it in numbers)
    places = "".join(f"  env{it}: {{cluster: local, registry: rc{it}}}\n" for it in numbers)
    return f"""\
app: $app
images:
{IMAGE}services:
  web: {{port: 8080, config: {{settings.ini: version}}, env: {{APP_START_DELAY: 0s}}}}
registries:
  dev: {{repository: $registry/$app}}
{stops}clusters:
  local: {{context: testbed, router: ingress}}
environments:
{places}  last: {{cluster: local, registry: rc{MOST - 1}, after: [{", ".join(f"env{it}" for it in numbers)}]}}
"""


@dataclass
class Lane:
    """One of them."""

    box: Boxed
    project: Project
    used: int = -1

    def next(self) -> Goal:
        """A stop where nothing ever was."""
        self.used += 1
        assert self.used < MOST - 1
        return Goal(self, self.used)


@dataclass
class Goal:
    """One next stop, and what became of a promotion there."""

    lane: Lane
    number: int
    temporary: str = field(default_factory=tempfile.mkdtemp)

    @property
    def path(self) -> str:
        """Of the record, in the registry."""
        return f"{self.lane.project.app}-rc{self.number}"

    @property
    def namespace(self) -> str:
        return f"{self.lane.project.app}-env{self.number}"

    @property
    def words(self) -> tuple[str, ...]:
        """The command."""
        return ("promote", VERSION, "--to", f"env{self.number}", "--from", "dev", "--deploy")

    def strike(self, strike: Strike, *more: str) -> tuple[subprocess.Popen[str], str, str]:
        """The run that is struck, and what it said."""
        assert self.lane.box.simulation
        assert self.lane.box.images
        with struck(strike, self.lane.box.images.server, self.lane.box.simulation.server):
            run = self.lane.project.start(*self.words, *more, TMPDIR=self.temporary)
            return run, *ended(run, strike)

    def run(self) -> Mapping[str, Any]:
        """The outcome of a run that nobody disturbs."""
        return self.lane.project.outcome(*self.words, TMPDIR=self.temporary)

    def held(self, path: str) -> Held:
        assert self.lane.box.images
        return self.lane.box.images.registry.folder.repositories.get(path, Held())

    @property
    def names(self) -> Mapping[str, str]:
        """What has the version's name there, by image; "" is the record."""
        return {it: found for it in ("", "/web") if (found := self.held(self.path + it).tags.get(VERSION))}

    @property
    def wanted(self) -> Mapping[str, str]:
        """The same where it comes from."""
        return {it: self.held(self.lane.project.app + it).tags[VERSION] for it in ("", "/web")}

    def of_type(self, kind: str) -> int:
        """How many such documents lie beside the record, whether anything lists them or not."""
        assert self.lane.box.images
        folder = self.lane.box.images.registry.folder
        found = (folder.manifest(self.path, it) for it in self.held(self.path).manifests)
        return sum(bool(it) and it.document.get("artifactType") == kind for it in found if it)

    def objects(self, kind: str) -> list[dict[str, Any]]:
        return self.lane.project.objects(kind, self.namespace)

    @property
    def runs(self) -> list[str]:
        """The images that its workloads want."""
        pods = (it["spec"]["template"]["spec"] for it in self.objects("deployments"))
        return [one["image"] for it in pods for one in it["containers"]]

    def check_declared(self) -> None:
        """Half done or not: whatever has a name is whole, and the cluster waits for the record's."""
        for it, digest in self.names.items():
            self._check_whole(self.path + it, digest)
        assert self.names.items() <= self.wanted.items()
        if "" not in self.names:
            assert not self.runs
        elif self.runs:
            assert len(self.names) == 2
        assert self.left == []

    def check_done(self, *, free: bool = True) -> None:
        """As if nobody had disturbed anything. `free`: nobody holds the target, not even somebody dead."""
        self.check_declared()
        assert self.names == self.wanted
        assert self.of_type(PROMOTION_TYPE) == 1
        assert self.of_type(STATEMENT_TYPE) == 1
        assert self.runs == [f"{self.lane.box.registry}/{self.path}/web@{self.wanted['/web']}"]
        assert not free or self.holders == [""]
        assert [it["outcome"] for it in self.history][-1:] == ["done"]
        assert "open" not in {it["outcome"] for it in self.history}

    @property
    def history(self) -> list[dict[str, Any]]:
        """Its entries, the oldest first."""
        found = [it for it in self.objects("configmaps") if "-history-" in it["metadata"]["name"]]
        found.sort(key=lambda it: str(it["metadata"]["name"]))
        return [json.loads(it["data"]["record.json"]) for it in found]

    @property
    def holders(self) -> list[str]:
        """Who holds the target, "" where nobody does; nothing where nobody ever did."""
        return [it["spec"].get("holderIdentity") or "" for it in self.objects("leases")]

    @property
    def left(self) -> list[str]:
        """Files that nobody needs any more."""
        folders = (Path(self.temporary), self.lane.project.folder)
        return [str(it) for one in folders for it in one.rglob("*") if "tmp" in it.name or it.parent == folders[0]]

    def _check_whole(self, path: str, digest: str) -> None:
        assert self.lane.box.images
        folder = self.lane.box.images.registry.folder
        found = folder.manifest(path, digest)
        assert found, f"{path}@{digest} has a name and is not there"
        said = found.document
        for it in (*said.get("layers", ()), *filter(None, [said.get("config")])):
            assert folder.blob(path, it["digest"]), f"{path}@{digest} lacks {it['digest']}"
        for it in said.get("manifests", ()):
            self._check_whole(path, it["digest"])


@contextmanager
def lane_in(folder: Path) -> Iterator[Lane]:
    """With 0.1.0 at its first stop."""
    folder.mkdir(parents=True)
    with boxed(folder) as box:
        project = Project.make(box, folder, _paas())
        assert project.release() == VERSION
        try:
            yield Lane(box, project)
        finally:
            project.remove()


@contextmanager
def lanes_in(folder: Path) -> Iterator[list[Lane]]:
    """Several, made beside each other."""
    with ExitStack() as stack, ThreadPoolExecutor(_LANES) as pool:
        made = [lane_in(folder / str(number)) for number in range(_LANES)]
        yield list(pool.map(stack.enter_context, made))


def in_lanes(lanes: Sequence[Lane], cases: Iterable[Callable[[Lane], object]]) -> None:
    """Every case, each in one of the lanes; the first that fails is told."""
    every = list(cases)

    def drive(number: int, lane: Lane) -> None:
        for it in every[number :: len(lanes)]:
            it(lane)

    with ThreadPoolExecutor(len(lanes)) as pool:
        for it in [pool.submit(drive, *one) for one in enumerate(lanes)]:
            it.result()
