"""A service's templates rendered: the author's pod over ours, images pinned, secrets masked, names by content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from paasctl.errors import ConfigError, PaasError
from paasctl.model.kube import APP_LABEL, OWNER_LABEL
from paasctl.planning.manifests.checks import (
    json_problems,
    object_problems,
    pod_problems,
    selects,
    service_problems,
    shape_problems,
)
from paasctl.planning.manifests.content import STAND_IN, stand_in
from paasctl.planning.manifests.context import Facts, targets
from paasctl.planning.manifests.draft import Draft, adopt, mask_secret, place_problems
from paasctl.planning.manifests.images import pin_images, service_image
from paasctl.planning.manifests.inputs import Renderer, RenderInputs
from paasctl.planning.manifests.kinds import pod_of, pod_template, workload_kind
from paasctl.planning.manifests.labels import NAME_LABEL, content_hash, pod_labels
from paasctl.planning.manifests.merge import merge
from paasctl.planning.manifests.problems import expect_none
from paasctl.planning.manifests.source import Source


def template_drafts(
    name: str, names: Mapping[str, Any], facts: Facts, inputs: RenderInputs, renderer: Renderer
) -> list[Draft]:
    """One template's objects: ours under the author's, images pinned, secrets masked, named after their content."""
    where = f"templates/{name}"
    drafts = []
    for document in renderer.render(name, names):
        source = Source(name=where, where=where, root=document)
        expect_none(object_problems(document, source))
        if where in inputs.files:  # ours put values in with tojson, so nothing else can come out
            expect_none(json_problems(document, source))
        draft = Draft(body=adopt(document, inputs, facts.service), source=source, service=facts.service, template=name)
        drafts.append(_workload(draft, facts, inputs) if _is_workload(draft, facts) else draft)
        _put_secrets(draft.body, facts)
        mask_secret(draft.body)
    return drafts


def _is_workload(draft: Draft, facts: Facts) -> bool:
    return draft.kind == workload_kind(facts.service)


def _workload(draft: Draft, facts: Facts, inputs: RenderInputs) -> Draft:
    """The workload with the author's words over it, its images pinned."""
    said = facts.authored
    expect_none(pod_problems(pod_of(draft.body), draft.source))
    whole = {"jobTemplate": {"spec": said.spec}} if draft.kind == "CronJob" else said.spec
    authored = {"spec": whole} if said.spec else {}
    body = merge(draft.body, authored)
    source = said.source if said.spec else draft.source
    expect_none(shape_problems(body, source))
    pod = pod_of(body)
    problems: list[PaasError] = [*pod_problems(pod, source)]
    problems += pin_images(pod, service_image(inputs.config, facts.service), inputs, source)
    expect_none(problems)
    if draft.kind == "Job":
        body["metadata"]["name"] = f"{body['metadata']['name']}-{content_hash(body['spec'])}"
    return replace(draft, body=body, authored=authored, author=said.source.name)


def _put_secrets(body: dict[str, Any], facts: Facts) -> None:
    """Put the secret's values where a template put their stand-ins, in place: base64 in `data`, plain elsewhere."""
    if facts.secret is None or body["kind"] != "Secret":
        return
    for name in ("data", "stringData"):
        values = {stand_in(facts.secret.name, key): it for key, it in facts.secret.values_for(name).items()}
        if body.get(name):
            body[name] = {key: values.get(it, it) if isinstance(it, str) else it for key, it in body[name].items()}


def draft_problems(draft: Draft, facts: Facts, inputs: RenderInputs) -> Iterator[ConfigError]:
    """What is wrong with a finished object of a service."""
    yield from place_problems(draft, inputs)
    if draft.kind == "Service":
        yield from service_problems(draft.body, draft.source)
    if _is_workload(draft, facts):
        yield from _selection_problems(draft, facts, inputs)
        yield from _scale_problems(draft, facts, inputs)
    if facts.secret and draft.kind != "Secret" and STAND_IN in repr(draft.body):
        message = f"rendering {draft.source.name}: {draft.key} has a secret's value in it; only a Secret may"
        yield ConfigError(message, where=draft.source.where, hint="name the Secret there", code="secret-exposed")


def _selection_problems(draft: Draft, facts: Facts, inputs: RenderInputs) -> Iterator[ConfigError]:
    """A workload whose own pods its selector, or the service's, would not find (D30)."""
    labels = (pod_template(draft.body) or {}).get("metadata", {}).get("labels", {})
    selector = draft.body["spec"].get("selector", {}).get("matchLabels", {})
    wanted = pod_labels(inputs, facts.service)
    fixed = {it: wanted[it] for it in (NAME_LABEL, APP_LABEL, OWNER_LABEL)}
    if not selects(selector, labels) or not selects(fixed, labels):
        source = facts.authored.source if facts.authored.spec else draft.source
        message = f"reading {source.name}: the labels of {draft.key}'s pods are not those they are selected by"
        hint = f"leave {', '.join(fixed)} to paasctl, and repeat in the template what the selector adds"
        yield ConfigError(message, where=source.where, hint=hint, code="pod-invalid")


def _scale_problems(draft: Draft, facts: Facts, inputs: RenderInputs) -> Iterator[ConfigError]:
    """A percentage of nothing: the autoscaler would wait for ever."""
    if facts.service.scale is None:
        return
    container = facts.authored.container
    main: Mapping[str, Any] = next(
        (it for it in pod_of(draft.body).get("containers") or () if it["name"] == container), {}
    )
    resources = main.get("resources") or {}
    given = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    for name, _ in targets(facts.service.scale):
        if name not in given:
            why = f"scale by {name} needs resources.requests.{name} of container {container}"
            yield ConfigError(
                f"rendering service {facts.service.name}: {why}",
                where=inputs.where("services", facts.service.name, "scale"),
                hint=f"add it to {draft.author or draft.source.name}",
                code="service-invalid",
            )
