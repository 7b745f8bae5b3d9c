"""Is it rolled out, is it on its way, or is it doomed? One look in, verdicts out. Pure.

Read `judge.py`, then `workloads.py`; every cause and its budget is in `causes.py`.
"""

from paasctl.planning.readiness.causes import CAUSES, Patience
from paasctl.planning.readiness.hints import hint
from paasctl.planning.readiness.judge import Memory, judge, kinds_for
from paasctl.planning.readiness.look import Look

__all__ = ["CAUSES", "Look", "Memory", "Patience", "hint", "judge", "kinds_for"]
