"""What is refused whatever the content: in the API's words."""

from __future__ import annotations

from paasctl.embedded.kube.model import Place, Refusal, Resource


def invalid(resource: Resource, name: str, field: str, reason: str, message: str) -> Refusal:
    """422, as the API says it of one field."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details = {"name": name, "group": resource.group, "kind": resource.kind}
    causes = [{"reason": reason, "message": message, "field": field}]
    told = {**{key: it for key, it in details.items() if it}, "causes": causes}
    return Refusal(422, "Invalid", f'{kind} "{name}" is invalid: {field}: {message}', details=told)


def kind_of(place: Place) -> str:
    """``deployments.apps``, ``pods``: as messages name a kind."""
    return f"{place.plural}.{place.group}" if place.group else place.plural


def conflict(place: Place, why: str) -> Refusal:
    """409, as the API says it."""
    details = {"name": place.name, "group": place.group, "kind": place.plural}
    message = f'Operation cannot be fulfilled on {kind_of(place)} "{place.name}": {why}'
    return Refusal(409, "Conflict", message, details={name: it for name, it in details.items() if it})


def other_uid(place: Place, asked: str, there: str) -> Refusal:
    """409 of a replacement of an object that is another one, or gone."""
    key = "/".join(it for it in ("/registry", place.plural, place.namespace, place.name) if it)
    failed = f"Precondition failed: UID in precondition: {asked}, UID in object meta: {there}"
    why = f"invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {failed}"
    return conflict(place, f"StorageError: {why}")


def without_version(place: Place) -> Refusal:
    """422 of a replacement that must say what it replaces."""
    field, said = "metadata.resourceVersion", "Invalid value: 0: must be specified for an update"
    details = {"name": place.name, "group": place.group, "kind": place.plural}
    causes = [{"reason": "FieldValueInvalid", "message": said, "field": field}]
    message = f'{kind_of(place)} "{place.name}" is invalid: {field}: {said}'
    return Refusal(422, "Invalid", message, details={**{k: it for k, it in details.items() if it}, "causes": causes})


def exists(place: Place, *, is_going: bool = False) -> Refusal:
    """409 of a create, as the API says it."""
    details = {"name": place.name, "group": place.group, "kind": place.plural}
    going = "object is being deleted: " if is_going else ""
    message = f'{going}{kind_of(place)} "{place.name}" already exists'
    return Refusal(409, "AlreadyExists", message, details={name: it for name, it in details.items() if it})


def not_found(place: Place) -> Refusal:
    """404, as the API says it."""
    details = {"name": place.name, "group": place.group, "kind": place.plural}
    said = f'{kind_of(place)} "{place.name}" not found'
    return Refusal(404, "NotFound", said, details={k: v for k, v in details.items() if v})
