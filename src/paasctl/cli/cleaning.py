"""What was typed after `cleanup`, as the verb that it means: a question, unless something is to be deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import disk, read_regular
from paasctl.adapters.files import write_whole
from paasctl.cli.session import Session
from paasctl.errors import ConfigError, Exit, UsageError
from paasctl.planning.cleanup.decide import DEFAULT_CAP, Cap
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
    if (typed.apply or typed.plan) and not dry_run:
        return session.act(
            lambda: _acting(session, typed, folder), dry_run=False, exit_code=exit_code, yes=yes or bool(typed.plan)
        )

    def asking() -> AskCleanup:
        _check_together(session, typed)
        save = (lambda content: _write(folder / typed.save, content, typed.save)) if typed.save else None
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
        raise ConfigError(f"reading {name}: {error.strerror}", code="file-unreadable") from error


def _write(path: Path, content: bytes, name: str) -> str:
    with disk("writing", path):
        before = read_regular(path) if path.exists() else None
    write_whole(path, content, before)
    return name
