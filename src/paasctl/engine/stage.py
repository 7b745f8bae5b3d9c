"""Take the steps of one stage: together, through a bounded pool, or one by one where there is only one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from paasctl.engine.needs import Needs
from paasctl.engine.take import take
from paasctl.errors import PaasError, exhausted
from paasctl.model.event import Ended, Started
from paasctl.model.plan import Build, SquashImage, Stage, Step
from paasctl.values import dataclass

_NAP: Final = 0.2
"""Seconds that we wait at a stretch. Python hands a signal to the main thread between two of its own instructions, and
one that comes just as it falls asleep does not wake it."""


class Jobs(Needs, Protocol):
    """What a stage needs beyond its steps: how many may run together."""

    @property
    def jobs(self) -> int:
        """Bound of the pool."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """The steps that were finished, in the order they ended, and the first error."""

    done: tuple[Step, ...]
    error: PaasError | None = None


def take_stage(stage: Stage, first: int, run: Jobs) -> Taken:
    """Take every step; after an error or a request to stop, what runs is finished and nothing new begins."""
    together = 1 if any(isinstance(it, Build | SquashImage) for it in stage) else min(run.jobs, len(stage))
    done: list[Step] = []
    errors: list[PaasError] = []
    try:
        run.cancel.check()
        with ThreadPoolExecutor(max_workers=max(1, together), thread_name_prefix="step") as pool:
            for ended in _feed(pool, stage, first, run, together):
                done += [it for it in ended if not isinstance(it, PaasError)]
                errors += [it for it in ended if isinstance(it, PaasError)]
    except PaasError as error:
        errors.append(error)
    return Taken(tuple(done), errors[0] if errors else None)


Result = Step | PaasError


def _feed(pool: ThreadPoolExecutor, stage: Stage, first: int, run: Jobs, together: int) -> Iterator[list[Result]]:
    todo = list(enumerate(stage, first))
    running: set[Future[Result]] = set()
    while todo or running:
        if todo and run.cancel.asked and not running:
            run.cancel.check()
        while todo and len(running) < together and not run.cancel.asked:
            running.add(pool.submit(_step, *todo.pop(0), run))
        finished, running = wait(running, timeout=_NAP, return_when=FIRST_COMPLETED)
        results = [it.result() for it in finished]
        if any(isinstance(it, PaasError) for it in results):
            todo.clear()
        yield results


def _step(index: int, step: Step, run: Jobs) -> Result:
    began = run.world.clock.now()
    run.emit(Started(index, step))
    try:
        take(step, index, run)
    except PaasError as error:
        return error
    except (MemoryError, OSError, RuntimeError) as error:
        if lack := exhausted(error):
            return lack
        raise
    run.emit(Ended(index, step, run.world.clock.now() - began))
    return step
