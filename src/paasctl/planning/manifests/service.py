"""One service of paas.yaml as drafts: facts, templates, the author's pod over it, images, names, checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from paasctl.errors import ConfigError, PaasError
from paasctl.model.config import Service
from paasctl.planning.manifests.content import config_content, secret_content
from paasctl.planning.manifests.context import Facts, common_names, expanded_env, expanded_hosts, template_names
from paasctl.planning.manifests.draft import Draft
from paasctl.planning.manifests.inputs import Renderer, RenderInputs
from paasctl.planning.manifests.kinds import SERVING, workload_kind
from paasctl.planning.manifests.pods import authored_pod, no_pod
from paasctl.planning.manifests.problems import attempt, expect_none, gather
from paasctl.planning.manifests.routes import choose_route
from paasctl.planning.manifests.workload import draft_problems, template_drafts

_WORKLOADS = {
    "CronJob": "cronjob.yaml.j2",
    "Deployment": "deployment.yaml.j2",
    "Job": "job.yaml.j2",
    "StatefulSet": "statefulset.yaml.j2",
}
_OLDEST_SLEEP = (1, 30)
"""Kubernetes version from which a preStop hook can sleep without a shell in the image (KEP-3960)."""


def service_drafts(service: Service, inputs: RenderInputs, renderer: Renderer) -> list[Draft]:
    """Everything a service becomes. Raises an `ExceptionGroup` of every problem of one step."""
    facts = _facts(service, inputs, renderer)
    expect_none(_setting_problems(facts, inputs))
    names = template_names(facts, inputs)
    rendered = gather(partial(template_drafts, name, names, facts, inputs, renderer) for name in _templates(facts))
    drafts = [draft for several in rendered for draft in several]
    expect_none(it for draft in drafts for it in draft_problems(draft, facts, inputs))
    return drafts


def _facts(service: Service, inputs: RenderInputs, renderer: Renderer) -> Facts:
    """Read and expand everything the service mentions; every problem of it at once."""
    names = common_names(inputs, service.name)
    problems: list[PaasError] = []
    facts = Facts(
        service=service,
        authored=attempt(lambda: authored_pod(service, inputs, renderer, names), problems) or no_pod(service),
        config=attempt(lambda: config_content(service, inputs, renderer, names), problems),
        secret=attempt(lambda: secret_content(service, inputs), problems),
        hosts=attempt(lambda: expanded_hosts(service, inputs, renderer, names), problems) or (),
        env=attempt(lambda: expanded_env(service, inputs, renderer, names), problems) or (),
        route=attempt(lambda: choose_route(inputs) if service.hosts else None, problems),
    )
    expect_none(problems)
    return facts


def _setting_problems(facts: Facts, inputs: RenderInputs) -> Iterator[ConfigError]:
    """Keys of the service that contradict each other or the cluster."""
    service = facts.service
    if service.scale and "replicas" in facts.authored.spec:
        # D11: two owners of one number.
        why = f"{facts.authored.source.name} sets replicas, which `scale` owns"
        yield _wrong(inputs, service, "scale", why, "leave `replicas` out there")
    if service.port and service.drain and workload_kind(service) in SERVING and _is_older(inputs, _OLDEST_SLEEP):
        why = f"cluster {inputs.cluster.name} runs {inputs.offers.version if inputs.offers else ''}; drain needs v1.30"
        yield _wrong(inputs, service, "drain", why, "drain: 0s, and let the program itself wait after SIGTERM")


def _is_older(inputs: RenderInputs, wanted: tuple[int, int]) -> bool:
    found = re.match(r"v?(\d+)\.(\d+)", inputs.offers.version) if inputs.offers else None
    return found is not None and (int(found[1]), int(found[2])) < wanted


def _wrong(inputs: RenderInputs, service: Service, key: str, why: str, hint: str) -> ConfigError:
    where = inputs.where("services", service.name, key)
    return ConfigError(f"rendering service {service.name}: {why}", where=where, hint=hint, code="service-invalid")


def _templates(facts: Facts) -> Iterator[str]:
    """The templates that this service takes, in the order of the output."""
    service, kind = facts.service, workload_kind(facts.service)
    if service.service_account:
        yield "serviceaccount.yaml.j2"
    if facts.config:
        yield "configmap.yaml.j2"
    if facts.secret:
        yield "secret.yaml.j2"
    if service.port and kind in SERVING:
        yield "service.yaml.j2"
    yield _WORKLOADS[kind]
    if service.scale and kind in SERVING:
        yield "hpa.yaml.j2"
    if facts.several and kind in SERVING:
        yield "pdb.yaml.j2"
    if facts.route:
        yield facts.route.template
