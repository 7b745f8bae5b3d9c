"""Label and field selectors, as lists and watches take them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from paasctl.embedded.kube.model import Object, Refusal, Resource

_TOKEN = re.compile(r"\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))")
_END = ""
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_ABOUT_VALUES = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY = re.compile(r"(?:[a-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_ABOUT_KEYS = (
    "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
    "'example.com/MyName')"
)
_MARKS = ("==", "!=", "=", "!", "<", ">", "(", ")", ",")
Labels = Mapping[str, str]
Meets = Callable[[Labels], bool]


def labels(text: str) -> Meets:
    """Whether labels are selected: ``a=b,c!=d,e in (f,g),h notin (i),j,!k``. Raises 400."""
    wanted = _Parser(text).requirements()
    return lambda found: all(meets(found) for meets in wanted)


class _Parser:
    """One selector, token by token, as the API server's own parser reads it."""

    def __init__(self, text: str) -> None:
        self._tokens = [mark or word for mark, word in _TOKEN.findall(text)]
        self._at = 0

    def requirements(self) -> list[Meets]:
        found: list[Meets] = []
        if (first := self._look()) and first != "!" and not _is_word(first):
            raise _refused(f"found '{first}', expected: !, identifier, or 'end of string'")
        while self._look() != _END:
            found.append(self._requirement())
            if (after := self._next()) not in (",", _END):
                raise _refused(f"found '{after}', expected: ',' or 'end of string'")
            if after == "," and self._look() in ("", ","):
                raise _refused(f"found '{self._look()}', expected: identifier after ','")
        return found

    def _look(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _next(self) -> str:
        found = self._look()
        self._at += 1
        return found

    def _requirement(self) -> Meets:
        is_absent = self._look() == "!"
        if is_absent:
            self._next()
        key = _named(self._word("identifier"))
        if is_absent:
            return lambda found: key not in found
        match self._look():
            case "," | "":
                return lambda found: key in found
            case "=" | "==":
                self._next()
                wanted = self._value(key)
                return lambda found: found.get(key) == wanted
            case "!=":
                self._next()
                other = self._value(key)
                return lambda found: found.get(key) != other
            case _:
                return self._of_several(key)

    def _of_several(self, key: str) -> Meets:
        match self._next():
            case "in":
                those = self._values(key)
                return lambda found: key in found and found[key] in those
            case "notin":
                others = self._values(key)
                return lambda found: found.get(key, None) not in others
            case ">" | "<" as sign:
                return _compared(key, sign, self._word("identifier"))
            case other:
                raise _bad(f"found '{other}', expected: in, notin, =, ==, !=, gt, lt")

    def _word(self, expected: str) -> str:
        found = self._next()
        if not _is_word(found):
            raise _bad(f"found '{found}', expected: {expected}")
        return found

    def _value(self, key: str) -> str:
        if self._look() in (",", _END):
            return ""
        return _checked(key, self._word("identifier"))

    def _values(self, key: str) -> set[str]:
        if (found := self._next()) != "(":
            raise _bad(f"found '{found}' expected: '('")
        values: set[str] = set()
        while True:
            value = "" if self._look() in (",", ")") else self._word("',', ')' or identifier")
            values.add(_checked(key, value))
            if (after := self._next()) == ")":
                return values
            if after != ",":
                raise _bad(f"found '{after}', expected: ',' or ')'")


def _is_word(token: str) -> bool:
    return token != _END and token not in _MARKS


def _named(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise _bad(f'<nil>: Invalid value: "{key}": {_ABOUT_KEYS}')
    return key


def _checked(key: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise _bad(f'values[0][{key}]: Invalid value: "{value}": {_ABOUT_VALUES}')
    return value


def _compared(key: str, sign: str, value: str) -> Meets:
    if not value.isdecimal() or len(value) > 18:
        raise _bad(f"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer")
    bound = int(value)

    def meets(found: Labels) -> bool:
        said = found.get(key, "")
        return said.isdecimal() and (int(said) > bound if sign == ">" else int(said) < bound)

    return meets


def _bad(why: str) -> Refusal:
    return _refused(f"unable to parse requirement: {why}")


def _refused(why: str) -> Refusal:
    return Refusal(400, "BadRequest", why)


def matches(selector: Mapping[str, object] | None, found: Mapping[str, str]) -> bool:
    """The same of a LabelSelector as objects carry it (matchLabels, matchExpressions); None selects nothing."""
    if selector is None:
        return False
    plain: Any = selector.get("matchLabels") or {}
    rules: Any = selector.get("matchExpressions") or ()
    return all(found.get(key) == value for key, value in plain.items()) and all(_meets(it, found) for it in rules)


def _meets(rule: Mapping[str, Any], found: Labels) -> bool:
    key, values = rule["key"], rule.get("values") or ()
    match rule["operator"]:
        case "In":
            return key in found and found[key] in values
        case "NotIn":
            return found.get(key) not in values
        case "Exists":
            return key in found
        case _:
            return key not in found


_ABOUT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_ALSO: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "pods"): (
        *("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork"),
        *("status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"),
    ),
    ("", "events"): (
        *(f"involvedObject.{it}" for it in _ABOUT),
        *("reason", "reportingComponent", "source", "type"),
    ),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "secrets"): ("type",),
    ("", "namespaces"): ("status.phase",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("batch", "jobs"): ("status.successful",),
}
_STRICT = ("gateway.networking.k8s.io", "events.k8s.io")
_ZERO = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.successful": "0"}
_ELSEWHERE = {"source": ("source", "component"), "status.successful": ("status", "succeeded")}


def fields(resource: Resource, text: str) -> Callable[[Object], bool]:
    """Whether an object is selected: ``metadata.name=x,status.phase!=Running``. Raises 400 for other fields."""
    wanted = [_term(resource, it) for it in text.split(",") if it]
    return lambda body: all((_at(body, path) == value) == is_equal for path, value, is_equal in wanted)


def _term(resource: Resource, term: str) -> tuple[str, str, bool]:
    for sign in ("!=", "==", "="):
        path, found, value = term.partition(sign)
        if found:
            _check_field(resource, path)
            return path, value, sign != "!="
    raise _refused(f"invalid selector: '{term}'; can't understand '{term}'")


def _check_field(resource: Resource, path: str) -> None:
    also = _ALSO.get((resource.group, resource.plural))
    if path in ("metadata.name", "metadata.namespace") or path in (also or ()):
        return
    if resource.plural == "jobs":
        raise _refused(f'field label "{path}" not supported for Job')
    if also or resource.group.endswith(_STRICT):
        raise _refused(f"field label not supported: {path}")
    raise _refused(f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def _at(body: Object, path: str) -> str:
    value: Any = body
    for name in _ELSEWHERE.get(path) or path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None or value is False:
        return _ZERO.get(path, "")
    return "true" if value is True else str(value)
