"""`cleanup`: what nothing runs, nothing can go back to and no rule keeps, gone from one registry. With proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from paasctl.config.find import find_registry
from paasctl.errors import ConfigError, Exit, Refused
from paasctl.model.cleanup import DELETED, CleanupAnswer, CleanupExplained
from paasctl.model.config import Config, Keep, Registry
from paasctl.model.event import Emit, Outcome, Warned
from paasctl.model.image import Pinned, Repository
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.rounds import Rounds
from paasctl.planning.cleanup.decide import (
    DEFAULT_CAP,
    VERB,
    Cap,
    Sweep,
    bound,
    check_cap,
    cleanup_plan,
    sweep,
)
from paasctl.planning.cleanup.facts import CleanupFacts
from paasctl.planning.cleanup.planfile import agreed_in, plan_file
from paasctl.planning.cleanup.told import explained, told
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.cleanup.roots import mentions
from paasctl.verbs.cleanup.shelf import Shelf
from paasctl.verbs.images.ending import ended


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCleanup:
    """What would go and why, what stays and because of what. Deletes nothing."""

    registry: str
    cap: Cap = DEFAULT_CAP
    explain: str = ""
    """A tag, a digest or its beginning: only that."""
    exit_code: bool = False
    save: Callable[[bytes], str] | None = None
    """Writes the plan down; gives the name of its file."""

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[CleanupAnswer | CleanupExplained, Exit]:
        """Exit 3 with `exit_code` where something would go."""
        shelf, registry = _shelf(reads, self.registry, emit, cancel)
        if not self.explain:
            _check_deletable(reads, registry.repository)
        shelf.look()
        facts = _facts(reads, shelf, registry, cancel)
        found = sweep(facts)
        if self.explain:
            return self._explained(facts, found), Exit.OK
        saved = self.save(plan_file(facts, found)) if self.save else ""
        status = Exit.CHANGES if self.exit_code and found.doomed else Exit.OK
        return told(facts, found, self.cap, saved), status

    def _explained(self, facts: CleanupFacts, found: Sweep) -> CleanupExplained:
        named = explained(facts, found, self.explain)
        if not named:
            raise Refused(
                f"explaining {self.explain}: nothing in {facts.repository} and its images has that tag or digest",
                hint=f"paasctl cleanup {self.registry}   shows all that is there",
                code="image-not-found",
            )
        return CleanupExplained(registry=self.registry, asked=self.explain, found=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """Delete what no root leads to; `plan`: only what that file names, as a person agreed to it."""

    registry: str
    cap: Cap = DEFAULT_CAP
    plan: tuple[str, bytes] | None = None
    """(name, content)."""
    _shelves: list[Shelf] = field(default_factory=list, repr=False, compare=False)
    _facts: list[CleanupFacts] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> CleanupFacts:
        """The registry first, since it takes long; then, as late as can be, what runs. Looked at twice before it acts.

        The second look finds what was pushed, and what began to run, while a person was thinking.
        """
        registry = _registry(reads.config, self.registry)
        if not self._shelves:
            shelf, _ = _shelf(reads, self.registry, emit, cancel)
            _check_deletable(reads, registry.repository)
            shelf.look()
            self._shelves.append(shelf)
        elif len(self._facts) == 1:
            self._shelves[0].look_again()
        else:
            return self._facts[-1]
        self._facts.append(_facts(reads, self._shelves[0], registry, cancel))
        return self._facts[-1]

    def next(self, facts: CleanupFacts, rounds: Rounds) -> Plan:
        """Everything in one plan."""
        if rounds:
            return NOTHING
        found = sweep(facts)
        if self.plan:
            name, content = self.plan
            found = bound(facts, found, agreed_in(content, name, self.registry, facts.repository))
        check_cap(facts, found.doomed, self.cap)
        return cleanup_plan(facts, found, asks=self.plan is None)

    def end(self, rounds: Rounds) -> Outcome:
        """What went."""
        facts = self._facts[0]
        outcome = ended(VERB, f"{facts.registry} ({facts.repository})", rounds)
        deleted = sum(int(it) for name, it in outcome.facts if name.startswith(DELETED))
        again = f"paasctl cleanup {self.registry} --apply" if self.plan is None else ""
        return replace(outcome, facts=(("deleted", str(deleted)),) if rounds else (), again=again)


def _registry(config: Config, name: str) -> Registry:
    registry = find_registry(config, name)
    if registry.keep is None:
        raise ConfigError(
            f"registries.{name} has no `keep`: nothing is deleted there",
            hint="say what stays there beside all that runs: keep: {releases: 30}",
            where=config.where("registries", name),
            code="nothing-to-keep",
        )
    return registry


def _shelf(reads: Reads, name: str, emit: Emit, cancel: Cancel) -> tuple[Shelf, Registry]:
    config = reads.config
    registry = _registry(config, name)
    repository = registry.repository
    shelf = Shelf(reads.registry(repository.host), repository, config.app, config.images, emit=emit, cancel=cancel)
    _check_alone(config, registry, shelf)
    if not config.clusters:
        emit(Warned(f"{config.file} names no cluster: nothing is known of what runs", hint="add those that pull here"))
    return shelf, registry


def _check_alone(config: Config, registry: Registry, shelf: Shelf) -> None:
    """Refuse where another registry of the file lies in the same repositories: it may keep other things."""
    for other in config.registries.values():
        theirs = {other.repository, *map(other.repository.child, config.images)}
        if other.name != registry.name and (both := sorted(theirs & shelf.tree.keys())):
            raise Refused(
                f"cleaning up {registry.name}: registry {other.name} keeps its releases in {both[0]}, too",
                hint="give each a repository of its own",
                code="registry-shared",
            )


def _check_deletable(reads: Reads, repository: Repository) -> None:
    reads.registry(repository.host).check_deletable(repository)


def _facts(reads: Reads, shelf: Shelf, registry: Registry, cancel: Cancel) -> CleanupFacts:
    found, looked = mentions(reads, shelf.tree, cancel)
    at = {it.path: it for it in shelf.tree}
    shelf.find(Pinned(at[it.here], it.digest) for it in found if it.here in at)
    config = reads.config
    return CleanupFacts(
        registry=registry.name,
        app=config.app,
        repository=registry.repository,
        keep=registry.keep or Keep(),  # there is one: `_registry` saw it
        now=reads.clock.utc(),
        held=dict(shelf.held),
        mentions=found,
        noted=frozenset(shelf.noted),
        looked=looked,
    )
