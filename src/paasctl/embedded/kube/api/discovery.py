"""What is served: versions, groups, resources, in the old form of many requests and the new one of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paasctl.embedded.kube.model import Object, Resource
from paasctl.embedded.kube.objects.schema import Schemas

_AGGREGATED = "APIGroupDiscoveryList"


def version(schemas: Schemas) -> Object:
    """``/version``."""
    git = schemas.git_version
    major, minor = git.removeprefix("v").split(".")[:2]
    made: Object = {"major": major, "minor": minor, "gitVersion": git, "gitCommit": "", "gitTreeState": "clean"}
    return made | {
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "paasctl/simulated",
    }


def group_versions(schemas: Schemas, custom: Sequence[str]) -> tuple[str, ...]:
    """``v1``, ``apps/v1`` …: what is built in, and those custom ones that have a definition now."""
    found = dict.fromkeys(it.api_version for it in schemas.resources)
    return tuple(
        it
        for it in found
        if it in custom or not any(r.api_version == it and schemas.is_custom(r) for r in schemas.resources)
    )


def answer(schemas: Schemas, path: str, accept: str, served: Sequence[str]) -> tuple[Object, str] | None:
    """A discovery document and its content type; None: the path is none of discovery."""
    parts = path.strip("/").split("/")
    if parts in (["api"], ["apis"]):
        if any(f"as={_AGGREGATED}" in it and "v=v2beta1" not in it for it in accept.split(",")):
            return _aggregated(schemas, parts[0], served, "v2")
        return (_versions() if parts[0] == "api" else _groups(served)), "application/json"
    if parts[0] == "api" and len(parts) == 2:
        return _resources(schemas, "", parts[1], served)
    if parts[0] == "apis" and len(parts) == 2:
        group = next((it for it in _groups(served)["groups"] if it["name"] == parts[1]), None)
        return ({"kind": "APIGroup", "apiVersion": "v1", **group}, "application/json") if group else None
    if parts[0] == "apis" and len(parts) == 3:
        return _resources(schemas, parts[1], parts[2], served)
    return None


def _resources(schemas: Schemas, group: str, number: str, served: Sequence[str]) -> tuple[Object, str] | None:
    name = f"{group}/{number}" if group else number
    if name not in served:
        return None
    body = {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": name,
        "resources": schemas.listed(group, number),
    }
    return body, "application/json"


def _versions() -> Object:
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


def _groups(served: Sequence[str]) -> Object:
    groups: dict[str, list[Object]] = {}
    for it in served:
        group, _, number = it.rpartition("/")
        if group:
            groups.setdefault(group, []).append({"groupVersion": it, "version": number})
    named = [{"name": name, "versions": its, "preferredVersion": its[0]} for name, its in groups.items()]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": named}


def _aggregated(schemas: Schemas, root: str, served: Sequence[str], form: str) -> tuple[Object, str]:
    groups: dict[str, list[Object]] = {}
    for it in served:
        group, _, number = it.rpartition("/")
        if bool(group) == (root == "apis"):
            groups.setdefault(group, []).append(_version(schemas, group, number))
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": its,
        }
        for name, its in groups.items()
    ]
    whole = {"kind": _AGGREGATED, "apiVersion": f"apidiscovery.k8s.io/{form}", "metadata": {}, "items": items}
    return whole, f"application/json;g=apidiscovery.k8s.io;v={form};as={_AGGREGATED}"


def _version(schemas: Schemas, group: str, number: str) -> Object:
    listed = schemas.listed(group, number)
    resources = [
        _resource(schemas, it, listed) for it in schemas.resources if (it.group, it.version) == (group, number)
    ]
    return {"version": number, "freshness": "Current", "resources": resources}


def _resource(schemas: Schemas, it: Resource, listed: Sequence[Object]) -> Object:
    body: dict[str, Any] = {
        "resource": it.plural,
        "responseKind": _response(schemas, it, {"kind": it.kind}),
        "scope": "Namespaced" if it.namespaced else "Cluster",
        "singularResource": it.singular,
        "verbs": list(schemas.verbs(it)),
    }
    if it.short_names:
        body["shortNames"] = list(it.short_names)
    if it.categories:
        body["categories"] = list(it.categories)
    below = [sub for sub in listed if sub["name"].startswith(f"{it.plural}/")]
    if below:
        body["subresources"] = [_sub(schemas, sub, it) for sub in below]
    return body


def _sub(schemas: Schemas, said: Object, it: Resource) -> Object:
    kind = _response(schemas, it, said)
    return {"subresource": said["name"].removeprefix(f"{it.plural}/"), "responseKind": kind, "verbs": said["verbs"]}


def _response(schemas: Schemas, it: Resource, said: Object) -> Object:
    """The kind of an answer; one of its own version says neither group nor version, unless it is custom."""
    own = (it.group, it.version) if schemas.is_custom(it) else ("", "")
    return {"group": said.get("group", own[0]), "version": said.get("version", own[1]), "kind": said["kind"]}
