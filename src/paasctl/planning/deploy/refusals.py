"""When a deploy is refused before anything was written. Every finding at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from paasctl.errors import Refused, WouldClobber
from paasctl.model.kube import OWNER_LABEL, Live, Rejection
from paasctl.planning.deploy.facts import DeployFacts, TargetFacts, owner
from paasctl.planning.fields.owned import managers

_SHOWN: Final = 3


def check(facts: DeployFacts, *, conflicts: bool = True) -> None:
    """Raise `Refused` where a rule says no: nothing rendered, things that aren't ours, the API server's own no.

    Without `conflicts`, fields of others are none of its business.
    """
    for it in facts.targets:
        if not it.wanted:
            raise Refused(
                f"deploying {facts.version} to {it.target}: nothing was rendered: all that runs there would go",
                hint="paasctl render   (see why); paasctl undeploy   (where that is what you want)",
                code="nothing-rendered",
            )
    foreign = [(it, live) for it in facts.targets for live in _foreign(it)]
    if foreign:
        raise _clobber(foreign)
    rejected = [(it, no) for it in facts.targets for no in _rejections(it) if conflicts or not no.conflicts]
    if rejected:
        raise _rejected(facts, rejected)


# --- ownership (D31) ------------------------------------------------------------------------------------------------


def _foreign(facts: TargetFacts) -> Iterator[Live]:
    live = facts.live
    return (live[it.key] for it in facts.wanted if it.key in live and not facts.is_ours(live[it.key]))


def _clobber(foreign: list[tuple[TargetFacts, Live]]) -> WouldClobber:
    lines = tuple(f"{live.key} in {facts.target} {_whose(live)}" for facts, live in foreign)
    facts, first = foreign[0]
    kubectl = f"kubectl -n {facts.target.namespace} label {first.key.kind.lower()} {first.key.name}"
    return WouldClobber(
        f"deploying over what is not ours: {_several(lines)}",
        hint=f"give it another name, or hand it over: {kubectl} --overwrite {OWNER_LABEL}={facts.target.app}",
        evidence=lines,
        code="not-ours",
    )


def _whose(live: Live) -> str:
    if app := owner(live):
        return f"belongs to the app {app!r}"
    made = managers(live.body)
    return f"was made by {', '.join(made)}" if made else "was made by somebody else"


# --- what the API server says (D10, D14, D15, D19) ------------------------------------------------------------------


def _rejections(facts: TargetFacts) -> Iterator[Rejection]:
    for it in facts.wanted:
        found = facts.previews.get(it.key)
        if isinstance(found, Rejection) and not _is_early(found, facts):
            yield found


def _is_early(no: Rejection, facts: TargetFacts) -> bool:
    """A dry run cannot see the namespace that this very run makes (D19)."""
    return not facts.namespace_exists and no.reason == "NotFound"


def _rejected(facts: DeployFacts, found: list[tuple[TargetFacts, Rejection]]) -> Refused:
    lines = tuple(line for it, no in found for line in _lines(it, no))
    conflict = all(no.conflicts for _, no in found)
    who = "others own fields" if conflict else "the API server refuses"
    return Refused(
        f"deploying {facts.version}: {who}: {_several(lines)}",
        hint=_hint(facts, found),
        evidence=lines,
        code="field-conflict" if conflict else "rejected",
    )


def _lines(facts: TargetFacts, no: Rejection) -> Iterator[str]:
    where = f"{no.key} in {facts.target}"
    if no.conflicts:
        for manager, field in no.conflicts:
            yield f"{where}: {field} is set by {manager}"
    else:
        yield f"{where}: {no.message}"


def _hint(facts: DeployFacts, found: list[tuple[TargetFacts, Rejection]]) -> str:
    first, no = found[0]
    if no.conflicts:
        take = "kubectl apply --server-side --field-manager paasctl --force-conflicts -f -"
        return f"leave these fields out, or take them over: paasctl render {facts.environment} | {take}"
    if "immutable" in no.message:
        name = f"{no.key.kind.lower()} {no.key.name}"
        return f"give it another name, or remove it first: kubectl -n {first.target.namespace} delete {name}"
    return f"paasctl render {facts.environment}   (what was sent)"


def _several(lines: tuple[str, ...]) -> str:
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more
