"""The project's own manifests (`manifests/*.yaml[.j2]`): taken as they are, owned and placed like all the rest."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from paasctl.errors import ConfigError, PaasError
from paasctl.planning.manifests.checks import json_problems, object_problems, pod_problems, service_problems
from paasctl.planning.manifests.context import common_names
from paasctl.planning.manifests.draft import Draft, adopt, mask_secret, own_pods, place_problems
from paasctl.planning.manifests.images import pin_images
from paasctl.planning.manifests.inputs import RAW, Renderer, RenderInputs
from paasctl.planning.manifests.kinds import CLUSTER_SCOPED, has_pods, pod_of
from paasctl.planning.manifests.problems import expect_none, gather
from paasctl.planning.manifests.source import Source

_ENDINGS = (".yaml", ".yml", ".json", ".yaml.j2", ".yml.j2", ".json.j2")


def raw_drafts(inputs: RenderInputs, renderer: Renderer) -> list[Draft]:
    """A draft per document below `manifests/`. Raises an `ExceptionGroup` of every problem."""
    paths = sorted(it for it in inputs.files if it.startswith(f"{RAW}/") and it.endswith(_ENDINGS))
    return [draft for several in gather(partial(_file, it, inputs, renderer) for it in paths) for draft in several]


def _file(path: str, inputs: RenderInputs, renderer: Renderer) -> list[Draft]:
    try:
        text = inputs.files[path].decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"reading {path}: it is not UTF-8 text", where=path, code="manifest-invalid") from error
    if path.endswith(".j2"):
        text = renderer.expand(text, common_names(inputs), path)
    documents = renderer.documents(text, path)
    source = Source(name=path, where=path, text=text, root=list(documents))
    return gather(partial(_draft, it, source, inputs) for it in documents)


def _draft(document: Mapping[str, Any], source: Source, inputs: RenderInputs) -> Draft:
    if document.get("kind") == "List":
        message = f"rendering {source.name}: a List is no object; write its items as documents of their own"
        raise ConfigError(message, where=source.where, code="manifest-invalid")
    expect_none(object_problems(document, source))
    expect_none([*_kind_problems(document, source), *json_problems(document, source)])
    authored = copy.deepcopy(dict(document))  # images are pinned in place below
    draft = Draft(body=adopt(document, inputs, None), source=source, authored=authored, author=source.name)
    expect_none([*place_problems(draft, inputs), *_body_problems(draft, inputs)])
    own_pods(draft.body, inputs)
    mask_secret(draft.body)
    return draft


def _kind_problems(document: Mapping[str, Any], source: Source) -> Iterator[ConfigError]:
    group, kind = document["apiVersion"].rpartition("/")[0], document["kind"]
    if (group, kind) in CLUSTER_SCOPED:
        where = source.line_of(document["metadata"], "name")  # costs the whole file: only for a message
        message = f"rendering {source.name}: {kind}/{document['metadata']['name']} belongs to the whole cluster"
        hint = "only objects of a namespace are deployed; let the cluster's admin apply this one"
        yield ConfigError(message, where=where, hint=hint, code="cluster-scoped")


def _body_problems(draft: Draft, inputs: RenderInputs) -> Iterator[PaasError]:
    if draft.kind == "Service":
        yield from service_problems(draft.body, draft.source)
    if has_pods(draft.kind):
        pod = pod_of(draft.body)
        wrong = [*pod_problems(pod, draft.source)]
        yield from wrong or pin_images(pod, "", inputs, draft.source)
