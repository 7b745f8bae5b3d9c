"""A shop of so many services, five manifests each, and the same for helm and for kustomize; proved to be the same."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from bench.place import Place

_CHART = Path(__file__).with_name("chart")
_INI = "[app]\nmode = fast\nworkers = 4\n"
_IMAGE = "127.0.0.1:5000/shop/web"
_ITS_OWN = ("app.kubernetes.io/name", "app.kubernetes.io/version")
_NONE = f"sha256:{'0' * 64}"
_PAAS = """\
app: shop
images: {web: {context: .}}
values: {greeting: hello, domain: shop.example}
registries: {dev: {repository: 127.0.0.1:5000/shop}}
clusters: {local: {context: testbed, router: ingress}}
environments: {dev: {cluster: local, registry: dev}}
services:
"""
_SERVICE = """\
  NAME:
    image: web
    port: 8080
    health: /healthz
    replicas: 2
    hosts: ["{{ service.name }}.{{ values.domain }}"]
    env: {GREETING: "{{ values.greeting }}", LOG: info}
    config: {app.ini: config/app.ini}
"""


class NotTheSameError(Exception):
    """The two sides don't make the same objects, so their times don't compare."""


def write_shop(folder: Path, services: int, place: Place) -> None:
    """A project in a git repository with one commit, tagged v1.0.0."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "app.ini").write_text(_INI)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "paas.yaml").write_text(_PAAS + "".join(_SERVICE.replace("NAME", it) for it in _names(services)))
    for args in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "one"), ("tag", "v1.0.0")):
        subprocess.run(["git", *args], cwd=folder, env=place.environ, check=True, capture_output=True)


def _names(services: int) -> list[str]:
    return [f"s{number:02}" for number in range(services)]


def write_chart(folder: Path, services: int, rendered: str) -> None:
    """A chart that makes what `rendered` says, by templates; what differs between services is in its values."""
    shutil.copytree(_CHART, folder)
    (folder / "files").mkdir()
    (folder / "files" / "app.ini").write_text(_INI)
    commit = re.search("paasctl.dev/commit: '?([0-9a-f]+)", rendered)
    values = {
        "app": "shop",
        "environment": "dev",
        "commit": commit[1] if commit else "",
        "domain": "shop.example",
        "greeting": "hello",
        "image": {"repository": _IMAGE, "digest": _NONE},
        "services": [{"name": it, "port": 8080, "health": "/healthz", "replicas": 2} for it in _names(services)],
    }
    (folder / "values.yaml").write_text(yaml.safe_dump(values, sort_keys=False))


def write_kustomization(folder: Path, rendered: str) -> None:
    """A file for each service; the namespace, the common labels and the digests are kustomize's to put in."""
    folder.mkdir()
    files: dict[str, list[dict[str, Any]]] = {}
    common: dict[str, str] = {}
    for body in yaml.load_all(rendered, Loader=yaml.CSafeLoader):
        meta = body["metadata"]
        del meta["namespace"]
        labels = meta["labels"]
        meta["labels"] = {key: labels.pop(key) for key in _ITS_OWN if key in labels}
        common = labels
        files.setdefault(f"{meta['labels'][_ITS_OWN[0]]}.yaml", []).append(body)
    for name, bodies in files.items():
        text = yaml.safe_dump_all(bodies, sort_keys=False)
        (folder / name).write_text(re.sub(r"image: \S+", "image: web", text))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "shop-dev",
        "resources": sorted(files),
        "labels": [{"pairs": common}],
        "images": [{"name": "web", "newName": _IMAGE, "digest": _NONE}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization, sort_keys=False))


def prove_same(ours: str, theirs: str) -> None:
    """`NotTheSameError` unless both texts mean the same objects, a ConfigMap's hash and the order aside."""
    wanted, found = _objects(ours), _objects(theirs)
    different = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    if different:
        key = min(different)
        raise NotTheSameError(
            f"{len(different)} objects differ; {key}: ours {wanted.get(key)}, theirs {found.get(key)}"
        )


def _objects(text: str) -> dict[str, Any]:
    nameless = re.sub(r"-config-[0-9a-f]{8}", "-config", text)
    bodies = [it for it in yaml.load_all(nameless, Loader=yaml.CSafeLoader) if it]
    return {f"{it['kind']}/{it['metadata']['name']}": it for it in bodies}
