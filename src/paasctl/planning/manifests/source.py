"""Where words came from: what to call them in a message, and on which line one of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file (or a key of `paas.yaml`, or a template) and what it said."""

    name: str
    """`pod.yml`, `paas.yaml services.web.pod`, `templates/service.yaml.j2`."""
    where: str
    """Place for messages: the file, or `file:line:column` of the key."""
    text: str = field(default="", repr=False)
    """The file's text, where lines can be found in it."""
    root: Any = field(default=None, repr=False)
    """What the text was parsed to; mappings keep the text's order."""

    def line_of(self, item: Mapping[str, Any], key: str) -> str:
        """The place of `key` in the mapping `item`, one of those in `root`: with its line where that is certain."""
        value = item[key]
        pattern = re.compile(rf"""(?:^|[\s{{,-]){re.escape(key)}:\s+["']?{re.escape(str(value))}["']?\s*(?:[,}}#]|$)""")
        numbers = [number for number, line in enumerate(self.text.splitlines(), 1) for _ in pattern.finditer(line)]
        owners = [id(it) for it in _saying(self.root, key, value)]
        if len(numbers) != len(owners):
            return self.where
        if len(owners) == 1:
            return f"{self.where}:{numbers[0]}"
        return f"{self.where}:{numbers[owners.index(id(item))]}" if id(item) in owners else self.where


def _saying(value: Any, key: str, wanted: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings with `key: wanted`, in the order of the text."""
    if isinstance(value, Mapping):
        for name, of in value.items():
            if name == key and of == wanted:
                yield value
            yield from _saying(of, key, wanted)
    elif isinstance(value, list | tuple):
        for of in value:
            yield from _saying(of, key, wanted)
