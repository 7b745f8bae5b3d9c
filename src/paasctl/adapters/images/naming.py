"""What every kind of place says about names: nothing there, several there, another image there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paasctl.errors import Missing, PaasError, Refused, WouldClobber

_NAMED = 12


def not_found(name: str, why: str) -> PaasError:
    """There is no image under that name: proved, not guessed."""
    return Missing(
        f"reading {name}: there is no such image ({why})",
        hint="look for a slip in the name or the tag",
        code="image-not-found",
    )


def several(name: str, names: Sequence[str], write: str) -> PaasError:
    """The name fits more than one image."""
    there = listed(it or "one without a name" for it in names)
    return Refused(f"reading {name}: several images lie there ({there})", hint=f"write {write}", code="image-ambiguous")


def listed(names: Iterable[str]) -> str:
    """The first of many names, and how many more there are."""
    there = sorted(set(names))
    more = f" and {len(there) - _NAMED:,} more" if len(there) > _NAMED else ""
    return f"{', '.join(there[:_NAMED])}{more}"


def clobbers(name: str, now: str, wanted: str) -> PaasError:
    """The name is another image's."""
    return WouldClobber(
        f"writing {name}: it is {now} already, not {wanted}",
        hint="choose another name, or move this one with --allow-tag-move",
    )
