"""Freezes, decided: what is still to be said, and what a freeze stops. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from paasctl.errors import Locked
from paasctl.model.freeze import Freeze, SetFreeze
from paasctl.model.kube import Target


def freezing(found: Mapping[Target, Freeze | None], now: float, until: str, message: str) -> tuple[SetFreeze, ...]:
    """What is to be said where it is not said already."""
    return tuple(
        SetFreeze(target=target, lifts=False, until=until, message=message)
        for target, it in found.items()
        if not (it and it.holds(now) and (it.until, it.message) == (until, message))
    )


def lifting(found: Mapping[Target, Freeze | None], now: float, reason: str) -> tuple[SetFreeze, ...]:
    """What is to be lifted: what is over by itself needs no word."""
    return tuple(SetFreeze(target=it, lifts=True, message=reason) for it, of in found.items() if of and of.holds(now))


def check_not_frozen(doing: str, environment: str, found: Mapping[Target, Freeze]) -> None:
    """`Locked` (`frozen`, exit 5) where any of the targets is frozen: `found` are those that hold."""
    if not found:
        return
    first, freeze = next(iter(found.items()))
    others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise Locked(
        f"{doing}: {first}{others} is {freeze}",
        hint=f"wait, or lift it: paasctl unfreeze {environment} --reason WHY",
        code="frozen",
    )
