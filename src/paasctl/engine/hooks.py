"""Executor of hooks: what the project runs between build and tag. One that fails ends the run; nothing is tagged."""

from __future__ import annotations

import re
from collections import deque

from paasctl.engine.needs import Needs
from paasctl.errors import HookFailed
from paasctl.model.event import LogLine
from paasctl.model.plan import RunHook
from paasctl.ports.world import World

_LAST = 40
"""Lines of its output that are evidence."""
_NO_NAME = re.compile(r"[^A-Z0-9_]")


def run_hook(step: RunHook, index: int, run: Needs) -> None:
    """Run it, its output told line by line. Raises `HookFailed` with the end of that."""
    said: deque[str] = deque(maxlen=_LAST)

    def log(line: str) -> None:
        said.append(line)
        run.emit(LogLine(step.name, line, index))

    status = run.world.run_hook(step.command, _environ(step, run.world), log=log, cancel=run.cancel)
    if status:
        raise HookFailed(
            f"running the {step.name} hook of {step.version}: `{step.command}` exited with {status}",
            hint="mend it and run again; neither a tag nor an image was pushed",
            where=step.where,
            evidence=tuple(said),
        )


def _environ(step: RunHook, world: World) -> dict[str, str]:
    """What it is told: version and commit, where the images lie, and each by name."""
    root = world.layout.root.absolute()
    told = {"VERSION": step.version, "COMMIT": step.commit, "LAYOUT": str(root)}
    for name in step.images:
        laid = world.layout.place(name)
        told[f"IMAGE_{_upper(name)}"] = f"oci:{root}:{name}"
        told[f"DIGEST_{_upper(name)}"] = laid.digest if laid else ""
    for name, pinned in step.pinned:
        told |= {f"IMAGE_{_upper(name)}": str(pinned), f"DIGEST_{_upper(name)}": pinned.digest}
    return {f"PAASCTL_{name}": it for name, it in told.items()}


def _upper(name: str) -> str:
    return _NO_NAME.sub("_", name.upper())
