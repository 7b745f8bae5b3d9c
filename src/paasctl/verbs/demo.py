"""`demo`: the whole journey on embedded parts, by the commands that a user types."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from paasctl.errors import Exit, PaasError, Unavailable
from paasctl.model.event import Emit, Noted, Outcome, Played, Scene
from paasctl.planning.demo import SCRIPTS, Act, acts, what_next
from paasctl.ports.cancel import Cancel
from paasctl.ports.embedded import ClusterPart, Embedded, Part, Ran, RegistryPart, Stage
from paasctl.values import dataclass

_READING = 0.25
"""Seconds between two scenes, for people to read."""
_PERSON = {"GIT_AUTHOR_NAME": "demo", "GIT_AUTHOR_EMAIL": "demo@example.com"}
_ENVIRON = {**_PERSON, "GIT_COMMITTER_NAME": "demo", "GIT_COMMITTER_EMAIL": "demo@example.com"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """`keep`: leave the folder; `fast`: no pauses; `on_screen`: the commands' own output is shown."""

    keep: bool = False
    fast: bool = False
    on_screen: bool = True
    program: str = "paasctl"
    """How it is called from any folder."""

    def stay(self, embedded: Embedded, emit: Emit, cancel: Cancel) -> Outcome:
        """Play all scenes. One that ends otherwise than it should ends the demo, with the problem."""
        stage = embedded.stage(keep=self.keep)
        parts: list[Part] = []
        try:
            registry = embedded.registry(RegistryPart(folder=str(stage.folder / "registry")))
            parts.append(registry)
            script = stage.folder / "scripts.yaml"
            stage.write("scripts.yaml", SCRIPTS.encode())
            cluster = embedded.cluster(ClusterPart(state=str(stage.folder / "cluster"), script=str(script)))
            parts.append(cluster)
            for name, content in embedded.demo_files().items():
                stage.write(f"project/{name}", content, executable=True)
            return self._play(embedded, stage, (dict(registry.facts), dict(cluster.facts)), (emit, cancel))
        finally:
            for it in reversed(parts):
                it.stop()
            stage.close()

    def _play(
        self,
        embedded: Embedded,
        stage: Stage,
        facts: tuple[Mapping[str, str], Mapping[str, str]],
        how: tuple[Emit, Cancel],
    ) -> Outcome:
        (registry, cluster), (emit, cancel) = facts, how
        scenes = acts(registry["address"])
        environ = {**_ENVIRON, "KUBECONFIG": cluster["kubeconfig"]}
        for number, act in enumerate(scenes, 1):
            cancel.check()
            self._prepare(stage, act, environ)
            command = shlex.join(act.command)
            emit(Scene(number=number, total=len(scenes), title=act.title, said=act.said, command=command))
            embedded.shown()()
            ran = stage.run(act.command, environ, on_screen=self.on_screen)
            emit(Played(number=number, command=command, exit=ran.exit, seconds=ran.seconds))
            if ran.exit != act.expect:
                raise self._unexpected(stage, act, ran)
            if not self.fast:
                cancel.pause(_READING)
        _tell(stage, emit, keep=self.keep, facts=facts, program=self.program)
        return Outcome(
            status="done", exit=Exit.OK, verb="demo", facts=(("folder", str(stage.folder)),) if self.keep else ()
        )

    def _prepare(self, stage: Stage, act: Act, environ: Mapping[str, str]) -> None:
        for name, text in act.files:
            stage.write(f"project/{name}", text.encode())
        for command in act.before:
            ran = stage.run(command, environ, on_screen=False)
            if ran.exit:
                raise self._unexpected(stage, act, ran, command)

    def _unexpected(self, stage: Stage, act: Act, ran: Ran, before: tuple[str, ...] = ()) -> PaasError:
        wanted = 0 if before else act.expect
        folder = shlex.quote(str(stage.folder / "project"))
        return Unavailable(
            f"playing “{act.title}”: {shlex.join(before or act.command)} ended with {ran.exit}, not with {wanted}",
            hint=f"cd {folder}" if self.keep else "paasctl demo --keep leaves the folder to look at",
            code="demo-broken",
            evidence=tuple(ran.output.strip().splitlines()[-20:]),
        )


def _tell(
    stage: Stage, emit: Emit, *, keep: bool, facts: tuple[Mapping[str, str], Mapping[str, str]], program: str
) -> None:
    registry, cluster = facts
    folder = stage.folder
    ports = (registry["address"].rpartition(":")[2], cluster["server"].rpartition(":")[2])
    sim = ("cluster", "sim", "--state", f"{folder}/cluster")
    parts = (
        f"  {program} " + shlex.join(["registry", "serve", f"{folder}/registry", "--port", ports[0]]),
        f"  {program} " + shlex.join([*sim, "--port", ports[1], "--script", f"{folder}/scripts.yaml"]),
        f"  export KUBECONFIG={shlex.quote(cluster['kubeconfig'])}",
    )
    emit(Noted(""))
    emit(Noted("what to try next:"))
    for line in what_next(str(folder), kept=keep, parts=parts, program=program):
        emit(Noted(f"  {line}"))
