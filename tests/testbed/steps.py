"""Run steps side by side, each as soon as those it needs are done."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Something to do once, after the named others."""

    name: str
    act: Callable[[], object]
    after: tuple[str, ...] = ()


def run_steps(steps: Sequence[Step]) -> None:
    """Do all of them; the first error is raised once everything under way has ended."""
    done: set[str] = set()
    waiting = list(steps)
    under_way: dict[Future[object], Step] = {}
    with ThreadPoolExecutor(max_workers=len(steps) or 1) as pool:
        while waiting or under_way:
            ready = [step for step in waiting if done.issuperset(step.after)]
            waiting = [step for step in waiting if step not in ready]
            under_way |= {pool.submit(step.act): step for step in ready}
            if not under_way:
                raise ValueError(f"steps that wait for each other: {[step.name for step in waiting]}")
            finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
            done |= {collect(future, under_way.pop(future)) for future in finished}


def collect(future: Future[object], step: Step) -> str:
    """The name of a step that is done; its error if it has one."""
    future.result()
    return step.name
