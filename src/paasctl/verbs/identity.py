"""Whether a cluster is the one that is meant."""

from __future__ import annotations

from paasctl.errors import Refused
from paasctl.model.config import Cluster
from paasctl.ports.cluster import ClusterReads


def check_identity(
    reading: ClusterReads, cluster: Cluster, *, protected: bool = False, doing: str = "writing to"
) -> None:
    """Refuse another cluster behind a known name (row D1), and a protected environment on an unpinned one.

    `doing`: what is about to be done, before `cluster NAME`.
    """
    if not cluster.identity and not protected:
        return
    if not cluster.identity:
        raise Refused(
            f"{doing} cluster {cluster.name}: a protected environment needs a pinned cluster",
            hint=f"paasctl cluster pin {cluster.name}",
            code="cluster-not-pinned",
        )
    found = reading.identity()
    if found.uid != cluster.identity:
        raise Refused(
            f"{doing} cluster {cluster.name}: context {cluster.context!r} leads to another cluster "
            f"(kube-system is {found.uid}, pinned is {cluster.identity})",
            hint=f"mend the context, or `paasctl cluster pin {cluster.name}` where the cluster was made anew",
            code="wrong-cluster",
        )
