"""`init` and `cluster pin`: the two verbs that write the project's own file."""

from __future__ import annotations

from pathlib import PurePath

from paasctl.config.find import find_cluster
from paasctl.config.init import Found, starter
from paasctl.errors import Exit, Refused
from paasctl.model.event import Emit, Outcome, Problem
from paasctl.model.plan import NOTHING, Plan, WriteFile
from paasctl.model.rounds import Rounds
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass

_TELLING = (
    "Dockerfile", "Containerfile", "build.gradle", "build.gradle.kts", "pom.xml", "package.json", "pyproject.toml",
    "requirements.txt", "go.mod", "setup.py", "settings.gradle", "settings.gradle.kts",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file's content as it is, and as it should be."""

    path: str
    before: bytes | None
    content: bytes
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """Write a first `paas.yaml` for what lies in the project's folder; one that is there stays as it is."""

    file: str
    folder: str

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Written:
        """What tells the ecosystem, at the top and one folder below."""
        del emit, cancel
        before = reads.files.read(self.file)
        files = {it: (reads.files.read(it) or b"").decode("utf-8", "replace") for it in reads.files.telling(_TELLING)}
        text = starter(Found(folder=self.folder, files=files, remote=reads.git.remote_url()))
        return Written(path=self.file, before=before, content=text.encode(), why="")

    def next(self, facts: Written, rounds: Rounds) -> Plan:
        """One file, if there is none."""
        if rounds:
            return NOTHING
        if facts.before is not None:
            raise Refused(
                f"writing {facts.path}: there is one already, and it stays as it is",
                hint="paasctl lint says whether it is sound; `paasctl init --file other.yaml` writes beside it",
                code="file-exists",
            )
        step = WriteFile(path=facts.path, content=facts.content)
        return Plan(verb="init", subject=facts.path, stages=((step,),))

    def end(self, rounds: Rounds) -> Outcome:
        """Where it lies."""
        return _end("init", self.file, rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Write a cluster's identity into `paas.yaml` (decision 11)."""

    cluster: str

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Written:
        """The file, and who the cluster says it is."""
        del emit, cancel
        find_cluster(reads.config, self.cluster)
        uid = reads.cluster(self.cluster).identity().uid
        path = PurePath(reads.config.file).name
        content = reads.with_identity(self.cluster, uid)
        return Written(path=path, before=reads.files.read(path), content=content, why=f"{self.cluster} is {uid}")

    def next(self, facts: Written, rounds: Rounds) -> Plan:
        """One line of one file, where it isn't there."""
        if rounds or facts.content == facts.before:
            return NOTHING
        step = WriteFile(path=facts.path, content=facts.content, before=facts.before, why=facts.why)
        return Plan(verb="cluster pin", subject=self.cluster, stages=((step,),))

    def end(self, rounds: Rounds) -> Outcome:
        """Pinned, or pinned already."""
        return _end("cluster pin", self.cluster, rounds)


def _end(verb: str, subject: str, rounds: Rounds) -> Outcome:
    error = rounds[-1].error if rounds else None
    return Outcome(
        status="failed" if error else "done" if rounds else "nothing-to-do",
        exit=error.exit if error else Exit.OK,
        verb=verb,
        subject=subject,
        done=rounds[-1].done if rounds else (),
        left=rounds[-1].left if rounds else (),
        problems=(Problem.of(error),) if error else (),
    )
