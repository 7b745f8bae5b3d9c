"""What the API server knows of its kinds: types, discovery, defaults and table columns, from `schema.json.gz`.

The file is generated from a real API server by `nox -s schema`; nothing in it is written by hand. `loaded()` reads it
once per process; types are made from OpenAPI when first asked for. Whoever asks for a kind outside gets a 501.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from paasctl.embedded.kube.model import Object, Refusal, Resource

NOTHING: Any = object()
"""No default; None is a value."""
_REF = "#/components/schemas/"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."


class Rule:
    """A default that the server gives: `field` becomes `value` where it is absent, if `when` holds.

    `when`: what must hold of the same object, as `defaults.holds` reads it.
    """

    __slots__ = ("field", "value", "when")

    def __init__(self, field: str, value: Any, when: Mapping[str, Any]) -> None:
        self.field, self.value, self.when = field, value, when


class Field:
    """One field of an object, and what its place says beyond its type."""

    __slots__ = ("default", "merge_key", "name", "strategy", "type")

    def __init__(self, name: str, kind: Type, said: Mapping[str, Any]) -> None:
        self.name, self.type = name, kind
        self.default = said.get("default", NOTHING)
        """OpenAPI's default: for built-in kinds it matters only as the key of a list's items."""
        self.strategy: str = said.get("x-kubernetes-patch-strategy", "")
        """Of strategic merge patches: ``merge``, ``retainKeys``, ``merge,retainKeys``."""
        self.merge_key: str = said.get("x-kubernetes-patch-merge-key", "")


class Type:
    """A node of the type tree.

    `form` is ``struct`` (named fields), ``map`` (any key, values of type `element`), ``list``, ``scalar``, or ``any``:
    whatever the value is, where maps are merged and lists are not.
    """

    __slots__ = (
        "atomic", "element", "enum", "fields", "form", "format", "keys", "name", "nulls", "preserves", "relation",
        "required", "rules", "said", "scalar", "written", "zeros",
    )  # fmt: skip

    def __init__(self, name: str, said: Mapping[str, Any]) -> None:
        self.name = name
        """As OpenAPI names it (``io.k8s.api.apps.v1.Deployment``); empty where it is written in place."""
        self.said = said
        """The OpenAPI schema, for validation by pattern, length and range."""
        self.form = _form(said)
        self.scalar: str = _scalar(said)
        """``string``, ``integer``, ``number``, ``boolean``, or ``untyped``: string or number."""
        self.format: str = said.get("format", "")
        self.fields: dict[str, Field] = {}
        self.element: Type | None = None
        self.relation = _relation(said)
        """Of a list: ``atomic``, ``set`` or ``map``."""
        self.keys: tuple[str, ...] = _keys(said)
        self.atomic: bool = said.get("x-kubernetes-map-type") == "atomic" or self.relation == "atomic"
        self.required: tuple[str, ...] = tuple(said.get("required", ()))
        self.enum: tuple[Any, ...] = tuple(said.get("enum", ()))
        self.preserves: bool = bool(said.get("x-kubernetes-preserve-unknown-fields"))
        self.nulls = not name
        """Whether a struct keeps nulls, for its schema to refuse: in custom resources, the only ones in place."""
        self.rules: tuple[Rule, ...] = ()
        self.written: dict[str, Any] = {}
        """Fields that Go always writes, with what an empty one holds; `STRUCT` for one with fields of its own."""
        self.zeros: frozenset[str] = frozenset()
        """Fields that vanish where they hold nothing: 0, false, an empty text, list or map."""

    def __repr__(self) -> str:
        return f"Type({self.name or self.form})"


def _form(said: Mapping[str, Any]) -> str:
    match said.get("type"):
        case "object" if "properties" in said:
            return "struct"
        case "object":
            return "map"
        case "array":
            return "list"
        case None if not _is_scalar_choice(said):
            return "any"
        case _:
            return "scalar"


def _is_scalar_choice(said: Mapping[str, Any]) -> bool:
    return "oneOf" in said or said.get("x-kubernetes-int-or-string", False)


def _scalar(said: Mapping[str, Any]) -> str:
    kind = said.get("type")
    if kind in ("integer", "number", "boolean"):
        return str(kind)
    return "string" if kind == "string" and said.get("format", "") in ("", "byte") else "untyped"


def _relation(said: Mapping[str, Any]) -> str:
    if said.get("type") != "array":
        return ""
    if listed := said.get("x-kubernetes-list-type"):
        return str(listed)
    if said.get("x-kubernetes-patch-strategy") in ("merge", "merge,retainKeys"):
        return "map" if "x-kubernetes-patch-merge-key" in said else "set"
    return "atomic"


def _keys(said: Mapping[str, Any]) -> tuple[str, ...]:
    if said.get("x-kubernetes-list-type") == "map":
        return tuple(said["x-kubernetes-list-map-keys"])
    if _relation(said) == "map":
        return (said["x-kubernetes-patch-merge-key"],)
    return ()


def reference(said: Mapping[str, Any]) -> str:
    """The name of the type that a schema refers to, also inside a single `allOf`; empty where it is its own."""
    if "$ref" in said:
        return str(said["$ref"]).removeprefix(_REF)
    chosen = said.get("allOf", ())
    return str(chosen[0].get("$ref", "")).removeprefix(_REF) if len(chosen) == 1 else ""


class Schemas:
    """Everything the data file knows."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self._named: dict[str, Type] = {}
        self._kinds: dict[tuple[str, str, str], Type] = {}

        self._custom = {name for key, name in data["kinds"].items() if key.rpartition("/")[0] in data["custom"]}

    @property
    def git_version(self) -> str:
        """Of the API server that this was learnt from."""
        return str(self._data["version"]["gitVersion"])

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All served kinds in the order of the real discovery."""
        served = self._data["groups"].items()
        return tuple(_resource(name, it, listed) for name, listed in served for it in listed if "/" not in it["name"])

    @cached_property
    def _by_plural(self) -> dict[tuple[str, str, str], Resource]:
        return {(it.group, it.version, it.plural): it for it in self.resources}

    @cached_property
    def _by_kind(self) -> dict[tuple[str, str, str], Resource]:
        return {(it.group, it.version, it.kind): it for it in self.resources}

    def resource(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind behind a path; None: not served here."""
        return self._by_plural.get((group, version, plural))

    def of_kind(self, group: str, version: str, kind: str) -> Resource | None:
        """The same by the kind's name."""
        return self._by_kind.get((group, version, kind))

    def listed(self, group: str, version: str) -> list[Object]:
        """The `resources` of a group version's APIResourceList, subresources among them; empty: not served."""
        found: list[Object] = self._data["groups"].get(f"{group}/{version}" if group else version, [])
        return found

    def verbs(self, resource: Resource, subresource: str = "") -> tuple[str, ...]:
        """What discovery says one may do with it."""
        name = f"{resource.plural}/{subresource}" if subresource else resource.plural
        return next(
            (tuple(it["verbs"]) for it in self.listed(resource.group, resource.version) if it["name"] == name), ()
        )

    def is_custom(self, resource: Resource) -> bool:
        """Whether a CustomResourceDefinition makes it: no Go type behind it, defaults and rules by its schema."""
        return resource.api_version in self._data["custom"]

    def components(self) -> Mapping[str, Object]:
        """OpenAPI's `components.schemas` without descriptions, by name, of all served kinds."""
        found: Mapping[str, Object] = self._data["components"]
        return found

    def columns(self, resource: Resource) -> list[Object]:
        """The real server's `columnDefinitions` of this kind's Table."""
        found: list[Object] = self._data["columns"].get(f"{resource.api_version}/{resource.plural}", [])
        return found

    def type_of(self, group: str, version: str, kind: str) -> Type:
        """The type tree of a kind. Raises `Refusal` 501 for kinds outside."""
        key = (group, version, kind)
        if (known := self._kinds.get(key)) is not None:
            return known
        name = self._data["kinds"].get("/".join(key))
        if name is None:
            raise Refusal(501, "NotImplemented", f"the simulated API server does not know {kind} of {group}/{version}")
        return self._kinds.setdefault(key, self.named(name))

    def type(self, resource: Resource) -> Type:
        """The same for a served resource."""
        return self.type_of(resource.group, resource.version, resource.kind)

    def named(self, name: str) -> Type:
        """A type by OpenAPI's name. Raises KeyError."""
        if (known := self._named.get(name)) is not None:
            return known
        said = self._data["components"][name]
        made = self._named[name] = Type(name, said)  # there before its fields: some types contain themselves
        self._fill(made, said)
        made.rules = self._rules(name)
        made.zeros = frozenset(self._data["zeros"].get(name, ()))
        silent = self._data["silent"].get(name, ())
        made.nulls = name in self._custom
        if not made.nulls:
            made.written = {it: value for it, value in written(made).items() if it not in silent}
        return made

    def _fill(self, made: Type, said: Mapping[str, Any]) -> None:
        fields = {
            name: self._placed(f"{made.name}.{name}", self._typed(it))
            for name, it in said.get("properties", {}).items()
        }
        made.fields = {name: Field(name, it, said["properties"][name]) for name, it in fields.items()}
        if made.form == "struct" and not made.name:  # only custom resources have structs in place, and their defaults
            made.rules = tuple(
                Rule(name, it.default, {}) for name, it in made.fields.items() if it.default is not NOTHING
            )
        if made.form == "list":
            made.element = self._typed(said["items"]) if "items" in said else ANY
        elif made.form == "map":
            more = said.get("additionalProperties")
            made.element = self._typed(more) if isinstance(more, dict) else ANY
        elif made.form == "struct" and made.preserves:
            made.element = ANY

    def _rules(self, name: str) -> tuple[Rule, ...]:
        return tuple(Rule(field, value, when) for field, value, when in self._data["defaults"].get(name, ()))

    def _placed(self, place: str, kind: Type) -> Type:
        """A type that has other defaults in this place than elsewhere."""
        if place not in self._data["defaults"]:
            return kind
        made = Type(kind.name, kind.said)
        made.fields, made.element, made.rules = kind.fields, kind.element, self._rules(place)
        made.zeros, made.written = kind.zeros, kind.written
        return made

    def _typed(self, said: Mapping[str, Any]) -> Type:
        if name := reference(said):
            return self.named(name)
        made = Type("", said)
        self._fill(made, said)
        return made


STRUCT: Any = object()
"""What is always there, with what is always in it."""


def written(kind: Type) -> dict[str, Any]:
    """The fields that Go writes of a struct that nothing was put into, as OpenAPI lets one guess.

    It gives a default to whatever is neither a pointer nor left out when empty.
    """
    guessed = {name: _empty(field, name in kind.required) for name, field in kind.fields.items()}
    return {name: it for name, it in guessed.items() if it is not NOTHING}


def _empty(field: Field, is_required: bool) -> Any:
    if field.default == {} and field.type.form == "struct":
        return STRUCT
    if field.default is not NOTHING:
        return NOTHING if field.default or field.default == {} else field.default
    return None if is_required and field.type.form != "scalar" else NOTHING


ANY = Type("", {})
ANY.element = ANY


def _resource(group_version: str, said: Mapping[str, Any], listed: list[Object]) -> Resource:
    group, _, version = group_version.rpartition("/")
    below = f"{said['name']}/"
    return Resource(
        group=group,
        version=version,
        plural=said["name"],
        kind=said["kind"],
        singular=said["singularName"],
        namespaced=said["namespaced"],
        short_names=tuple(said.get("shortNames", ())),
        categories=tuple(said.get("categories", ())),
        subresources=tuple(it["name"].removeprefix(below) for it in listed if it["name"].startswith(below)),
    )


@cache
def loaded() -> Schemas:
    """The schemas of the data file beside this module; read once, about 10 ms."""
    packed = files(__package__).joinpath("schema.json.gz").read_bytes()
    return Schemas(json.loads(gzip.decompress(packed)))
