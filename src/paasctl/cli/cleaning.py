"""What was typed after `cleanup`, as the verb that it means: a question, unless something is to be deleted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import disk, read_regular
from paasctl.adapters.files import write_whole
from paasctl.cli.session import Session
from paasctl.errors import ConfigError, Exit, UsageError, WouldClobber
from paasctl.planning.cleanup.decide import DEFAULT_CAP, Cap
from paasctl.planning.cleanup.planfile import is_plan
from paasctl.ports.world import Reads
from paasctl.verbs.cleanup.clean import AskCleanup, Cleanup


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed."""

    registry: str
    apply: bool = False
    plan: str = ""
    save: str = ""
    explain: str = ""
    max_delete: str = ""


@dataclass(frozen=True)
class _Asked:
    """A question that is made when it is asked, so that what was typed may be refused."""

    make: Callable[[], AskCleanup]

    def answer(self, reads: Reads, emit: Any, cancel: Any) -> tuple[Any, Exit]:
        """As the question has it."""
        return self.make().answer(reads, emit, cancel)


def conducted(session: Session, typed: Typed, *, dry_run: bool, exit_code: bool, yes: bool) -> int:
    """The exit status."""
    folder = Path(session.settings.directory or "")
    if typed.plan or (typed.apply and not dry_run):
        return session.act(
            lambda: _acting(session, typed, folder), dry_run=dry_run, exit_code=exit_code, yes=yes or bool(typed.plan)
        )

    def asking() -> AskCleanup:
        _check_together(session, typed)
        save = _saving(folder / typed.save, typed.save) if typed.save else None
        return AskCleanup(
            registry=typed.registry, cap=_cap(typed), explain=typed.explain, exit_code=exit_code, save=save
        )

    return session.ask(_Asked(asking))


def _acting(session: Session, typed: Typed, folder: Path) -> Cleanup:
    _check_together(session, typed)
    plan = (typed.plan, _read(folder / typed.plan, typed.plan)) if typed.plan else None
    return Cleanup(registry=typed.registry, cap=_cap(typed), plan=plan)


def _cap(typed: Typed) -> Cap:
    return Cap.parse(typed.max_delete) if typed.max_delete else DEFAULT_CAP


def _check_together(session: Session, typed: Typed) -> None:
    said = [name for name in ("apply", "plan", "save", "explain") if getattr(typed, name)]
    if len(said) > 1:
        raise UsageError(
            f"cleaning up {typed.registry}: --{said[0]} and --{said[1]} exclude each other",
            hint="leave one of them out",
        )
    if session.settings.context:
        raise UsageError(
            "--context: a cleanup looks at every cluster of paas.yaml, each by its own context",
            hint="leave it out, or give another --kubeconfig",
        )


def _read(path: Path, name: str) -> bytes:
    try:
        return read_regular(path)
    except OSError as error:
        raise ConfigError(
            f"reading {name}: {error.strerror}", hint="look for a slip in the name", code="file-unreadable"
        ) from error


def _saving(path: Path, name: str) -> Callable[[bytes], str]:
    """Writes a plan there. `WouldClobber`, before anything is looked at, where what lies there is no plan."""
    with disk("writing", Path(name)):
        before = read_regular(path) if os.path.lexists(path) else None
    if before is not None and not is_plan(before):
        raise WouldClobber(
            f"writing {name}: it is there already, and is no plan of a cleanup",
            hint="name another file; or remove that one",
            code="file-exists",
        )

    def write(content: bytes) -> str:
        write_whole(path, content, before)
        return name

    return write
