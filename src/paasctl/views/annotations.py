"""GitHub Actions: problems also as annotations, one per cause, beside whatever another view says of them.

The runner reads workflow commands from either stream; ours go where the talk goes, so that results stay clean.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from paasctl.model.event import Event, Outcome, Problem, Warned
from paasctl.views.clean import clean, spelled
from paasctl.views.view import View

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<col>\d+))?")


def annotated(view: View, out: TextIO, environ: Mapping[str, str]) -> View:
    """The view itself; on GitHub Actions one that also annotates."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return view
    return Annotations(view, out, _from_root(environ))


@dataclass
class Annotations:
    """`place` makes a path of ours one from the repository's root, which is where annotations look."""

    view: View
    out: TextIO
    place: Callable[[str], str] = lambda path: path
    _said: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, event: Event) -> None:
        """Show one event, then annotate what it holds of problems."""
        self.view(event)
        match event:
            case Outcome(problems=problems):
                for it in problems:
                    self._problem(it)
            case Warned(text, hint):
                self._write("warning", "", "paasctl", f"{text}\n→ {hint}" if hint else text)
            case _:
                pass

    def close(self) -> None:
        """As the view does."""
        self.view.close()

    def _problem(self, it: Problem) -> None:
        body = "\n".join(filter(None, (it.message, *it.evidence[-10:], it.hint and f"→ {it.hint}")))
        self._write("error", it.where, it.code, body)

    def _write(self, level: str, where: str, title: str, body: str) -> None:
        if (where, body) in self._said:
            return
        self._said.add((where, body))
        found = _PLACE.fullmatch(where)
        named = {"file": self.place(found["file"]), "line": found["line"], "col": found["col"]} if found else {}
        values = {**named, "title": title}
        said = ",".join(f"{name}={_property(it)}" for name, it in values.items() if it)
        lines = "\n".join(clean(it) for it in body.split("\n"))
        self.out.write(spelled(f"::{level} {said}::{_message(lines)}", self.out.encoding) + "\n")
        self.out.flush()


def _message(text: str) -> str:
    """As the runner wants it (actions/toolkit, command.ts): what would end the command is percent-encoded."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _from_root(environ: Mapping[str, str]) -> Callable[[str], str]:
    root, here = environ.get("GITHUB_WORKSPACE", ""), environ.get("PWD", "")
    if not (posixpath.isabs(root) and posixpath.isabs(here)):
        return lambda path: path
    return lambda path: posixpath.relpath(posixpath.join(here, path), root)
