"""What stays until it is stopped: `registry serve`, `cluster sim`."""

from __future__ import annotations

import shlex

from paasctl.errors import Cancelled, Exit
from paasctl.model.copying import Copy
from paasctl.model.event import Emit, Noted, Outcome, Ready
from paasctl.planning.copying import namespaces_of, told
from paasctl.ports.cancel import Cancel
from paasctl.ports.embedded import ClusterPart, CopySource, Embedded, Part, RegistryPart
from paasctl.values import dataclass
from paasctl.verbs.copying import ToCopy, read_copy

_LONG = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeRegistry:
    """An OCI layout as a registry on loopback."""

    how: RegistryPart

    def stay(self, embedded: Embedded, emit: Emit, cancel: Cancel) -> Outcome:
        """Serve until `cancel` is asked: that is how it ends."""
        part = embedded.registry(self.how)
        host = dict(part.facts)["address"]
        login = (f"docker login {host}",) if self.how.users or self.how.password_file else ()
        tips = (
            *login,
            f"push to it: docker push {host}/NAME:TAG",
            f"or: paasctl image copy oci:DIR {host}/NAME:TAG",
            f"in paas.yaml: registries: {{dev: {{repository: {host}/NAME}}}}",
            "Ctrl-C ends it; the folder stays",
        )
        ready = Ready(what=f"a registry serves {self.how.folder}", facts=part.facts, tips=tips)
        return _stayed(part, ready, "registry serve", (emit, cancel))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateCluster:
    """A simulated cluster on loopback, empty or a copy of a live one."""

    how: ClusterPart
    source: CopySource | None = None

    def stay(self, embedded: Embedded, emit: Emit, cancel: Cancel) -> Outcome:
        """Simulate until `cancel` is asked: that is how it ends."""
        part = embedded.cluster(self.how, self._copy(embedded, emit, cancel))
        facts = dict(part.facts)
        end = "Ctrl-C ends it; the state stays" if self.how.state else "Ctrl-C ends it, and all that is in it"
        tips = (
            f"export KUBECONFIG={shlex.quote(facts['kubeconfig'])}",
            f"in paas.yaml: clusters: {{sim: {{context: {facts['context']}}}}}",
            end,
        )
        ready = Ready(what="a simulated cluster is up", facts=part.facts, tips=tips)
        return _stayed(part, ready, "cluster sim", (emit, cancel))

    def _copy(self, embedded: Embedded, emit: Emit, cancel: Cancel) -> Copy | None:
        """What it begins with; None: nothing, or what its folder holds already."""
        if self.source is None:
            return None
        if self.how.state and embedded.is_begun(self.how.state):
            emit(Noted(f"{self.how.state} holds a cluster already and goes on from there: nothing is copied into it"))
            return None
        context = self.source.context
        project = None if self.source.namespaces else embedded.project()
        named = self.source.namespaces or (namespaces_of(project, context) if project else None)
        wanted = ToCopy(namespaces=named, held=embedded.holds(), secrets=self.source.secrets)
        copy = read_copy(embedded.live(context), wanted, cancel)
        for it in told(copy):
            emit(it)
        return copy


def _stayed(part: Part, ready: Ready, verb: str, how: tuple[Emit, Cancel]) -> Outcome:
    emit, cancel = how
    try:
        emit(ready)
        while True:
            cancel.pause(_LONG)
    except Cancelled:
        return Outcome(status="cancelled", exit=Exit.CANCELLED, verb=verb)
    finally:
        part.stop()
