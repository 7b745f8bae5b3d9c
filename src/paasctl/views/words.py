"""The sentences we say about steps, plans and outcomes. One place, so that they stay consistent."""

from __future__ import annotations

from typing import assert_never

from paasctl.model.event import Outcome, Problem
from paasctl.model.plan import (
    Apply,
    AwaitReady,
    Build,
    Delete,
    FieldChange,
    Plan,
    Push,
    Record,
    SquashImage,
    Step,
    TagCommit,
    TagImage,
)

_KIB = 1024


def say(step: Step) -> str:  # noqa: C901 - a match over a closed union
    """What a step does, in the infinitive: `create ConfigMap/web`."""
    match step:
        case Build():
            return f"build {step.image.name} from {'layers' if step.image.layers else step.image.dockerfile}"
        case SquashImage():
            return f"squash {step.image.name}{_squash(step)}"
        case Push():
            return f"push {step.name} to {step.repository}"
        case TagCommit():
            where = f" and push it to {step.remote}" if step.remote else " (there is no remote)"
            return f"tag commit {step.commit[:7]} as {step.tag}{where}"
        case Record():
            return f"record the release as {step.repository}:{step.version}"
        case TagImage():
            return f"tag {step.name} as {step.repository}:{step.tag}"
        case Apply():
            return f"{step.change} {step.manifest.key}"
        case Delete():
            return f"delete {step.key}"
        case AwaitReady():
            return f"wait up to {duration(step.timeout)} for {_keys(step)}"
        case _:
            assert_never(step)


def _squash(step: SquashImage) -> str:
    squash = step.image.squash
    if squash is None:
        return ""
    above = " above the base" if squash.base == "keep" else ""
    return f" to {squash.layers} layer{'s' if squash.layers > 1 else ''}{above}"


def _keys(step: AwaitReady) -> str:
    names = [str(key) for key in step.keys]
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def say_change(change: FieldChange) -> str:
    """One field's change, as a line under its object."""
    by = f"   (set by {change.manager})" if change.manager and change.manager != "paasctl" else ""
    if change.before is None:
        return f"+ {change.path}: {change.after}{by}"
    if change.after is None:
        return f"- {change.path}: {change.before}{by}"
    return f"~ {change.path}: {change.before} → {change.after}{by}"


def say_plan(plan: Plan, number: int = 1) -> list[str]:
    """A plan as lines: a head, then the steps by stage; field changes under the objects."""
    if plan.is_empty:
        return [f"{plan.verb} {plan.subject}: nothing to do"] if plan.verb else ["nothing to do"]
    steps = plan.steps
    again = f" (round {number})" if number > 1 else ""
    lines = [f"{plan.verb} {plan.subject}: {count(len(steps), 'step')}{again}"]
    several = len({step.target for step in steps if isinstance(step, Apply | Delete | AwaitReady)}) > 1
    for index, step in enumerate(steps, 1):
        on = f" on {step.target.cluster}" if several and isinstance(step, Apply | Delete | AwaitReady) else ""
        lines.append(f"  {index:>{len(str(len(steps)))}}. {say(step)}{on}")
        if isinstance(step, Apply) and step.change == "update":
            lines += [f"       {say_change(it)}" for it in step.fields]
    return lines


def say_problem(problem: Problem) -> list[str]:
    """A problem: place, sentence, evidence, what to do."""
    place = f"{problem.where}: " if problem.where else ""
    lines = [f"error[{problem.code}]: {place}{problem.message}"]
    lines += [f"  | {it}" for it in problem.evidence]
    if problem.hint:
        lines.append(f"  → {problem.hint}")
    return lines


def say_outcome(outcome: Outcome) -> list[str]:
    """How it ended: problems first, then one sentence, then where to look."""
    lines = [line for it in outcome.problems for line in say_problem(it)]
    if outcome.status == "answered":
        return lines
    lines.append(_sentence(outcome))
    if outcome.status in ("failed", "cancelled") and (outcome.done or outcome.left):
        lines += _declared(outcome)
    lines += [f"  {it}" for it in outcome.urls]
    return lines


def _sentence(outcome: Outcome) -> str:
    about = f"{outcome.verb} {outcome.subject}".strip()
    took = f" in {duration(outcome.seconds)}" if outcome.seconds >= 0.05 and outcome.done else ""
    match outcome.status:
        case "done":
            return f"{about}: done{took}, {count(len(outcome.done), 'step')}"
        case "nothing-to-do":
            return f"{about}: nothing to do"
        case "dry-run":
            return f"{about}: dry run, nothing was changed"
        case "refused":
            return f"{about}: refused, nothing was changed"
        case "failed":
            return f"{about}: failed{took}"
        case "cancelled":
            return f"{about}: stopped{took}"
        case "answered":
            return about


def _declared(outcome: Outcome) -> list[str]:
    done = f"  done: {', '.join(say(it) for it in outcome.done) or 'nothing, nothing was changed'}"
    left = f"  left: {', '.join(say(it) for it in outcome.left)}" if outcome.left else ""
    again = f"  run `paasctl {outcome.verb}` again to go on from here" if outcome.left else ""
    return [it for it in (done, left, again) if it]


def count(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 m 05 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m" if not rest else f"{minutes} m {rest:02d} s"


def size(number: float) -> str:
    """Bytes in binary units: `17 B`, `3.2 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < _KIB or unit == "GiB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _KIB
    raise AssertionError
