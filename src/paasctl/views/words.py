"""The sentences we say about steps, plans and outcomes. One place, so that they stay consistent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import assert_never

from paasctl.errors import Exit
from paasctl.model.approving import Approve
from paasctl.model.between import CopyTo, RebaseTo, SquashTo
from paasctl.model.boxing import ExportRelease
from paasctl.model.cleanup import CloseSweep, DeleteManifests, NoteSweep
from paasctl.model.counting import count
from paasctl.model.event import Outcome, Problem, Ready, Scene, Warned
from paasctl.model.freeze import SetFreeze
from paasctl.model.plan import (
    Apply,
    AwaitReady,
    Build,
    Delete,
    FieldChange,
    Plan,
    Push,
    Record,
    RunHook,
    Sign,
    SquashImage,
    Step,
    TagCommit,
    TagImage,
    WriteFile,
)
from paasctl.model.promoting import Attest, CarryOver, NotePromotion, TagRecord
from paasctl.model.verdict import PodSeen, Verdict
from paasctl.views.amounts import duration
from paasctl.views.approving import say_approved
from paasctl.views.between import detail_between, phase_between, say_between, say_written
from paasctl.views.boxing import detail_export, say_export, say_exported
from paasctl.views.clean import clean, clean_lines
from paasctl.views.cleanup import phase_cleanup, say_cleanup
from paasctl.views.mask import fields_of
from paasctl.views.promoting import (
    detail_promoting,
    phase_promoting,
    say_brings,
    say_gates,
    say_promoted,
    say_promoting,
)
from paasctl.views.releasing import phase_release, say_release

_VALUE = 80
_NAMED = 4
"""How many steps of an outcome are named, before the rest is only counted."""
_LONG = re.compile(r"\b(?P<kept>sha256:[0-9a-f]{12}|[0-9a-f]{12}(?=[0-9a-f]{28}\b))[0-9a-f]+…?")
"""Digests, whole or cut off, and commits."""
_UNCHANGED = frozenset({Exit.USAGE, Exit.REFUSED, Exit.LOCKED, Exit.CONFIG, Exit.FORBIDDEN})
"""Exits that promise that nothing changed, where nothing was done."""


def say(step: Step) -> str:  # noqa: C901, PLR0911 - a match over a closed union
    """What a step does, in the infinitive: `create ConfigMap/web`."""
    match step:
        case Build():
            return f"build {step.image.name} from {'layers' if step.image.layers else step.image.dockerfile}"
        case SquashImage():
            return f"squash {step.image.name}{_squash(step)}"
        case Push():
            return f"push {step.name} to {step.repository}"
        case SquashTo() | CopyTo() | RebaseTo():
            return say_between(step)
        case TagCommit() | Record() | TagImage() | RunHook() | Sign():
            return say_release(step)
        case CarryOver() | NotePromotion() | TagRecord() | Attest() | Approve():
            return say_promoting(step)
        case NoteSweep() | DeleteManifests() | CloseSweep():
            return say_cleanup(step)
        case Apply():
            return f"{step.change} {step.manifest.key}"
        case Delete() | SetFreeze():
            return say_freeze(step) if isinstance(step, SetFreeze) else f"delete {step.key}"
        case AwaitReady():
            return f"wait up to {duration(step.timeout)} for {say_keys(step)}"
        case WriteFile() | ExportRelease():
            return say_export(step) if isinstance(step, ExportRelease) else _write(step)
        case _:
            assert_never(step)


def _write(step: WriteFile) -> str:
    return f"write {step.path}{f': {step.why}' if step.why else ''}"


def say_freeze(step: SetFreeze) -> str:
    """`freeze eu/shop-production/shop until …: why`, or that it is lifted."""
    until = f" until {step.until}" if step.until else ""
    return f"{'lift the freeze of' if step.lifts else 'freeze'} {step.target}{until}: {clean(step.message)}"


def say_done(step: Step) -> str:
    """The same of a step that is done, as what is true now where that is more than its end."""
    return f"ready: {say_keys(step)}" if isinstance(step, AwaitReady) else say(step)


def phase(step: Step) -> str:  # noqa: C901, PLR0911 - a match over a closed union
    """Which part of a run a step belongs to, in a word or two."""
    match step:
        case Build():
            return "build"
        case SquashImage():
            return "squash"
        case Push():
            return "push"
        case SquashTo() | CopyTo() | RebaseTo():
            return phase_between(step)
        case TagCommit() | Record() | TagImage() | RunHook() | Sign():
            return phase_release(step)
        case CarryOver() | NotePromotion() | TagRecord() | Attest() | Approve():
            return phase_promoting(step)
        case NoteSweep() | DeleteManifests() | CloseSweep():
            return phase_cleanup(step)
        case WriteFile() | ExportRelease():
            return "write"
        case Apply():
            return "apply"
        case Delete() | SetFreeze():
            return "say" if isinstance(step, SetFreeze) else "prune"
        case AwaitReady():
            return "wait"
        case _:
            assert_never(step)


def _squash(step: SquashImage) -> str:
    squash = step.image.squash
    if squash is None:
        return ""
    if squash.base == "auto":
        return " where that pays"
    many = f" to {count(squash.layers, 'layer')}" if squash.layers != "auto" else ""
    return f"{many}{' above the base' if squash.base == 'keep' else ''}"


def say_keys(step: AwaitReady) -> str:
    """What a wait is for: `Deployment/web, Deployment/worker`."""
    names = [str(key) for key in step.keys]
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def say_change(change: FieldChange) -> str:
    """One field's change, as a line under its object. Digests and commits are shortened, a repository is said once."""
    by = f"   (set by {change.manager})" if change.manager and change.manager != "paasctl" else ""
    before, after = (None if it is None else _LONG.sub(r"\g<kept>…", clean(it)) for it in (change.before, change.after))
    if before is None:
        return f"+ {change.path}: {_cut(after or '')}{by}"
    if after is None:
        return f"- {change.path}: {_cut(before)}{by}"
    name, _, digest = after.partition("@sha256:")
    if digest and before.startswith(f"{name}@sha256:"):
        after = f"sha256:{digest}"
    return f"~ {change.path}: {_cut(before)} → {_cut(after)}{by}"


def _cut(value: str) -> str:
    return value if len(value) <= _VALUE else f"{value[: _VALUE - 1]}…"


def say_plan(plan: Plan, number: int = 1, *, whole: bool = False) -> list[str]:
    """A plan as lines: a head, the steps in order, field changes under the objects, then what must be agreed to.

    What follows in a later round is told then: here it has its head only, unless this is the `whole` answer, or it is
    what somebody must agree to.
    """
    if plan.is_empty:
        return []  # the outcome says that there is nothing to do, once
    again = f" (round {number})" if number > 1 else ""
    lines = [f"{plan.verb} {plan.subject}: {count(len(plan.steps), 'step')}{again}"]
    lines += [f"  {it}" for it in say_gates(plan.gates)]
    several = is_several(plan)
    width = len(str(len(plan.steps)))
    for index, step in enumerate(plan.steps, 1):
        lines.append(f"  {index:>{width}}. {say(step)}{on_cluster(step) if several else ''}")
        if isinstance(step, Apply) and step.change == "update":
            lines += [f"  {'':{width}}    {say_change(it)}" for it in fields_of(step)]
        lines += [f"  {'':{width}}    {it}" for it in _detail(step)]
    lines += [line for it in plan.then for line in _later(it, whole=whole or bool(plan.asks))]
    return [clean(it) for it in ([*lines, f"  ! asks first: {plan.asks}"] if plan.asks else lines)]


def _later(plan: Plan, *, whole: bool) -> list[str]:
    head, *rest = say_plan(replace(plan, asks=""))
    return [f"then {head}", *(rest if whole else ())]


def _detail(step: Step) -> Iterable[str]:
    """What a plan tells of a step below its line."""
    match step:
        case SquashTo() | CopyTo() | RebaseTo():
            return detail_between(step)
        case CarryOver():
            return detail_promoting(step)
        case NotePromotion():
            return say_gates(step.gates)
        case TagRecord():
            return say_brings(step)
        case ExportRelease():
            return detail_export(step)
        case _:
            return ()


def cluster_of(step: Step) -> str:
    """The cluster a step is about; empty for the others."""
    return step.target.cluster if isinstance(step, Apply | Delete | AwaitReady) else ""


def on_cluster(step: Step) -> str:
    """` on eu`, where a step is about a cluster."""
    return f" on {cluster}" if (cluster := cluster_of(step)) else ""


def is_several(plan: Plan) -> bool:
    """Whether its steps are about more than one cluster, so that it must be said which."""
    return len({cluster for it in plan.steps if (cluster := cluster_of(it))}) > 1


def say_pod(pod: PodSeen) -> str:
    """A pod that is not well: `web-7d9-abcde: CrashLoopBackOff, 3 restarts`."""
    restarts = f", {count(pod.restarts, 'restart')}" if pod.restarts else ""
    return f"{pod.name}: {pod.reason or pod.phase}{restarts}"


def troubled(verdict: Verdict) -> list[PodSeen]:
    """The pods of a workload that keep it from being ready: new ones, not ready, with something to say."""
    pods = [it for it in verdict.pods if it.new and not it.ready]
    return [it for it in pods if it.reason or it.restarts or it.phase in ("Failed", "Unknown")]


def say_ready(event: Ready) -> list[str]:
    """What stays, where it is, and what to do with it."""
    width = max((len(name) for name, _ in event.facts), default=0)
    facts = [f"  {name:<{width}}  {clean(value)}" for name, value in event.facts]
    return [clean(event.what), *facts, *(f"  → {clean(it)}" for it in event.tips)]


def say_scene(event: Scene) -> list[str]:
    """A scene's heading, what it is about, and the command as one would type it."""
    heading = f"== {event.number} of {event.total}: {clean(event.title)}"
    command = [f"$ {clean(event.command)}"] if event.command else []
    return ["", heading, *map(clean, event.said), *command]


def say_warning(warned: Warned) -> list[str]:
    """A warning, and what to do about it one day."""
    lines = [f"warning: {clean(warned.text)}"]
    return [*lines, f"  → {clean(warned.hint)}"] if warned.hint else lines


def say_problem(problem: Problem) -> list[str]:
    """A problem: place, sentence, evidence, what to do."""
    place = f"{problem.where}: " if problem.where and problem.where not in problem.message else ""
    lines = [f"error[{problem.code}]: {place}{clean(problem.message)}"]
    lines += [f"  | {line}" for it in problem.evidence for line in clean_lines(it)]
    return [*lines, f"  → {clean(problem.hint)}"] if problem.hint else lines


def say_outcome(outcome: Outcome) -> list[str]:
    """How it ended. A failure: what failed, how far it came, why, the evidence, and last the next command."""
    return [clean(it) for it in _outcome(outcome)]


def _outcome(outcome: Outcome) -> list[str]:
    if outcome.chapters and not outcome.rows:  # of several goals the table says what became of each
        *before, last = outcome.chapters
        return [line for it in (*before, replace(last, seconds=outcome.seconds)) for line in _outcome(it)]
    problems = [line for it in outcome.problems for line in say_problem(it)]
    match outcome.status:
        case "answered":
            return problems
        case "failed" | "cancelled" | "refused":
            told = (f"  {it}" for it in say_promoted(outcome))
            return [*headline(outcome), *told, *_declared(outcome), *problems, *_next(outcome)]
        case _:
            told = (
                f"  {it}"
                for it in (
                    *say_promoted(outcome),
                    *say_approved(outcome),
                    *say_written(outcome),
                    *say_exported(outcome),
                    *outcome.urls,
                )
            )
            return [*problems, *headline(outcome), *told]


def headline(outcome: Outcome) -> list[str]:
    """The one sentence on how it ended; none where there is nothing to say but the problem itself."""
    about = f"{outcome.verb} {outcome.subject}".strip()
    took = f" in {duration(outcome.seconds)}" if outcome.seconds >= 0.05 and (outcome.done or outcome.left) else ""
    unchanged = ", nothing was changed" if not outcome.done and outcome.exit in _UNCHANGED else ""
    said = {
        "done": f"done{took}, {count(len(outcome.done), 'step')}" if outcome.done else "done",
        "nothing-to-do": "nothing to do",
        "dry-run": "dry run, nothing was changed",
        "refused": f"refused{unchanged}",
        "failed": f"failed{took}{unchanged}",
        "cancelled": f"stopped{took}",
    }[outcome.status]
    if about:
        return [f"{about}: {said}"]
    several = f"{count(len(outcome.problems), 'problem')}" if len(outcome.problems) > 1 else ""
    return [f"{several}{unchanged}"] if several else []


def _declared(outcome: Outcome) -> list[str]:
    if not (outcome.done or outcome.left):
        return []
    done = f"  done: {_named(outcome.done) or 'nothing'}"
    return [done, f"  left: {_named(outcome.left)}"] if outcome.left else [done]


def _named(steps: Sequence[Step]) -> str:
    said = [say(it) for it in steps]
    if len(said) <= _NAMED:
        return "; ".join(said)
    return f"{'; '.join(said[: _NAMED - 1])}; and {len(said) - _NAMED + 1} more"


def _next(outcome: Outcome) -> list[str]:
    """The command that goes on, where no hint ended with one, or where there is something left to go on with."""
    hinted = any(it.hint for it in outcome.problems)
    again = f"`{outcome.again}`" if outcome.again else "the same command again"
    if outcome.status == "refused" or outcome.exit in _UNCHANGED or not (outcome.problems or outcome.left):
        return []
    if outcome.back:
        return [f"  → mend it and release again, or go back: {outcome.back}"]
    if outcome.left and outcome.done:
        return [f"  → {'then ' if hinted else ''}run {again}: it goes on from here"]
    if hinted:
        return []
    if outcome.exit == Exit.TIMEOUT:
        return [f"  → run {again}, and give it longer with --timeout"]
    return [f"  → run {again}{'' if outcome.status == 'cancelled' else ' when that is mended'}"]
