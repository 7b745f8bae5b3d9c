"""From facts about targets to a plan. Pure; read `decide.py`, then `order.py`.

A verb reads `owned`, `seen`, `snapshot(to_watch(...))`, then previews `to_preview(facts)`, and asks `plan_deploy`.
"""

from paasctl.planning.deploy.decide import (
    differences,
    permissions,
    plan_deploy,
    protection,
    same_writes,
    to_preview,
    to_watch,
)
from paasctl.planning.deploy.facts import DeployFacts, TargetFacts

__all__ = [
    "DeployFacts",
    "TargetFacts",
    "differences",
    "permissions",
    "plan_deploy",
    "protection",
    "same_writes",
    "to_preview",
    "to_watch",
]
