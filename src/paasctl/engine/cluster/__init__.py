"""Executors of what is done to a cluster: apply, delete, wait. Read `wait.py` first."""

from paasctl.engine.cluster.objects import apply_one, delete_one
from paasctl.engine.cluster.wait import await_ready

__all__ = ["apply_one", "await_ready", "delete_one"]
