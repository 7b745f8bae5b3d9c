"""`paas.yaml` as a plain mapping, with the place of every key and item. YAML 1.2 meanings; PyYAML (libyaml) parses.

What stops reading raises at once; what does not (a duplicate key, a tag) is collected for the loader to report.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

import yaml

from paasctl.adapters.yaml.nodes import DEEPEST, Composer, Items, Merge, Node, Pairs, Unfit
from paasctl.errors import ConfigError
from paasctl.model.config import Path, Where
from paasctl.values import dataclass

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BIGGEST = 1 << 20
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""What YAML doesn't allow (short to compile; what it does allow is not), and breaks of YAML 1.1 that 1.2 has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A file as read. `problems` did not stop reading, but must be reported with the loader's own."""

    values: dict[str, Any]
    places: dict[Path, Where]
    problems: tuple[ConfigError, ...] = ()


def read(content: bytes, file: str) -> Parsed:
    """The mapping in a file, and `path -> Where` of every key (mappings) and item (sequences), counted from 1.

    Raises `ConfigError` for what is no YAML, no UTF-8, no mapping, empty, over 1 MiB, or nested over 60 levels.
    """
    text = _decode(content, file)
    reading = _Reading(file)
    root = reading.compose(text)
    if root is None or (root.value is None and type(root) is Node):
        raise ConfigError("the file is empty", where=f"{file}:1:1", hint="paasctl init")
    if not isinstance(root, Pairs):
        reading.report("the file must be a mapping of keys, like `app: hello`", "paasctl init", root.line, root.column)
        raise ConfigError.of(tuple(reading.problems))
    reading.places[()] = Where(file, 1, 1)
    values = reading.mapping(root, ())
    return Parsed(values=values, places=reading.places, problems=tuple(reading.problems))


class _Reading:
    """One file being read: collects problems and places."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[ConfigError] = []
        self.places: dict[Path, Where] = {}

    def report(self, message: str, hint: str, line: int, column: int) -> None:
        self.problems.append(ConfigError(message, hint=hint, where=f"{self.file}:{line + 1}:{column + 1}"))

    def compose(self, text: str) -> Node | None:
        try:
            return Composer(self.report).run(yaml.parse(text, Loader=_LOADER))
        except Unfit as unfit:
            self.report(unfit.args[0], "", unfit.args[1], unfit.args[2])
        except yaml.MarkedYAMLError as error:
            self._syntax(error, text)
        except yaml.YAMLError as error:
            self.report(f"not YAML: {error}", "", 0, 0)
        raise ConfigError.of(tuple(self.problems))

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        if "maximum nesting depth" in (error.problem or ""):  # newer libyamls give up before we do
            self.report(f"nested deeper than {DEEPEST} levels", "", line, column)
            return
        if (tab := _tab(text, line)) is not None:
            self.report("a tab: YAML is indented by spaces", "replace the tab by spaces", line, tab)
            return
        why = ", ".join(filter(None, (error.context, error.problem)))
        self.report(f"not YAML: {why}", _mend(text, line, column), line, column)

    def value(self, node: Node, path: Path) -> Any:
        if isinstance(node, Pairs):
            return self.mapping(node, path)
        if isinstance(node, Items):
            return self._sequence(node, path)
        return "<<" if isinstance(node, Merge) else node.value

    def _sequence(self, node: Items, path: Path) -> list[Any]:
        for index, item in enumerate(node.items):
            self._place((*path, index), item)
        return [self.value(item, (*path, index)) for index, item in enumerate(node.items)]

    def mapping(self, node: Pairs, path: Path) -> dict[str, Any]:
        given: dict[str, tuple[Node, Node]] = {}
        for key, value in node.pairs:
            if isinstance(key, Merge):
                continue
            name = self._name(key)
            if name is not None and name in given:
                first = given[name][0].line + 1
                self.report(
                    f"{json.dumps(name, ensure_ascii=False)} is given twice, first in line {first}",
                    "remove one of them",
                    key.line,
                    key.column,
                )
            elif name is not None:
                given[name] = (key, value)
        merged = self._merged(node)
        every = {**merged, **given}
        for name, (key, _) in every.items():
            self._place((*path, name), key)
        return {name: self.value(value, (*path, name)) for name, (_, value) in every.items()}

    def _merged(self, node: Pairs) -> dict[str, tuple[Node, Node]]:
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in node.pairs:
            if isinstance(key, Merge):
                for source in value.items if isinstance(value, Items) else (value,):
                    found = {**self._source(source), **found}
        return found

    def _source(self, source: Node) -> dict[str, tuple[Node, Node]]:
        if not isinstance(source, Pairs):
            self.report(
                "`<<` merges mappings only", "give it an alias of a mapping, like *defaults", source.line, source.column
            )
            return {}
        own = {key.value: (key, value) for key, value in source.pairs if isinstance(key.value, str)}
        return {**self._merged(source), **own}

    def _name(self, key: Node) -> str | None:
        if isinstance(key.value, str):
            return key.value
        if isinstance(key, Pairs):
            self.report(
                "a mapping where a key is expected", 'a template stands in quotes: "{{ … }}"', key.line, key.column
            )
        elif isinstance(key, Items):
            self.report("a list where a key is expected", "keys are texts", key.line, key.column)
        else:
            text = json.dumps(key.value)
            self.report(f"the key {text} is no text", f'write "{text}"', key.line, key.column)
        return None

    def _place(self, path: Path, node: Node) -> None:
        self.places[path] = Where(self.file, node.line + 1, node.column + 1)


def _decode(content: bytes, file: str) -> str:
    if len(content) > _BIGGEST:
        message = f"{len(content):,} bytes are too many for this file (at most {_BIGGEST:,})"
        raise ConfigError(message, where=f"{file}:1:1")
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line, column = _position(content[: error.start].decode())
        raise ConfigError("not UTF-8", where=f"{file}:{line}:{column}", hint="save the file as UTF-8") from error
    if bad := _UNFIT.search(text):
        line, column = _position(text[: bad.start()])
        message = f"the character U+{ord(bad[0]):04X} is not allowed here"
        hint = f'remove it, or write it as an escape in double quotes: "\\u{ord(bad[0]):04x}"'
        raise ConfigError(message, where=f"{file}:{line}:{column}", hint=hint)
    return text


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _mend(text: str, line: int, column: int) -> str:
    """The edit that was most likely meant; empty where none is clear."""
    here = (text.split("\n")[line:] or [""])[0]
    if "{{" in here:
        return 'a template stands in quotes: "{{ … }}"'
    starts = here[column : column + 1] in ("@", "`", "%", ":") or here[max(column - 1, 0) : column] in ("*", "&")
    return "put a text that starts with a special character into quotes" if starts else ""


def _tab(text: str, line: int) -> int | None:
    """Column of a tab in the indentation of a line; None: there is none."""
    lines = text.split("\n")
    here = lines[line] if line < len(lines) else ""
    indent = here[: len(here) - len(here.lstrip(" \t"))]
    return indent.find("\t") if "\t" in indent else None
