"""The embedded parts in the testbed's place, for the journeys that need no real pod and no router.

Hands use a `kubectl` of a few words, over HTTP. What "is served" is what ready endpoints run: the file `version` of the
image whose digest they name, read out of the embedded registry.
"""

from __future__ import annotations

import gzip
import http.client
import io
import json
import ssl
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paasctl.embedded.demo
from e2e.parts import Answer, Testbed
from paasctl.embedded.kube.controllers.pull import AskRegistry
from paasctl.embedded.kube.simulation import Simulation, simulate
from paasctl.embedded.registry.serving import Running, serve
from support.switches import switches

_ROOTS = {
    "namespaces": "/api/v1", "configmaps": "/api/v1", "services": "/api/v1", "pods": "/api/v1",
    "leases": "/apis/coordination.k8s.io/v1", "deployments": "/apis/apps/v1", "cronjobs": "/apis/batch/v1",
    "ingresses": "/apis/networking.k8s.io/v1", "poddisruptionbudgets": "/apis/policy/v1",
}  # fmt: skip
_SINGULAR = {"namespace": "namespaces", "deployment": "deployments", "configmap": "configmaps", "service": "services"}
_NAMED = {
    "cronjobs": "CronJob",
    "namespaces": "Namespace",
    "configmaps": "ConfigMap",
    "services": "Service",
    "deployments": "Deployment",
}


class FailedError(Exception):
    """What a hand's command says on stderr."""


@dataclass(frozen=True)
class Boxed(Testbed):
    """`Testbed` over a simulation and an embedded registry."""

    simulation: Simulation | None = None
    images: Running | None = None
    others: dict[str, Simulation] = field(default_factory=dict)
    """Further clusters by their kubeconfig."""

    def _cluster(self, kubeconfig: str = "") -> Simulation:
        assert self.simulation
        return self.others.get(kubeconfig, self.simulation)

    def run_kubectl(self, *args: str, text: str = "", kubeconfig: str = "") -> subprocess.CompletedProcess[str]:
        try:
            out = _Hand(self._cluster(kubeconfig)).do(list(args), text)
        except FailedError as error:
            return subprocess.CompletedProcess(args, 1, "", str(error))
        return subprocess.CompletedProcess(args, 0, out, "")

    def get(self, path: str, host: str) -> Answer:
        """What the pods behind an Ingress's host run."""
        del path
        version = self.served(host)
        if not version:
            return Answer(503, {}, "no ready endpoint")
        return Answer(200, {"X-Version": version}, "")

    def served(self, host: str) -> str:
        """The version that a ready endpoint of the host's Service runs; empty: there is none."""
        store = self._cluster().store
        for ingress in store.list("networking.k8s.io", "ingresses"):
            for rule in ingress["spec"].get("rules") or ():
                if rule.get("host") == host:
                    name = rule["http"]["paths"][0]["backend"]["service"]["name"]
                    return self._run_by(ingress["metadata"]["namespace"], name)
        return ""

    def _run_by(self, namespace: str, service: str) -> str:
        store = self._cluster().store
        for it in store.list("discovery.k8s.io", "endpointslices", namespace):
            if it["metadata"]["labels"].get("kubernetes.io/service-name") != service:
                continue
            ready = [at["targetRef"]["name"] for at in it.get("endpoints") or () if at["conditions"]["ready"]]
            pods = {at["metadata"]["name"]: at for at in store.list("", "pods", namespace)}
            for name in ready:
                if name in pods:
                    return self._version_in(pods[name]["spec"]["containers"][0]["image"])
        return ""

    def _version_in(self, image: str) -> str:
        assert self.images
        path, _, digest = image.partition("/")[2].partition("@")
        folder = self.images.registry.folder
        manifest = folder.manifest(path, digest)
        assert manifest, f"{image} runs, and nobody has it"
        for layer in manifest.document["layers"]:
            blob = folder.blob(path, layer["digest"])
            assert blob
            content = blob.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            with tarfile.open(fileobj=io.BytesIO(content)) as tar:
                for member in tar:
                    if member.name == "version":
                        found = tar.extractfile(member)
                        return found.read().decode().strip() if found else ""
        return ""


@dataclass
class _Hand:
    """A few words of kubectl."""

    cluster: Simulation
    namespace: str = "default"

    def do(self, args: list[str], text: str) -> str:
        words, options = self._sorted(args)
        verbs: dict[str, Callable[[list[str], dict[str, str], str], str]] = {
            "get": self._get,
            "create": self._create,
            "delete": self._delete,
            "scale": self._scale,
            "apply": self._apply,
        }
        assert words[0] in verbs, f"this kubectl does not know {words}"
        return verbs[words[0]](words[1:], options, text)

    def _sorted(self, args: list[str]) -> tuple[list[str], dict[str, str]]:
        words: list[str] = []
        options: dict[str, str] = {}
        rest = iter(args)
        for it in rest:
            if it in ("-n", "-o", "-f"):
                options[it] = next(rest)
            elif it.startswith("-"):
                name, _, value = it.partition("=")
                options[name] = value
            else:
                words.append(it)
        self.namespace = options.get("-n", "default")
        return words, options

    def _path(self, plural: str, name: str = "") -> str:
        where = "" if plural == "namespaces" else f"/namespaces/{self.namespace}"
        return f"{_ROOTS[plural]}{where}/{plural}{f'/{name}' if name else ''}"

    def _ask(self, method: str, path: str, body: Any = None, media: str = "application/json") -> Any:
        context = ssl.create_default_context(cadata=self.cluster.authority.decode())
        connection = http.client.HTTPSConnection(self.cluster.server.host, timeout=20, context=context)
        try:
            headers = {
                "Authorization": f"Bearer {self.cluster.token}",
                "Content-Type": media,
                "User-Agent": "kubectl/v1",
            }
            connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers)
            answer = connection.getresponse()
            found = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise FailedError(f"Error from server ({found.get('reason')}): {found.get('message')}")
        return found

    def _get(self, words: list[str], options: dict[str, str], text: str) -> str:
        del text
        kinds, _, name = words[0].partition("/")
        name = name or (words[1] if len(words) > 1 else "")
        if name:
            found = self._ask("GET", self._path(_SINGULAR.get(kinds, kinds), name))
            if options.get("-o", "").startswith("jsonpath="):
                value: Any = found
                for step in options["-o"].removeprefix("jsonpath={.").removesuffix("}").split("."):
                    value = value[step]
                return str(value)
            return json.dumps(found)
        items: list[Any] = []
        for kind in kinds.split(","):
            listed = self._ask("GET", self._path(_SINGULAR.get(kind, kind)))
            items += [{"kind": listed["kind"].removesuffix("List"), **it} for it in listed["items"]]
        if options.get("-o") == "name":
            return "\n".join(f"{it['kind'].lower()}/{it['metadata']['name']}" for it in items)
        return json.dumps({"items": items})

    def _create(self, words: list[str], options: dict[str, str], text: str) -> str:
        del text
        plural, name = _SINGULAR[words[0]], words[-1]
        body: dict[str, Any] = {"metadata": {"name": name}}
        if plural == "configmaps":
            key, _, value = options["--from-literal"].partition("=")
            body["data"] = {key: value}
        if plural == "deployments":
            labels = {"app": name}
            containers = [{"name": "main", "image": options["--image"]}]
            template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
            body["spec"] = {
                "replicas": int(options["--replicas"]),
                "selector": {"matchLabels": labels},
                "template": template,
            }
        if plural == "services":
            port, _, target = options["--tcp"].partition(":")
            body["spec"] = {"selector": {"app": name}, "ports": [{"port": int(port), "targetPort": int(target)}]}
        version = _ROOTS[plural].removeprefix("/apis/").removeprefix("/api/")
        whole = {"apiVersion": version, "kind": _NAMED[plural], **body}
        self._ask("POST", f"{self._path(plural)}?fieldManager=kubectl-create", whole)
        return f"{plural}/{name} created"

    def _delete(self, words: list[str], options: dict[str, str], text: str) -> str:
        del text
        wanted = words if "/" in words[0] else [f"{words[0]}/{it}" for it in words[1:]]
        for it in wanted:
            kind, _, name = it.partition("/")
            try:
                self._ask("DELETE", self._path(_SINGULAR.get(kind, kind), name))
            except FailedError:
                if "--ignore-not-found" not in options:
                    raise
        return ""

    def _scale(self, words: list[str], options: dict[str, str], text: str) -> str:
        del text
        kind, _, name = words[0].partition("/")
        body = {"spec": {"replicas": int(options["--replicas"])}}
        path = f"{self._path(_SINGULAR[kind], name)}/scale?fieldManager=kubectl"
        self._ask("PATCH", path, body, "application/merge-patch+json")
        return ""

    def _apply(self, words: list[str], options: dict[str, str], text: str) -> str:
        del words
        body = json.loads(text)
        plural = next(plural for plural, kind in _NAMED.items() if kind == body["kind"])
        force = "true" if "--force-conflicts" in options else "false"
        query = f"?fieldManager={options['--field-manager']}&force={force}"
        path = self._path(plural, body["metadata"]["name"]) + query
        self._ask("PATCH", path, body, "application/apply-patch+yaml")
        return ""


@contextmanager
def boxed(folder: Path) -> Iterator[Boxed]:
    """A cluster, a second one, and a registry, all of them embedded, with nobody's rights and no root."""
    with ExitStack() as stack:
        images = stack.enter_context(serve(folder / "registry"))
        one, two = (stack.enter_context(simulate(pull=AskRegistry(), scripts=(switches,))) for _ in range(2))
        places = [folder / "one.kubeconfig", folder / "two.kubeconfig"]
        for running, place in zip((one, two), places, strict=True):
            config = running.kubeconfig()
            config["contexts"][0]["name"] = config["current-context"] = "testbed"
            place.write_text(json.dumps(config))
        (folder / "bin").mkdir()
        program = Path(paasctl.embedded.demo.__file__).with_name("app")
        (folder / "bin" / "app").write_bytes(program.read_bytes())
        yield Boxed(
            kubeconfig=str(places[0]),
            kubectl="",
            bin=str(folder / "bin"),
            registry=images.host,
            registry_auth="",
            registry_auth_user="",
            registry_auth_password="",
            docker_host="unix:///nonexistent",
            traefik="",
            gateway="",
            simulation=one,
            images=images,
            others={str(places[1]): two},
        )
