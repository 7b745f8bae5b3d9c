"""JSON: one object per event (`jsonl`: the format's number first, the outcome last), or the end only.

The same encoding for all: dataclasses become objects, steps carry `do`, secrets stay masked.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TextIO

from paasctl.model.answer import Rendered
from paasctl.model.event import Answered, Event, Outcome, Ticked
from paasctl.model.image import Descriptor, Pinned, Platform, Repository, Tagged
from paasctl.model.kube import Key, Kind, Manifest, Target
from paasctl.model.version import Version
from paasctl.views.answers import masked_body

FORMAT = 1
_AS_TEXT = (Key, Kind, Target, Pinned, Repository, Tagged, Platform, Version)


@dataclass
class JsonLines:
    """Every event as a line on `result`; nothing is ever asked or drawn."""

    result: TextIO
    greeted: bool = False

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if not self.greeted:
            self.greeted = True
            self._write({"event": "hello", "format": FORMAT})
        if not isinstance(event, Ticked):
            self._write(document(event))

    def close(self) -> None:
        """Nothing is held back."""

    def _write(self, line: dict[str, Any]) -> None:
        self.result.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.result.flush()


@dataclass
class EndOnly:
    """`json` and `yaml`: one document at the end, with the answer in it; progress goes to another view."""

    result: TextIO
    dump: Callable[[Any], str]
    progress: Callable[[Event], None]
    _answer: dict[str, Any] = field(default_factory=dict)
    _last: dict[str, Any] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Keep the answer and the outcome, pass on the rest."""
        match event:
            case Answered(answer):
                self._answer = encode(answer)
            case Outcome():
                whole = {"format": FORMAT, **document(event), **({"answer": self._answer} if self._answer else {})}
                self.result.write(self.dump(whole))
                self.result.flush()
            case _:
                self.progress(event)

    def close(self) -> None:
        """Nothing is held back."""


def document(event: Event) -> dict[str, Any]:
    """One event as a JSON object: `{"event": "started", …}`."""
    return {"event": type(event).__name__.lower(), **encode(event)}


def encode(value: Any) -> Any:  # noqa: C901 - a match over what JSON knows
    """Anything of the model as JSON."""
    if isinstance(value, IntEnum):
        return int(value)
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(key): encode(it) for key, it in value.items()}
        case tuple() | list() | frozenset() | set():
            return [_tagged(it) for it in (sorted(value) if isinstance(value, frozenset | set) else value)]
        case Manifest():
            return {"key": str(value.key), "namespace": value.key.namespace, "source": value.source}
        case Rendered():
            return {
                "manifests": [encode(masked_body(it.body)) for it in value.manifests],
                "explained": encode(value.explained),
            }
        case Descriptor():
            return {"mediaType": value.media_type, "digest": value.digest, "size": value.size}
        case _:
            return _value(value)


def _value(value: Any) -> Any:
    if isinstance(value, _AS_TEXT):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {_camel(it.name): _tagged(getattr(value, it.name)) for it in dataclasses.fields(value) if it.repr}
    return str(value)


_STEPS = frozenset(("Build", "SquashImage", "Push", "TagCommit", "Record", "TagImage", "Apply", "Delete", "AwaitReady"))


def _tagged(value: Any) -> Any:
    encoded = encode(value)
    name = type(value).__name__
    return {"do": name[0].lower() + name[1:], **encoded} if name in _STEPS else encoded


def _camel(name: str) -> str:
    head, *rest = name.strip("_").split("_")
    return head + "".join(it.capitalize() for it in rest)
