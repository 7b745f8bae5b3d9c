"""What stays until it is stopped: `registry serve`, `cluster sim`."""

from __future__ import annotations

from paasctl.errors import Cancelled, Exit
from paasctl.model.event import Emit, Outcome, Ready
from paasctl.ports.cancel import Cancel
from paasctl.ports.embedded import ClusterPart, Embedded, Part, RegistryPart
from paasctl.values import dataclass

_LONG = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeRegistry:
    """An OCI layout as a registry on loopback."""

    how: RegistryPart

    def stay(self, embedded: Embedded, emit: Emit, cancel: Cancel) -> Outcome:
        """Serve until `cancel` is asked: that is how it ends."""
        part = embedded.registry(self.how)
        host = dict(part.facts)["address"]
        login = (f"docker login {host}",) if self.how.users else ()
        tips = (
            *login,
            f"in paas.yaml: registries: {{dev: {{repository: {host}/NAME}}}}",
            "Ctrl-C ends it; the folder stays",
        )
        ready = Ready(what=f"a registry serves {self.how.folder}", facts=part.facts, tips=tips)
        return _stayed(part, ready, "registry serve", (emit, cancel))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateCluster:
    """A simulated cluster on loopback."""

    how: ClusterPart

    def stay(self, embedded: Embedded, emit: Emit, cancel: Cancel) -> Outcome:
        """Simulate until `cancel` is asked: that is how it ends."""
        part = embedded.cluster(self.how)
        facts = dict(part.facts)
        end = "Ctrl-C ends it; the state stays" if self.how.state else "Ctrl-C ends it, and all that is in it"
        tips = (
            f"export KUBECONFIG={facts['kubeconfig']}",
            f"in paas.yaml: clusters: {{sim: {{context: {facts['context']}}}}}",
            end,
        )
        ready = Ready(what="a simulated cluster is up", facts=part.facts, tips=tips)
        return _stayed(part, ready, "cluster sim", (emit, cancel))


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
