"""Requests in, responses out: the whole API. Called from many threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from paasctl.embedded.http.message import Request, Response, whole
from paasctl.embedded.kube.api import (
    discovery,
    openapi,
    openapi_v2,
    pods,
    protobuf,
    reading,
    reviews,
    watching,
    writing,
)
from paasctl.embedded.kube.api.access import Access, Asked, User, verb_of
from paasctl.embedded.kube.api.answers import answer, form_of, listed, refused
from paasctl.embedded.kube.api.faulty import broken_in, refusal_of
from paasctl.embedded.kube.api.options import Sent
from paasctl.embedded.kube.api.routes import Target, missing, nothing, target
from paasctl.embedded.kube.model import Object, Place, Refusal
from paasctl.embedded.kube.objects.unknown import decoded
from paasctl.embedded.kube.store.refusals import not_found
from paasctl.embedded.kube.store.store import Store

_OPEN = ("/healthz", "/livez", "/readyz", "/version")
_CUSTOM = ("apiextensions.k8s.io", "customresourcedefinitions")
_DEPRECATED = {
    ("", "endpoints"): ("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",),
}
"""What whoever reads these kinds is warned of."""
_LARGEST = 3 << 20
_NEVER = {"binding", "exec", "attach", "portforward", "proxy", "ephemeralcontainers", "resize", "finalize", "approval"}


@dataclass
class Api:
    """The API over a store. `logs` comes from whoever plays pods; None: nobody does."""

    store: Store
    access: Access = field(default_factory=Access)
    logs: pods.Logs | None = None
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the server ends, so that watches do."""

    def __call__(self, request: Request) -> Response:
        """The answer."""
        try:
            return self._answered(request)
        except Refusal as error:
            return refused(error)
        except RecursionError:
            return refused(Refusal(400, "BadRequest", "it is nested too deeply"))
        except ConnectionError:
            raise
        except OSError as error:  # a full disk, a folder that became read-only
            why = f"Internal error occurred: keeping the cluster's state: {error.strerror or error}"
            return refused(Refusal(500, "InternalError", why))

    def names(self, request: Request) -> Sequence[str]:
        """What a request is called, for faults and counts: ``patch deployments``, ``GET /version``."""
        named = f"{request.method} {request.path}"
        if not request.path.startswith(("/api/", "/apis/")) or request.path in reviews.PATHS:
            return (named, request.path.rpartition("/")[2])
        try:
            found = target(self.store.schemas, request.path, self.served())
        except Refusal:
            return (named,)
        verb = self._verb(request, found)
        plural = found.resource.plural + (f"/{found.subresource}" if found.subresource else "")
        return (f"{verb} {plural}", f"{verb} {plural}/{found.name}", named)

    def served(self) -> tuple[str, ...]:
        """Group versions that are served now: what is built in, and custom ones that have a definition."""
        defined = {
            f"{(it.get('spec') or {}).get('group')}/{version.get('name')}"
            for it in self.store.list(*_CUSTOM)
            for version in (it.get("spec") or {}).get("versions") or ()
        }
        return discovery.group_versions(self.store.schemas, sorted(defined))

    def _answered(self, request: Request) -> Response:
        if request.path.startswith(_OPEN):
            return self._open(request)
        user = self.access.user(request.headers)
        if request.fault and (refusal := refusal_of(request.fault, user, self._asked(request))):
            raise refusal
        if (found := self._about(request, user)) is not None:
            return found
        reads = request.method in ("GET", "HEAD")
        wanted = target(self.store.schemas, request.path, self.served(), reads=reads)
        return self._objects(request, user, wanted)

    def _open(self, request: Request) -> Response:
        if request.path.startswith("/version"):
            return answer(200, discovery.version(self.store.schemas))
        return Response(200, b"ok", {"Content-Type": "text/plain"})

    def _about(self, request: Request, user: User) -> Response | None:
        """Discovery, OpenAPI, reviews; None: it is about objects."""
        path = request.path.rstrip("/")
        if path in reviews.PATHS:
            if request.method != "POST":
                raise Refusal(
                    405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
                )
            return answer(201, reviews.review(self.access, user, path, _json(request)))
        if path.startswith("/openapi/"):
            return self._openapi(request, path)
        served = self.served()
        accept = request.headers.get("accept", "")
        if request.method == "GET" and (said := discovery.answer(self.store.schemas, path, accept, served)):
            made = answer(200, said[0])
            return Response(made.status, made.content, {**made.headers, "Content-Type": said[1]})
        if not path.startswith(("/api/", "/apis/")):
            raise nothing()
        return None

    def _openapi(self, request: Request, path: str) -> Response:
        accept = request.headers.get("accept", "") or "*/*"
        schemas, served = self.store.schemas, self.served()
        if path == "/openapi/v2" and openapi_v2.MEDIA in accept:
            return Response(200, openapi_v2.packed(schemas), {"Content-Type": openapi_v2.ANSWERED})
        if not any(it in accept for it in ("json", "*/*")):
            raise Refusal(406, "NotAcceptable", "only application/json is offered")
        if path == "/openapi/v2":
            return Response(200, openapi.whole(schemas), {"Content-Type": "application/json"})
        if path == "/openapi/v3":
            return answer(200, openapi.index(schemas, served))
        found = openapi.document(schemas, path.removeprefix("/openapi/v3/"), served)
        if found is None:
            raise nothing()
        return answer(200, found)

    # --- objects ---

    def _verb(self, request: Request, found: Target) -> str:
        query = dict(request.pairs)
        return verb_of(request.method, collection=not found.name, watch=_is_watch(request.method, query))

    def _asked(self, request: Request) -> Asked | None:
        """The right that a request about objects needs; None: it is about something else."""
        try:
            return self._right(request, target(self.store.schemas, request.path, self.served()))
        except Refusal:
            return None

    def _right(self, request: Request, found: Target) -> Asked:
        resource, sub = found.resource, found.subresource
        plural = resource.plural + (f"/{sub}" if sub else "")
        return Asked(self._verb(request, found), resource.group, plural, found.namespace, found.name)

    def _objects(self, request: Request, user: User, found: Target) -> Response:
        resource, sub = found.resource, found.subresource
        self.access.check(user, self._right(request, found))
        if request.fault:
            broken_in(self.store, found, request.fault)
        if sub and sub not in resource.subresources:
            return self._other_subresource(request, found)
        query = dict(request.pairs)
        if request.method == "GET":
            return self._read(request, found, query)
        return self._write(request, found, query)

    def _read(self, request: Request, found: Target, query: dict[str, str]) -> Response:
        warnings = _DEPRECATED.get(found.place[:2], ())
        form = form_of("" if found.subresource == "log" else request.headers.get("accept", ""))
        if _is_watch(request.method, query):
            stalls = bool(request.fault and request.fault.word == "stall-watch")
            lines = watching.watch(self.store, found, query, form, self.over, stalls=stalls)
            return Response(200, lines, {"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
        if found.subresource == "log":
            return pods.log(self.store, self.logs, found, query)
        if not found.name:
            return answer(
                200, reading.as_list(self.store, found, reading.page(self.store, found, query), form), warnings
            )
        live = reading.one(self.store, found)
        if found.subresource == "scale":
            return answer(200, reading.as_scale(found, live, form, self.store.clock.utc()))
        return answer(200, reading.as_one(self.store, found, live, form), warnings)

    def _write(self, request: Request, found: Target, query: dict[str, str]) -> Response:
        form = form_of(request.headers.get("accept", ""))
        media, content = _body(request)
        sent = Sent(request.method, query, content, media, request.headers.get("user-agent", "unknown"))
        match request.method, bool(found.name):
            case "POST", False:
                made, write = writing.create(self.store, found, sent)
                return answer(201, self._shown(found, made, form), write.warnings)
            case "PUT", True:
                made, is_new, write = writing.replace(self.store, found, sent)
                return answer(201 if is_new else 200, self._shown(found, made, form), write.warnings)
            case "PATCH", True:
                made, is_new, write = writing.patch(self.store, found, sent)
                return answer(201 if is_new else 200, self._shown(found, made, form), write.warnings)
            case "DELETE", True:
                return answer(200, writing.delete(self.store, found, sent))
            case "DELETE", False:
                gone = writing.delete_all(self.store, found, sent)
                metadata = {"resourceVersion": str(self.store.version())}
                return answer(200, listed(found.resource.kind, found.resource.api_version, gone, metadata))
            case "POST", True if found.subresource == "eviction":
                return answer(201, pods.evict(self.store, found, sent))
        raise Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    def _shown(self, found: Target, made: Object, form: str) -> Object:
        if found.subresource == "scale":
            return made
        shown: Object = reading.as_one(self.store, found, made, form)
        return shown

    def _other_subresource(self, request: Request, found: Target) -> Response:
        """What discovery doesn't list: tokens of service accounts are made, the rest is not simulated or not there."""
        place = found.place
        if place[:2] == ("", "serviceaccounts") and found.subresource == "token" and request.method == "POST":
            live = self.store.get(Place("", "serviceaccounts", found.namespace, found.name))
            if live is None:
                raise not_found(place)
            return answer(201, reviews.token(self.access, found.namespace, found.name, live["metadata"]["uid"]))
        if found.subresource in _NEVER:
            raise Refusal(501, "NotImplemented", f"the simulated API server has no {found.subresource}")
        raise missing()


def _is_watch(method: str, query: dict[str, str]) -> bool:
    return method == "GET" and query.get("watch", "") in ("1", "true")


def _json(request: Request) -> object:
    return decoded(_body(request)[1]).body


def _body(request: Request) -> tuple[str, bytes]:
    """The media type, without parameters, and the body; protobuf as the JSON that it means."""
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    content = whole(request.body, _LARGEST)
    if content is None:
        raise Refusal(413, "RequestEntityTooLarge", f"Request entity too large: limit is {_LARGEST}")
    return ("application/json", protobuf.read(content)) if media == protobuf.MEDIA else (media, content)
