"""Start components, leave healthy ones alone, repair the rest.

There is no watching daemon: components run on their own, and the next `up` puts right what has died.
"""

import hashlib
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import cgroups
from .failure import component_failed
from .layout import Instance
from .processes import Mark, born, end, is_alive, read_mark, until, write_mark
from .shell import clean_environment
from .words import say

ENTER = 'for door in $DOORS; do echo $$ >"$door" || :; done; unset DOORS; exec "$@"'
LOG_LIMIT = 50 << 20


@dataclass(frozen=True)
class Component:
    """A program that keeps running, and how to know that it works."""

    name: str
    argv: tuple[str, ...]
    is_ready: Callable[[], bool]
    after: tuple[str, ...] = ()
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[Path, ...] = ()  # files whose change needs a restart
    stale: tuple[Path, ...] = ()  # what a killed one leaves in its own way
    timeout: float = 60.0

    def wanted(self) -> str:
        """A hash of everything it was started with."""
        digest = hashlib.sha256(repr((self.argv, sorted(self.environment.items()))).encode())
        for path in self.reads:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def mark_file(instance: Instance, name: str) -> Path:
    """Where a component's process is recorded."""
    return instance.state / "pids" / f"{name}.json"


def mark(instance: Instance, name: str) -> Mark | None:
    """The component's process, if it still lives."""
    found = read_mark(mark_file(instance, name))
    return found if is_alive(found) else None


def ensure(instance: Instance, component: Component) -> bool:
    """Whether it had to be started; when this returns, it works."""
    wanted = component.wanted()
    current = mark(instance, component.name)
    if current and current.running == wanted and until(component.is_ready, timeout=8.0):
        return False
    if current:
        say(f"restarting {component.name}: it runs, but {'is not ready' if current.running == wanted else 'otherwise'}")
        end([current], grace=10.0)
    wait_for(instance, component, start(instance, component, wanted))
    return True


def start(instance: Instance, component: Component, wanted: str) -> Mark:
    """Give birth to it inside the instance's control group, on its own, with its log."""
    for path in component.stale:
        path.unlink(missing_ok=True)
    log = instance.log(component.name)
    rotate(log)
    doors = " ".join(cgroups.doors(instance.cgroup))
    with log.open("ab") as output:
        child = subprocess.Popen(
            ["/bin/sh", "-c", ENTER, "sh", *component.argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=clean_environment(DOORS=doors, **component.environment),
            start_new_session=True,
        )
    when = born(child.pid)
    if when is None:
        raise component_failed(component.name, "ended at once", log)
    made = Mark(child.pid, when, wanted, time.time())
    write_mark(mark_file(instance, component.name), made)
    return made


def wait_for(instance: Instance, component: Component, made: Mark) -> None:
    """Return when it works; an error when it died or took too long."""
    log = instance.log(component.name)
    until(lambda: not is_alive(made) or component.is_ready(), component.timeout)
    if not is_alive(made):
        raise component_failed(component.name, "ended instead of starting", log)
    if not component.is_ready():
        raise component_failed(component.name, f"not ready after {component.timeout:.0f} s", log)


def rotate(log: Path) -> None:
    """Keep one older log, so that none grows for ever."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def recorded(instance: Instance) -> dict[str, Mark]:
    """Every component that was started and still lives."""
    names = [path.stem for path in sorted((instance.state / "pids").glob("*.json"))]
    return {name: found for name in names if (found := mark(instance, name))}


def stop(instance: Instance, names: list[str], grace: float = 10.0) -> None:
    """End the named components together and forget them."""
    found = [living for name in names if (living := mark(instance, name))]
    end(found, grace)
    for name in names:
        mark_file(instance, name).unlink(missing_ok=True)
