"""Results where a CI job looks for them: GitHub and Azure by their variables, others by a file that was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from paasctl.errors import UsageError
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.plan import Record
from paasctl.views import outputs
from paasctl.views.view import View

_FORMS = {".env": outputs.dotenv, ".properties": outputs.properties}


def with_outputs(view: View, talk: TextIO, environ: Mapping[str, str], file: Path | None) -> View:
    """The view itself where nobody asks for more; else one that writes results, too."""
    if file or any(environ.get(it) for it in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "TF_BUILD")):
        return Outputs(view, talk, environ, file)
    return view


def check_outputs(path: Path) -> None:
    """Refuse a file whose ending says no form, or that can't be written, before anything is done."""
    if _form(path) is None:
        raise UsageError(
            f"--outputs {path}: its ending says no form",
            hint="--outputs .paasctl/release.env for GitLab's dotenv, .paasctl/release.properties for Jenkins",
        )
    there = next(it for it in (path, *path.absolute().parents) if it.exists())
    if path.is_dir() or not os.access(there, os.W_OK):
        raise UsageError(f"--outputs {path}: {there} can't be written", hint="name another file")


def _form(path: Path) -> Callable[[Mapping[str, str]], str] | None:
    return _FORMS.get(path.suffix) or _FORMS.get(path.name)


@dataclass
class Outputs:
    """Writes when a verb that acts has done what it was to do."""

    view: View
    talk: TextIO
    environ: Mapping[str, str]
    file: Path | None
    _changelog: str = ""

    def __call__(self, event: Event) -> None:
        """Show one event, and remember what it brings."""
        self.view(event)
        match event:
            case Planned(plan=plan):
                found = [it.changelog for it in plan.steps if isinstance(it, Record)]
                self._changelog = found[0] if found else self._changelog
            case Outcome(status="done" | "nothing-to-do", facts=facts) if facts:
                self._write(event)
            case _:
                pass

    def close(self) -> None:
        """As the view does."""
        self.view.close()

    def _write(self, outcome: Outcome) -> None:
        values, page = outputs.outputs(outcome), outputs.summary(outcome, self._changelog)
        if self.file and (form := _form(self.file)):
            self._put(self.file, form(values), "w")
        self._put(self.environ.get("GITHUB_OUTPUT", ""), outputs.github(values))
        self._put(self.environ.get("GITHUB_STEP_SUMMARY", ""), page)
        if self.environ.get("TF_BUILD"):
            # The agent reads commands from either stream; results on stdout stay what a script can take.
            self.talk.write(outputs.azure(values))
            folder = self.environ.get("AGENT_TEMPDIRECTORY", "")
            path = Path(folder, f"paasctl-{outcome.verb}.md") if folder else ""
            if self._put(path, page, "w"):
                self.talk.write(outputs.azure_summary(str(path)))
            self.talk.flush()

    def _put(self, path: Path | str, text: str, mode: str = "a") -> bool:
        """Whether there is such a file and it was written. What was done stays done: a failure is only told."""
        if not str(path):
            return False
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with Path(path).open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            self.talk.write(f"warning: writing {path}: {error.strerror}\n")
            self.talk.flush()
            return False
        return True
