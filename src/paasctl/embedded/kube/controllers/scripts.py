"""How simulated pods behave: rules that match containers, as data.

A script is a mapping: `match` (any of `namespace`, `labels`, `container`, `image` with *, `env`, `args`) and what
happens: `ready` (seconds until it serves), `crash` (`{exit: 3, after: 0.2, signal: 9, logs: [..]}`), `oom: true`,
`never-ready: MESSAGE`, `unschedulable: MESSAGE`, `pull: not-found|unauthorized|unreachable`, `start-error: MESSAGE`,
`exit: 0` (it ends by itself, as Jobs do), `slow-stop` (seconds from SIGTERM to the end), `logs` (lines).
The last script that matches wins. On a pod, the annotation `sim.paasctl.dev/script` says the same as JSON.
What is a Job's and is told nothing else ends well by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from paasctl.embedded.kube.controllers.shapes import controller_of, labels, meta, notes
from paasctl.embedded.kube.model import Object

ANNOTATION = "sim.paasctl.dev/script"
_QUICK = 0.3
_WORDS = frozenset(
    {"ready", "crash", "oom", "never-ready", "unschedulable", "pull", "start-error", "exit", "slow-stop", "logs"}
)

_CRASH = ("exit", "after", "signal", "logs")
_PULLS = ("not-found", "unauthorized", "unreachable")
_LONGEST, _HIGHEST = 1_000_000, (1 << 31) - 1


class BadScriptError(ValueError):
    """A script that can't be read; the message says what is wrong."""


@dataclass(frozen=True)
class Crash:
    """A container that ends: after so many seconds, with this code or signal."""

    exit: int = 1
    after: float = 0.2
    signal: int = 0
    reason: str = "Error"
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Behaviour:
    """What one container does."""

    ready: float = _QUICK
    crash: Crash | None = None
    ends: int | None = None
    """The exit code of a container that does its work and ends."""
    never_ready: str = ""
    unschedulable: str = ""
    pull: str = ""
    start_error: str = ""
    slow_stop: float = 0.0
    logs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A rule: what it matches, and what then happens."""

    match: Mapping[str, Any] = field(default_factory=dict)
    does: Mapping[str, Any] = field(default_factory=dict)


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise ValueError("it takes a text")  # noqa: TRY004 - all that is wrong is told alike
    return said


def _lines(said: Any) -> tuple[str, ...]:
    if not isinstance(said, list | tuple):
        raise ValueError("it takes a list of texts")  # noqa: TRY004
    return tuple(map(_text, said))


def _texts(said: Any) -> Mapping[str, str]:
    if not isinstance(said, Mapping):
        raise ValueError("it takes names and texts")  # noqa: TRY004
    return {_text(name): _text(it) for name, it in said.items()}


def _time(said: Any) -> float:
    found = float(said)
    if not 0 <= found <= _LONGEST:
        raise ValueError(f"it takes seconds, 0 to {_LONGEST}")
    return found


def _code(said: Any) -> int:
    found = int(said)
    if abs(found) > _HIGHEST:
        raise ValueError("it takes a number of 32 bits")
    return found


def _pull(said: Any) -> str:
    if said not in _PULLS:
        raise ValueError(f"it takes one of {', '.join(_PULLS)}")
    return str(said)


def _yes(said: Any) -> bool:
    if not isinstance(said, bool):
        raise ValueError("it takes true or false")  # noqa: TRY004
    return said


_MATCHERS: Mapping[str, Callable[[Any], Any]] = {
    "namespace": _text,
    "labels": _texts,
    "container": _text,
    "image": _text,
    "env": _texts,
    "args": _lines,
}
_READERS: Mapping[str, Callable[[Any], Any]] = {"logs": _lines, "slow-stop": _time, "pull": _pull}


def read_scripts(said: Sequence[Mapping[str, Any]]) -> tuple[Script, ...]:
    """Scripts from their data. Raises `BadScriptError`."""
    return tuple(_script(it, f"script {number}") for number, it in enumerate(said, 1))


def _script(said: Mapping[str, Any], where: str) -> Script:
    if not isinstance(said, Mapping):
        raise BadScriptError(f"{where} is no mapping")
    match = said.get("match") or {}
    does = {name: it for name, it in said.items() if name != "match"}
    if not isinstance(match, Mapping):
        raise BadScriptError(f"{where}: match is no mapping")
    _check_match(match, where)
    for name in does:
        if name not in _WORDS:
            raise BadScriptError(f"{where}: {name!r} is nothing that a pod does: there are {', '.join(sorted(_WORDS))}")
    _check_values(does, where)
    return Script(match, does)


def _check_match(match: Mapping[str, Any], where: str) -> None:
    for name, it in match.items():
        if name not in _MATCHERS:
            raise BadScriptError(f"{where}: {name!r} is nothing to match by: there are {', '.join(sorted(_MATCHERS))}")
        try:
            _MATCHERS[name](it)
        except ValueError as error:
            raise BadScriptError(f"{where}: match: {name}: {it!r} makes no sense: {error}") from error


def _check_values(does: Mapping[str, Any], where: str) -> None:
    for name, it in does.items():
        try:
            _with(Behaviour(), {name: it})
        except (ValueError, TypeError) as error:
            raise BadScriptError(f"{where}: {name}: {it!r} makes no sense: {error}") from error


Told = Callable[[Object, Mapping[str, Any]], Mapping[str, Any]]
"""(pod, container) -> what a script would say: for whoever knows an application that is told how to behave."""


def behaviour(scripts: Sequence[Script | Told], pod: Object, container: Mapping[str, Any]) -> Behaviour:
    """What this container of this pod does."""
    is_of_job = controller_of(pod).get("kind") == "Job"
    found = Behaviour()
    for it in scripts:
        if not isinstance(it, Script):
            found = _with(found, it(pod, container))
        elif _matches(it.match, pod, container):
            found = _with(found, it.does)
    if said := notes(pod).get(ANNOTATION):
        try:
            found = _with(found, json.loads(said))
        except (ValueError, TypeError, AttributeError):
            return replace(found, start_error=f"the annotation {ANNOTATION} is no script: {said}")
    is_told = found.crash or found.never_ready or found.ends is not None
    is_lasting = not is_of_job or container.get("restartPolicy") == "Always"  # a sidecar goes on beside a Job, too
    return found if is_told or is_lasting else replace(found, ends=0)


def _matches(match: Mapping[str, Any], pod: Object, container: Mapping[str, Any]) -> bool:
    env = environment(container)
    return (
        match.get("namespace", meta(pod).get("namespace")) == meta(pod).get("namespace")
        and (match.get("labels") or {}).items() <= labels(pod).items()
        and match.get("container", container["name"]) == container["name"]
        and fnmatchcase(container.get("image", ""), match.get("image", "*"))
        and (match.get("env") or {}).items() <= env.items()
        and all(it in container.get("args", ()) for it in match.get("args") or ())
    )


def environment(container: Mapping[str, Any]) -> dict[str, str]:
    """The plain variables of a container."""
    return {it["name"]: str(it.get("value", "")) for it in container.get("env") or ()}


def _with(before: Behaviour, does: Mapping[str, Any]) -> Behaviour:
    changes: dict[str, Any] = {}
    for name, it in does.items():
        match name:
            case "ready":
                changes |= {"ready": _time(it), "crash": None, "never_ready": ""}
            case "crash":
                changes["crash"] = _crash(it)
            case "oom":
                changes["crash"] = Crash(exit=137, reason="OOMKilled") if _yes(it) else None
            case "exit":
                changes["ends"] = _code(it)
            case _:
                reads: Callable[[Any], Any] = _READERS.get(name, _text)
                changes[name.replace("-", "_")] = reads(it)
    return replace(before, **changes)


def _crash(said: Any) -> Crash:
    if not isinstance(said, Mapping):
        raise ValueError(f"it takes some of {', '.join(_CRASH)}")  # noqa: TRY004
    for name in said:
        if name not in _CRASH:
            raise ValueError(f"there is no {name!r}, but {', '.join(_CRASH)}")
    return Crash(
        exit=_code(said.get("exit", 1)),
        after=_time(said.get("after", 0.2)),
        signal=_code(said.get("signal", 0)),
        logs=_lines(said.get("logs", ())),
    )
