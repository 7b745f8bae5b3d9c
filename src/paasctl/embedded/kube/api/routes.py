"""What a path of the Kubernetes API means."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from paasctl.embedded.kube.model import Place, Refusal, Resource
from paasctl.embedded.kube.objects.schema import Schemas

_GROUPS = frozenset(
    {
        "admissionregistration.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io", "certificates.k8s.io",
        "flowcontrol.apiserver.k8s.io", "node.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
    }
)  # fmt: skip
_CORE = frozenset({"bindings", "componentstatuses"})
"""What every Kubernetes has. Where the simulation has it not, it says so: 404 would mean that nobody has.

Kinds that journeys list of any cluster (`tests/embedded/requests.txt`) may be read: there are none of them here.
"""
_READ = frozenset({"resource.k8s.io", "podtemplates", "replicationcontrollers"})
"""Groups and kinds of the core that are only ever read."""


@dataclass(frozen=True)
class Target:
    """A collection (`name` is empty), an object, or a subresource of it."""

    resource: Resource
    namespace: str
    name: str = ""
    subresource: str = ""

    @property
    def place(self) -> Place:
        """Where the object lies."""
        return Place(self.resource.group, self.resource.plural, self.namespace, self.name)


def target(schemas: Schemas, path: str, names: tuple[str, ...], *, reads: bool = True) -> Target:
    """The target of ``/api/v1/…`` or ``/apis/GROUP/VERSION/…``. Raises 404 for kinds that aren't served.

    Of those that any real server has it is a 501.
    `names`: group versions that are served now (those of custom resources come and go).
    """
    parts = [unquote(it) for it in path.strip("/").split("/")]
    if len(parts) < (3 if parts[0] == "api" else 4):
        raise nothing()
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    if (f"{group}/{version}" if group else version) not in names:
        raise _not_simulated(f"{rest[0]}.{group}") if group in _lacking(_GROUPS, reads=reads) else nothing()
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and schemas.resource(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    if not group and (found := {*rest[:1], *rest[2:3]} & _lacking(_CORE, reads=reads)):
        raise _not_simulated(found.pop())
    resource = schemas.resource(group, version, rest[0])
    if resource is None or (len(rest) > 3 and rest[2] != "proxy") or resource.namespaced < bool(namespace):
        raise missing()
    name, sub = (*rest[1:], "", "")[:2]
    if resource.namespaced and name and not namespace:
        raise missing()
    return Target(resource, namespace, name, sub)


def _lacking(others: frozenset[str], *, reads: bool) -> frozenset[str]:
    return others if reads else others | _READ


def nothing() -> Refusal:
    """404 of a path that no API is behind: plain text."""
    return Refusal(404, "", "404 page not found")


def _not_simulated(kind: str) -> Refusal:
    return Refusal(501, "NotImplemented", f"{kind} are not simulated: `kubectl api-resources` lists what is")


def missing() -> Refusal:
    """404 of a path of an API that doesn't have it."""
    return Refusal(404, "NotFound", "the server could not find the requested resource")
