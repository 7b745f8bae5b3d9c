"""From settings to a run: find the project, pick the view, wire the world, conduct."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from paasctl.cli import conduct
from paasctl.cli.options import Color, Output, Settings, seconds
from paasctl.cli.outputs import check_outputs, with_outputs
from paasctl.cli.project import check_directory
from paasctl.cli.pump import pumped
from paasctl.cli.signals import listening
from paasctl.cli.unforeseen import is_output_lost, problem
from paasctl.cli.wiring import Outside
from paasctl.engine.cancel import Cancel
from paasctl.errors import PaasError, UsageError
from paasctl.model.plan import Plan
from paasctl.views.view import View


@dataclass
class Session:
    """One run of one verb."""

    settings: Settings
    verb: str
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    stdin: TextIO = field(default_factory=lambda: sys.stdin)
    outputs: str = ""
    """A file for named results, in the form that its ending says."""
    ahead: tuple[str, ...] = ()
    """Modules that its engine will need."""

    def act(
        self, make: Callable[[], conduct.Act], *, dry_run: bool, exit_code: bool, yes: bool, wait_lock: str = "65s"
    ) -> int:
        """Conduct a verb that acts. `make` may refuse what was typed: that is told as any other problem."""
        return self._run(
            lambda how, _: conduct.act(make(), how), dry_run=dry_run, exit_code=exit_code, yes=yes, wait_lock=wait_lock
        )

    def travel(
        self, make: Callable[[], conduct.Journey], *, dry_run: bool, exit_code: bool, yes: bool, wait_lock: str
    ) -> int:
        """Conduct several verbs that act, one after the other."""
        return self._run(
            lambda how, _: conduct.travel(make(), how),
            dry_run=dry_run,
            exit_code=exit_code,
            yes=yes,
            wait_lock=wait_lock,
        )

    def ask(self, question: conduct.Question) -> int:
        """Answer a question. One that `draws` has a picture, too."""
        return self._run(lambda how, _: conduct.ask(question, how), draws=getattr(question, "draws", False))

    def stay(self, verb: conduct.Stay) -> int:
        """Let a verb of the embedded world stay until it is stopped."""

        def go(how: conduct.Conduct, outside: Outside) -> int:
            from paasctl.cli.embedding import Box  # the embedded world is imported by what needs it alone

            return int(conduct.stay(verb, Box(shown=how.drain, outside=outside), how))

        return self._run(go)

    def rehearse(self, deploy: Callable[[], Any], *, faults: Sequence[str], script: str) -> int:
        """Rehearse what `deploy` makes, which may refuse what was typed."""

        def go(how: conduct.Conduct, outside: Outside) -> int:
            from paasctl.cli.said import read_faults, read_script_file
            from paasctl.cli.stage import Stage
            from paasctl.verbs.rehearse import Rehearse

            scripts = read_script_file(Path(script)) if script else ()
            stage = Stage(outside, how, read_faults(faults), scripts)
            return int(conduct.ask(Rehearse(deploy=deploy, stage=stage), how))

        return self._run(go)

    def _run(
        self,
        go: Callable[[conduct.Conduct, Outside], int],
        *,
        dry_run: bool = False,
        exit_code: bool = False,
        yes: bool = False,
        wait_lock: str = "65s",
        draws: bool = False,
    ) -> int:
        with pumped(self._view()) as emit:
            try:
                self._check_picture(draws=draws)
                check_directory(self.settings)
                if self._outputs:
                    check_outputs(self._outputs)
                cancel = Cancel(self.settings.timeout_seconds)
                outside = Outside(settings=self.settings, cancel=cancel, verb=self.verb, emit=emit, ahead=self.ahead)
                how = conduct.Conduct(
                    reads=outside,
                    world=outside,
                    emit=emit,
                    cancel=cancel,
                    holder=lambda: outside.holder,
                    same=_same_writes,
                    agreed=self._asker(emit.drain, yes=yes),
                    answers=yes or self._can_ask,
                    now=outside.clock.now,
                    drain=emit.drain,
                    dry_run=dry_run,
                    exit_code=exit_code,
                    wait_lock=seconds(wait_lock, "--wait-lock"),
                )
                with closing(outside):
                    return int(_stoppable(lambda it: go(it, outside), how))
            except PaasError as error:
                outcome = conduct.failed(error)
                emit(outcome)
                return int(outcome.exit)
            except Exception as error:
                if is_output_lost(error):
                    raise
                outcome = conduct.failed(problem(error))  # told by the view that knows what was said before
                emit(outcome)
                return int(outcome.exit)

    def _check_picture(self, *, draws: bool) -> None:
        if self._output is Output.SVG and not draws:
            raise UsageError(
                f"{self.verb} --output svg: there is no picture of that",
                hint="paasctl image inspect draws one; --output json is for scripts",
            )

    def _asker(self, shown: Callable[[], None], *, yes: bool) -> Callable[[Plan], bool | None]:
        """Who agrees to a plan. `shown` returns when all that was said is on the screen: the plan comes first."""
        if yes:
            return lambda _: True
        return (lambda plan: self._question(plan, shown)) if self._can_ask else (lambda _: None)

    @property
    def _can_ask(self) -> bool:
        return self._output is Output.TEXT and self.stdin.isatty() and self.stderr.isatty()

    def _question(self, plan: Plan, shown: Callable[[], None]) -> bool:
        shown()
        self.stderr.write(f"{plan.verb} {plan.subject}: {plan.asks}. Go on? [y/N] ")
        self.stderr.flush()
        return self.stdin.readline().strip().lower() in ("y", "yes")

    @property
    def _output(self) -> Output:
        return self.settings.output or Output.TEXT

    @cached_property
    def _quiet(self) -> bool:
        return bool(self.settings.quiet)

    def _view(self) -> View:
        from paasctl.views.annotations import annotated

        view = annotated(self._plain_view(), self.stderr, os.environ)
        return with_outputs(view, self.stderr, os.environ, self._outputs)

    @property
    def _outputs(self) -> Path | None:
        return Path(self.settings.directory or "", self.outputs) if self.outputs else None

    def _plain_view(self) -> View:
        match self._output:
            case Output.JSONL:
                from paasctl.views.jsonl import JsonLines

                return JsonLines(self.stdout, self.verb)
            case Output.JSON | Output.YAML:
                return self._end_only()
            case Output.TEXT:
                return self._text(self.stdout)
            case Output.SVG:
                from paasctl.views.svg import Picture

                return Picture(self.stdout, self._text(self.stderr))

    def _end_only(self) -> View:
        from paasctl.cli.wiring import dump_json, dump_yaml
        from paasctl.views.jsonl import EndOnly

        dump = dump_json if self._output is Output.JSON else dump_yaml
        return EndOnly(self.stdout, dump, self._text(self.stderr), self.verb)

    def _text(self, result: TextIO) -> View:
        from paasctl.cli.wiring import dump_yaml
        from paasctl.views.plain import Plain

        if self._is_alive():
            from paasctl.views.rich import Rich

            return Rich(
                result=result,
                talk=self.stderr,
                dump=dump_yaml,
                quiet=self._quiet,
                verbose=bool(self.settings.verbose),
                color=self._color(),
            )
        return Plain(
            result=result,
            talk=self.stderr,
            dump=dump_yaml,
            quiet=self._quiet,
            verbose=bool(self.settings.verbose),
            color=self._color() is True,
        )

    def _is_alive(self) -> bool:
        return self.stderr.isatty() and os.environ.get("TERM") != "dumb" and not self._quiet

    def _color(self) -> bool | None:
        match self.settings.color or Color.AUTO:
            case Color.ALWAYS:
                return True
            case Color.NEVER:
                return False
            case Color.AUTO:
                if os.environ.get("NO_COLOR"):
                    return False
                return True if os.environ.get("FORCE_COLOR") else None


def _same_writes(first: Plan, again: Plan) -> bool:
    from paasctl.planning.deploy import same_writes  # only a run that locks plans twice

    return same_writes(first, again)


def _stoppable(go: Callable[[conduct.Conduct], int], how: conduct.Conduct) -> int:
    """Conduct, and listen to signals meanwhile: until something is begun they end even a wait for an answer."""
    began = how.now()
    how.cancel.free = True
    try:
        with listening(how.cancel):
            return go(how)
    except PaasError as error:
        return conduct.ended(conduct.failed(error), began, how)
