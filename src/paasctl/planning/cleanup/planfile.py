"""A saved plan: what was seen to go, to be agreed to by a person and carried out later, if it still may."""

from __future__ import annotations

import json
import re

from paasctl.errors import ConfigError, Refused
from paasctl.model.image import Pinned, Repository
from paasctl.planning.cleanup.decide import Sweep
from paasctl.planning.cleanup.facts import CleanupFacts

_FORMAT = 1
_LAST_COMMA = re.compile(rb",\s*\]\s*\}\s*\Z")
"""What stays where a review has struck out the last line."""


def plan_file(facts: CleanupFacts, found: Sweep) -> bytes:
    """The file's content: JSON, one manifest a line, so that a review can strike some out."""
    lines = [
        json.dumps({"manifest": str(it.at), "tags": list(it.tags), "why": it.why}, ensure_ascii=False)
        for it in found.doomed
    ]
    head = {"format": _FORMAT, "verb": "cleanup", "registry": facts.registry, "repository": str(facts.repository)}
    inner = ",\n  ".join(lines)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "deletes": [\n  {inner}\n]}}\n'.encode()


def agreed_in(content: bytes, name: str, registry: str, repository: Repository) -> frozenset[Pinned]:
    """What a saved plan lets go. `ConfigError` where it is none, `Refused` where it is about another registry."""
    try:
        said = json.loads(_LAST_COMMA.sub(b"]}", content))
        plan = (said["format"], said["verb"], str(said["repository"]))
        found = frozenset(_pinned(str(it["manifest"])) for it in said["deletes"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"reading {name}: it is no plan of a cleanup ({type(error).__name__}: {error})",
            hint=f"mend it, or make another: paasctl cleanup {registry} --save FILE",
            code="plan-unreadable",
        ) from error
    if plan[:2] != (_FORMAT, "cleanup"):
        raise ConfigError(f"reading {name}: it is a plan of another kind or format", code="plan-unreadable")
    if plan[2] != str(repository):
        raise Refused(
            f"cleaning up {registry} ({repository}) by {name}: that plan is about {plan[2]}", code="plan-of-another"
        )
    return found


def is_plan(content: bytes) -> bool:
    """Whether it is a plan of a cleanup, of whatever format: another one may take its place."""
    try:
        said = json.loads(_LAST_COMMA.sub(b"]}", content))
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("verb") == "cleanup" and "deletes" in said


def _pinned(text: str) -> Pinned:
    name, _, digest = text.partition("@")
    return Repository.parse(name).pinned(digest)
