"""What names, labels and keys may look like; each function gives all that is wrong, in the server's words."""

from __future__ import annotations

import re

from paasctl.embedded.kube.objects.causes import Causes

_LABEL_FORM = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_FORM = rf"{_LABEL_FORM}(\.{_LABEL_FORM})*"
_OLD_LABEL_FORM = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME_FORM = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE_FORM = f"({_NAME_FORM})?"
_KEY_FORM = "[-._a-zA-Z0-9]+"
_LABEL, _SUBDOMAIN, _OLD_LABEL = re.compile(_LABEL_FORM), re.compile(_SUBDOMAIN_FORM), re.compile(_OLD_LABEL_FORM)
_NAME, _VALUE, _KEY = re.compile(_NAME_FORM), re.compile(_VALUE_FORM), re.compile(_KEY_FORM)


def _long(value: str, most: int) -> list[str]:
    return [f"must be no more than {most} characters"] if len(value) > most else []


def _formed(value: str, form: re.Pattern[str], about: str, examples: str) -> list[str]:
    if form.fullmatch(value):
        return []
    return [f"{about} (e.g. {examples}, regex used for validation is '{form.pattern}')"]


def label(value: str) -> list[str]:
    """Of a container, a namespace, a volume: RFC 1123."""
    about = (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        "with an alphanumeric character"
    )
    return _long(value, 63) + _formed(value, _LABEL, about, "'my-name',  or '123-abc'")


def old_label(value: str) -> list[str]:
    """Of a service: RFC 1035, a letter first."""
    about = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character"
    )
    return _long(value, 63) + _formed(value, _OLD_LABEL, about, "'my-name',  or 'abc-123'")


def subdomain(value: str) -> list[str]:
    """Of most objects."""
    about = (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        "and end with an alphanumeric character"
    )
    return _long(value, 253) + _formed(value, _SUBDOMAIN, about, "'example.com'")


def qualified(value: str) -> list[str]:
    """Of a label or an annotation: a name, after a domain and a slash if need be."""
    letters = "must consist of alphanumeric characters, '-', '_' or '.'"
    about = f"{letters}, and must start and end with an alphanumeric character"
    examples = "'MyName',  or 'my.name',  or '123-abc'"
    parts = value.split("/")
    if len(parts) > 2:
        also = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {about} (e.g. {examples}, regex used for validation is '{_NAME_FORM}'){also}"]
    told = []
    if len(parts) == 2:
        told += (
            ["prefix part must be non-empty"] if not parts[0] else [f"prefix part {it}" for it in subdomain(parts[0])]
        )
    name = parts[-1]
    told += ["name part must be non-empty"] if not name else [f"name part {it}" for it in _long(name, 63)]
    return told + [f"name part {it}" for it in _formed(name, _NAME, about, examples)]


def label_value(value: str) -> list[str]:
    """Of a label."""
    about = (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        "and end with an alphanumeric character"
    )
    return _long(value, 63) + _formed(value, _VALUE, about, "'MyValue',  or 'my_value',  or '12345'")


def key(value: str) -> list[str]:
    """Of an entry of a ConfigMap or a Secret."""
    about = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    told = _long(value, 253) + _formed(value, _KEY, about, "'key.name',  or 'KEY_NAME',  or 'key-name'")
    if value in (".", ".."):
        told.append(f"must not be '{value}'")
    elif value.startswith(".."):
        told.append("must not start with '..'")
    return told


def port_name(value: str) -> list[str]:
    """Of a container's port."""
    told = _long(value, 15)
    if not re.fullmatch("[-a-z0-9]+", value):
        told.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        told.append("must contain at least one letter (a-z)")
    if "--" in value:
        told.append("must not contain consecutive hyphens")
    if value[:1] == "-" or value[-1:] == "-":
        told.append("must not begin or end with a hyphen")
    return told


def port_number(value: int) -> list[str]:
    """A port."""
    return [] if 1 <= value <= 65535 else ["must be between 1 and 65535, inclusive"]


def environment(value: str) -> list[str]:
    """Of an environment variable."""
    if all(" " <= it <= "~" and it != "=" for it in value):
        return []
    return ["a valid environment variable name must consist only of printable ASCII characters other than '='"]


def check_labels(told: Causes, field: str, labels: dict[str, str] | None) -> None:
    """Add what is wrong with labels."""
    for name, value in sorted((labels or {}).items()):
        told.each_invalid(field, name, qualified(name))
        told.each_invalid(field, value, label_value(value))


def check_annotations(told: Causes, field: str, annotations: dict[str, str] | None) -> None:
    """Add what is wrong with annotations."""
    for name in sorted(annotations or {}):
        told.each_invalid(field, name, qualified(name.lower()))
    if sum(len(name) + len(value) for name, value in (annotations or {}).items()) > 256 * 1024:
        told.too_long(field, 256 * 1024)


_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def check_selector(told: Causes, field: str, selector: dict[str, object] | None) -> None:
    """Add what is wrong with a LabelSelector."""
    labels, expressions = (selector or {}).get("matchLabels"), (selector or {}).get("matchExpressions")
    if isinstance(labels, dict):
        check_labels(told, f"{field}.matchLabels", labels)
    for index, it in enumerate(expressions if isinstance(expressions, list) else []):
        here, values = f"{field}.matchExpressions[{index}]", it.get("values") or []
        match it.get("operator"):
            case "In" | "NotIn" if not values:
                told.required(f"{here}.values", "must be specified when `operator` is 'In' or 'NotIn'")
            case "Exists" | "DoesNotExist" if values:
                told.forbidden(f"{here}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
            case operator if operator not in _OPERATORS:
                told.invalid(f"{here}.operator", operator, "not a valid selector operator")
            case _:
                pass
        told.each_invalid(f"{here}.key", it.get("key", ""), qualified(it.get("key", "")))
