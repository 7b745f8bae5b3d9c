"""An API server's no, told in our errors. Pure.

Kubernetes puts several meanings into one status and tells them apart only in its text, so that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from paasctl.adapters.kube.request import Answer
from paasctl.adapters.kube.retry import is_malformed, is_webhook_failure
from paasctl.errors import Forbidden, PaasError, Refused, StalePlan, Unavailable
from paasctl.model.kube import MANAGER, Key, Rejection

_CANNOT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_CANNOT_PATH = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) path "(?P<path>[^"]*)"')
_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,]+), requested: (?P<asked>.+?), used: (?P<used>.+?), limited: (?P<hard>.+)"
)
_WEBHOOK = re.compile(r'webhook "(?P<name>[^"]+)"')
_POLICY = re.compile(r"ValidatingAdmissionPolicy '(?P<name>[^']+)'")
_IMMUTABLE = re.compile(r"immutable|may not (?:be )?change|updates to \S+ spec for fields other than", re.IGNORECASE)
_OTHER_MANAGER = re.compile(r'conflict with "(?P<manager>[^"]+)"')
_VALUE = re.compile(r'(Invalid value: )(?:"(?:[^"\\]|\\.)*"|[^:,\]]+)|(Value:)[^}]*')


def problem(answer: Answer, doing: str, *, secret: bool = False) -> PaasError:
    """The error that stands for this answer. `secret` hides values that the server quotes."""
    message = f"{doing}: {_words(answer, secret=secret)}"
    match answer.status:
        case 401:
            return Forbidden(
                message, hint="log in again: the API server refuses these credentials", code="unauthorized"
            )
        case 403:
            return _forbidden(answer, doing, message)
        case 404:
            return _missing(answer, message)
        case 409:
            return _conflict(answer, doing, message)
        case 429 | 500 | 502 | 503 | 504 if not is_malformed(answer):
            return _not_now(answer, message)
    return _invalid(answer, message)


def rejection(answer: Answer, key: Key) -> Rejection | None:
    """A dry run's no to this very object; None: the answer says nothing about the object and is to be raised."""
    about_us = answer.status in (401, 429) or (answer.status >= 500 and not is_malformed(answer))
    if about_us or (answer.status == 403 and _CANNOT.search(answer.message)):
        return None
    return Rejection(
        key, answer.reason or "Invalid", _words(answer, secret=key.kind == "Secret"), conflicts=conflicts(answer)
    )


def conflicts(answer: Answer) -> tuple[tuple[str, str], ...]:
    """Server-side apply's conflicts: (other manager, field)."""
    found = []
    for cause in answer.causes:
        manager = _OTHER_MANAGER.search(str(cause.get("message", "")))
        if cause.get("reason") == "FieldManagerConflict" and manager:
            found.append((manager["manager"], str(cause.get("field", ""))))
    return tuple(found)


def is_stale(answer: Answer) -> bool:
    """Whether a precondition on UID or version failed: the object is another one, or is there, or is gone."""
    if answer.status == 422:
        return any(cause.get("field") == "metadata.uid" for cause in answer.causes)
    return answer.status == 409 and not conflicts(answer) and answer.details_kind != "resourcequotas"


def _words(answer: Answer, *, secret: bool) -> str:
    return _VALUE.sub(r"\1\2***", answer.message) if secret else answer.message


def _forbidden(answer: Answer, doing: str, message: str) -> PaasError:
    if any(cause.get("reason") == "NamespaceTerminating" for cause in answer.causes):
        return Refused(message, hint="wait until the namespace is gone, then run again", code="namespace-terminating")
    if quota := _QUOTA.search(answer.message):
        text = (
            f"quota {quota['quota']} is used up: used {quota['used']} of {quota['hard']}, this needs {quota['asked']}"
        )
        return Refused(f"{doing}: {text}", hint="kubectl describe resourcequota", code="quota-exceeded")
    if cannot := _CANNOT.search(answer.message):
        return Forbidden(_cannot_words(doing, cannot.groupdict(default="")), hint=_can_i(cannot.groupdict(default="")))
    if path := _CANNOT_PATH.search(answer.message):
        hint = f"ask an administrator; check with: kubectl auth can-i {path['verb']} {path['path']}"
        return Forbidden(f"{doing}: user {path['user']} may not {path['verb']} {path['path']}", hint=hint)
    if not answer.failure:
        return Forbidden(message, hint="no API server says so: a proxy before it wants other credentials")
    return Refused(message, hint="an admission rule of the cluster says no", code="admission-denied")


def _cannot_words(doing: str, said: Mapping[str, str]) -> str:
    resource = f"{said['resource']}.{said['group']}" if said["group"] else said["resource"]
    where = f"in the namespace {said['namespace']}" if said["namespace"] else "for the whole cluster"
    return f"{doing}: user {said['user']} may not {said['verb']} {resource} {where}"


def _can_i(said: Mapping[str, str]) -> str:
    resource = f"{said['resource']}.{said['group']}" if said["group"] else said["resource"]
    place = f" -n {said['namespace']}" if said["namespace"] else ""
    return f"ask an administrator; check with: kubectl auth can-i {said['verb']} {resource}{place}"


def _missing(answer: Answer, message: str) -> PaasError:
    code = "namespace-missing" if answer.details_kind == "namespaces" else "not-found"
    return Refused(message, code=code)


def _conflict(answer: Answer, doing: str, message: str) -> PaasError:
    if others := conflicts(answer):
        fields = ", ".join(f"{field} belongs to {manager}" for manager, field in others)
        hint = f"remove these fields here, or have {others[0][0]} give them up; {MANAGER} never takes a field by force"
        return Refused(f"{doing}: {fields}", hint=hint, code="field-conflict")
    if _WEBHOOK.search(answer.message) and "denied" in answer.message:
        return _denied(answer, message)
    return StalePlan(message, hint="it changed meanwhile: run the command again")


def _not_now(answer: Answer, message: str) -> PaasError:
    if is_webhook_failure(answer):
        name = _WEBHOOK.search(answer.message)
        hint = f"webhook {name['name']} does not answer" if name else ""
        return Unavailable(message, hint=hint, code="webhook-unreachable")
    return Unavailable(message)


def _invalid(answer: Answer, message: str) -> PaasError:
    if is_stale(answer):
        return StalePlan(message, hint="it was deleted and made again: run the command again")
    if "denied" in answer.message and (_WEBHOOK.search(answer.message) or _POLICY.search(answer.message)):
        return _denied(answer, message)
    if _IMMUTABLE.search(answer.message):
        hint = "this field never changes: put it back, give the object another name, or delete it yourself first"
        return Refused(message, hint=hint, code="immutable-field")
    return Refused(message, code="invalid-object")


def _denied(answer: Answer, message: str) -> PaasError:
    webhook, policy = _WEBHOOK.search(answer.message), _POLICY.search(answer.message)
    name = f"webhook {webhook['name']}" if webhook else f"policy {policy['name']}" if policy else "an admission rule"
    return Refused(message, hint=f"{name} denies it; ask who runs it", code="admission-denied")
