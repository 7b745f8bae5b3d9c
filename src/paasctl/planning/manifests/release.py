"""All manifests of one target: services, then the project's own; in one order, each object once, never none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from paasctl.errors import ConfigError, PaasError, Refused
from paasctl.model.answer import Rendered
from paasctl.model.kube import Key
from paasctl.planning.manifests.draft import Draft
from paasctl.planning.manifests.explain import explained
from paasctl.planning.manifests.inputs import RAW, Renderer, RenderInputs
from paasctl.planning.manifests.problems import attempt, distinct, raise_for
from paasctl.planning.manifests.raw import raw_drafts
from paasctl.planning.manifests.service import service_drafts

_SHARED = "serviceaccount.yaml.j2"
"""Services may name the same account: it is made once."""


def render_release(inputs: RenderInputs, renderer: Renderer) -> Rendered:
    """The manifests, in a fixed order. Raises `ConfigError` with every problem; `Refused` where there is nothing."""
    return Rendered(manifests=tuple(it.manifest() for it in _sound(inputs, renderer)))


def explain_release(inputs: RenderInputs, renderer: Renderer) -> Rendered:
    """The same, and of every field where it came from: `Kind/name` -> (path, origin)."""
    drafts = _sound(inputs, renderer)
    return Rendered(
        manifests=tuple(it.manifest() for it in drafts),
        explained={str(it.key): explained(it, inputs) for it in drafts},
    )


def lint_render(inputs: RenderInputs, renderer: Renderer) -> tuple[PaasError, ...]:
    """Every problem of rendering, each with its place; none: `render_release` works."""
    return tuple(_drafts(inputs, renderer)[1])


def _sound(inputs: RenderInputs, renderer: Renderer) -> list[Draft]:
    drafts, problems = _drafts(inputs, renderer)
    raise_for(problems)
    return drafts


def _drafts(inputs: RenderInputs, renderer: Renderer) -> tuple[list[Draft], list[PaasError]]:
    problems: list[PaasError] = []
    works: list[Callable[[], list[Draft]]] = [
        *(partial(service_drafts, it, inputs, renderer) for it in inputs.config.services.values()),
        partial(raw_drafts, inputs, renderer),
    ]
    drafts = [draft for work in works for draft in attempt(work, problems) or ()]
    drafts = _without_shared(sorted(drafts, key=lambda it: it.order))
    problems += _doubles(drafts)
    if not drafts and not problems:
        message = f"rendering {inputs.config.app} for {inputs.environment.name}: nothing came out"
        hint = f"give {inputs.config.file} a service, or {RAW}/ a manifest; undeploy is the verb that takes all away"
        problems.append(Refused(message, hint=hint, code="nothing-rendered"))
    return drafts, distinct(problems)


def _without_shared(drafts: Iterable[Draft]) -> list[Draft]:
    kept: dict[tuple[Key, str] | int, Draft] = {}
    for draft in drafts:
        kept.setdefault((draft.key, _SHARED) if draft.template == _SHARED else id(draft), draft)
    return list(kept.values())


def _doubles(drafts: Iterable[Draft]) -> list[ConfigError]:
    """One problem per object that two sources make; the second to come is to blame."""
    first: dict[Key, Draft] = {}
    doubles = []
    for draft in drafts:
        if (other := first.setdefault(draft.key, draft)) is not draft:
            message = f"rendering {draft.key}: both {other.manifest().source} and {draft.manifest().source} make it"
            doubles.append(ConfigError(message, where=draft.source.where, code="object-twice"))
    return doubles
