"""The report of a rehearsal, in words."""

from __future__ import annotations

from collections import Counter

from paasctl.errors import Exit
from paasctl.model.answer import CopyTold, FaultTold, ObjectDiff, RehearsalAnswer, StatusRow
from paasctl.model.counting import count
from paasctl.views.amounts import duration
from paasctl.views.clean import clean
from paasctl.views.mask import fields_of
from paasctl.views.words import say, say_change, say_pod, say_problem, troubled

_MARKS = {"create": "+", "update": "~", "delete": "-"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}
_ENDS = {"done": "it went well", "nothing-to-do": "there was nothing to do", "refused": "it was refused"}


def report(answer: RehearsalAnswer) -> list[str]:
    """What would be written, what went wrong on purpose, how it went, where it ended, what it can't tell."""
    several = len(answer.copies) > 1
    about = f"{answer.environment} {answer.version}".strip()
    return [
        f"== rehearsed: deploy {about}",
        *(line for it in answer.copies for line in _copy(it)),
        "",
        *_writes(answer, several=several),
        *(_faults(answer) if answer.faults else ()),
        "",
        *_ending(answer),
        "",
        "== what a rehearsal can't tell",
        *(f"  {it}" for it in answer.limits),
        "",
        "nothing was written to a live cluster or registry",
    ]


def _copy(it: CopyTold) -> list[str]:
    where = f"{', '.join(it.namespaces)}, " if it.namespaces else "its namespace is not there yet; around it "
    lines = [f"  on a copy of {it.cluster}: {where}{count(it.objects, 'object')}"]
    if it.unread:
        lines.append(f"  ! you may not read these there, so the copy has none: {', '.join(map(str, it.unread))}")
    if it.unheld:
        lines.append(f"  ! not copied, since no copy can hold them: {', '.join(map(str, it.unheld))}")
    return lines


def _writes(answer: RehearsalAnswer, *, several: bool) -> list[str]:
    kinds = Counter(it.change for it in answer.objects)
    said = ", ".join(f"{kinds[it]} {_DONE[it]}" for it in _DONE if kinds[it])
    before = [f"  {say(it)}" for it in answer.steps]
    asks = [f"  ! the deploy asks first: {answer.asks}"] if answer.asks else []
    objects = [line for it in answer.objects for line in _object(it, several=several)]
    return [f"== what would be written: {said or 'nothing'}", *objects, *before, *asks]


def _object(it: ObjectDiff, *, several: bool) -> list[str]:
    on = f"  (on {it.target.cluster})" if several else ""
    return [f"  {_MARKS[it.change]} {it.key}{on}", *(f"      {say_change(change)}" for change in fields_of(it))]


def _faults(answer: RehearsalAnswer) -> list[str]:
    return ["", "== what the faults did", *(line for it in answer.faults for line in _fault(it))]


def _fault(it: FaultTold) -> list[str]:
    head = f"  {clean(it.rule)}  (on {it.cluster})"
    if not it.hits:
        return [head, "    never struck: no such request came, or not often enough"]
    struck = f"    struck {count(it.hits, 'time')}: {', '.join(it.requests)}"
    waits = ", ".join(duration(wait) for wait in it.waits)
    lines = [head, struck]
    lines += [f"    paasctl asked again after {waits}"] if waits else []
    lines += [f"    paasctl did not ask again: {count(it.given_up, 'request')}"] if it.given_up else []
    return lines


def _ending(answer: RehearsalAnswer) -> list[str]:
    how = _ENDS.get(answer.status, f"it {answer.status}")
    took = f" in {duration(answer.took)}, {count(answer.done, 'step')} done" if answer.done else ""
    lines = [f"== how it ended: {how}{took}"]
    lines += [f"  {line}" for it in answer.problems for line in say_problem(it)]
    lines += [line for it in answer.targets for line in _target(it)]
    lines.append(f"  the deploy exits with {answer.exit} ({_meaning(answer.exit)})")
    if answer.left is None:
        return lines
    left = f"would have {count(answer.left, 'step')} left to do" if answer.left else "would find nothing left to do"
    return [*lines, f"  the same deploy once more {left}"]


def _target(row: StatusRow) -> list[str]:
    where = f"  {row.target.namespace} on {row.target.cluster}:"
    if row.error:
        return [f"{where} {clean(row.error)}"]
    lines = [f"{where} {row.version or 'nothing of ours runs there'}"]
    for it in row.verdicts:
        mark = {"ready": "✓", "waiting": "…", "doomed": "✗"}[it.state]
        lines.append(f"    {mark} {it.key}: {it.text}")
        lines += [f"        {say_pod(pod)}" for pod in troubled(it)]
    return lines


def _meaning(status: int) -> str:
    return Exit(status).name.lower().replace("_", " ")
