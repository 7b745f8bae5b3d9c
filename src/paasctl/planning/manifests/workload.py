"""A service's templates rendered: the author's pod over ours, images pinned, secrets masked, names by content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from paasctl.errors import ConfigError, PaasError
from paasctl.model.kube import APP_LABEL
from paasctl.planning.manifests.checks import object_problems, pod_problems, selects, service_problems
from paasctl.planning.manifests.content import stand_in
from paasctl.planning.manifests.context import Facts, targets
from paasctl.planning.manifests.draft import Draft, adopt, mask_secret, place_problems
from paasctl.planning.manifests.images import pin_images, service_image
from paasctl.planning.manifests.inputs import Renderer, RenderInputs
from paasctl.planning.manifests.kinds import pod_template, workload_kind
from paasctl.planning.manifests.labels import NAME_LABEL, content_hash
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
        draft = Draft(body=adopt(document, inputs, facts.service), source=source, service=facts.service, template=name)
        drafts.append(_workload(draft, facts, inputs) if _has_our_pod(draft, facts) else draft)
        _put_secrets(draft.body, facts)
        mask_secret(draft.body)
    return drafts


def _has_our_pod(draft: Draft, facts: Facts) -> bool:
    return draft.key.kind == workload_kind(facts.service) and pod_template(draft.body) is not None


def _workload(draft: Draft, facts: Facts, inputs: RenderInputs) -> Draft:
    """The workload with the author's words over it, its images pinned."""
    said = facts.authored
    ours = pod_template(draft.body)
    expect_none(pod_problems((ours or {}).get("spec") or {}, draft.source))
    whole = {"jobTemplate": {"spec": said.spec}} if draft.key.kind == "CronJob" else said.spec
    authored = {"spec": whole} if said.spec else {}
    body = merge(draft.body, authored)
    pod = (pod_template(body) or {}).get("spec") or {}
    source = said.source if said.spec else draft.source
    problems: list[PaasError] = [*pod_problems(pod, source)]
    problems += pin_images(pod, service_image(inputs.config, facts.service), inputs, source)
    expect_none(problems)
    if draft.key.kind == "Job":
        body["metadata"]["name"] = f"{body['metadata']['name']}-{content_hash(body['spec'])}"
    return replace(draft, body=body, authored=authored, author=said.source.name)


def _put_secrets(body: dict[str, Any], facts: Facts) -> None:
    """Put the secret's values where a template put their stand-ins, in place."""
    if facts.secret and isinstance(body.get("data"), dict) and body["kind"] == "Secret":
        values = {stand_in(facts.secret.name, name): value for name, value in facts.secret.data.items()}
        body["data"] = {key: values.get(it, it) for key, it in body["data"].items()}


def draft_problems(draft: Draft, facts: Facts, inputs: RenderInputs) -> Iterator[ConfigError]:
    """What is wrong with a finished object of a service."""
    yield from place_problems(draft, inputs)
    if draft.key.kind == "Service":
        yield from service_problems(draft.body, draft.source)
    if _has_our_pod(draft, facts):
        yield from _selection_problems(draft)
        yield from _scale_problems(draft, facts, inputs)


def _selection_problems(draft: Draft) -> Iterator[ConfigError]:
    """A workload whose own pods its selector, or the service's, would not find (D30)."""
    labels = (pod_template(draft.body) or {}).get("metadata", {}).get("labels", {})
    selector = draft.body["spec"].get("selector", {}).get("matchLabels", {})
    ours = draft.service and {it: draft.body["metadata"]["labels"].get(it) for it in (NAME_LABEL, APP_LABEL)}
    if not selects(selector, labels) or not selects(ours or {}, labels):
        name = draft.author or draft.source.name
        message = f"reading {name}: the labels of {draft.key}'s pods are not those it is selected by"
        yield ConfigError(message, where=draft.source.where, hint=f"leave {NAME_LABEL} and {APP_LABEL} to paasctl")


def _scale_problems(draft: Draft, facts: Facts, inputs: RenderInputs) -> Iterator[ConfigError]:
    """A percentage of nothing: the autoscaler would wait for ever."""
    if facts.service.scale is None:
        return
    pod = (pod_template(draft.body) or {})["spec"]
    main = next(it for it in pod["containers"] if it["name"] == facts.authored.container)
    resources = main.get("resources") or {}
    given = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    for name, _ in targets(facts.service.scale):
        if name not in given:
            why = f"scale by {name} needs resources.requests.{name} of container {main['name']}"
            yield ConfigError(
                f"rendering service {facts.service.name}: {why}",
                where=inputs.where("services", facts.service.name, "scale"),
                hint=f"add it to {draft.author}",
                code="service-invalid",
            )
