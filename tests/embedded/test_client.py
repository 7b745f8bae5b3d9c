"""The unmodified `kubernetes` Python client on the simulation: nobody has told it that the cluster is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from paasctl.embedded.kube.api.access import Rule
from paasctl.embedded.kube.controllers.scripts import Script
from paasctl.embedded.kube.simulation import Simulation, simulate

client: Any = import_module("kubernetes.client")  # newer ones have types, older ones none
config: Any = import_module("kubernetes.config")
dynamic: Any = import_module("kubernetes.dynamic")
watch: Any = import_module("kubernetes.watch")
_SPACE = "default"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Simulation]:
    quick = Script({}, {"ready": 0.05, "logs": ["hello", "goodbye"]})
    with simulate(scripts=[quick]) as made:
        yield made


@pytest.fixture(scope="module")
def api(cluster: Simulation) -> Iterator[Any]:
    with config.new_client_from_config_dict(cluster.kubeconfig()) as made:
        yield made


@pytest.fixture
def core(api: Any) -> Any:
    return client.CoreV1Api(api)


@pytest.fixture
def apps(api: Any) -> Any:
    return client.AppsV1Api(api)


def _configmap(name: str, **data: str) -> Any:
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"test": name}), data=data)


def _deployment(name: str, replicas: int = 1) -> Any:
    labels = {"app": name}
    container = client.V1Container(name="main", image="app:1", ports=[client.V1ContainerPort(container_port=80)])
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(
        replicas=replicas, selector=client.V1LabelSelector(match_labels=labels), template=template
    )
    return client.V1Deployment(metadata=client.V1ObjectMeta(name=name, labels=labels), spec=spec)


def _ready(apps: Any, name: str, replicas: int = 1) -> Any:
    """The deployment as soon as so many replicas are ready, as a watch tells it."""
    listed = apps.list_namespaced_deployment(_SPACE, field_selector=f"metadata.name={name}")
    for it in listed.items:
        if it.status.ready_replicas == replicas:
            return it
    stream = watch.Watch().stream(
        apps.list_namespaced_deployment,
        _SPACE,
        field_selector=f"metadata.name={name}",
        resource_version=listed.metadata.resource_version,
        timeout_seconds=10,
    )
    for event in stream:
        if event["object"].status.ready_replicas == replicas:
            return event["object"]
    raise AssertionError(f"{name} never had {replicas} ready replicas")


def _refused(call: Any, *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(client.ApiException) as caught:
        call(*args, **kwargs)
    return caught.value


def test_objects_are_made_read_replaced_and_deleted(core: Any) -> None:
    made = core.create_namespaced_config_map(_SPACE, _configmap("crud", a="1"))
    assert isinstance(made.metadata.creation_timestamp, datetime)
    assert core.read_namespaced_config_map("crud", _SPACE).data == {"a": "1"}
    assert _refused(core.create_namespaced_config_map, _SPACE, _configmap("crud")).reason == "Conflict"

    made.data = {"b": "2"}
    replaced = core.replace_namespaced_config_map("crud", _SPACE, made)
    assert int(replaced.metadata.resource_version) > int(made.metadata.resource_version)
    assert _refused(core.replace_namespaced_config_map, "crud", _SPACE, made).status == 409

    core.delete_namespaced_config_map("crud", _SPACE)
    assert _refused(core.read_namespaced_config_map, "crud", _SPACE).status == 404


def test_a_dry_run_writes_nothing(core: Any) -> None:
    assert core.create_namespaced_config_map(_SPACE, _configmap("dry"), dry_run="All").metadata.uid
    assert _refused(core.read_namespaced_config_map, "dry", _SPACE).status == 404


def test_what_is_not_valid_is_refused_with_its_field(apps: Any) -> None:
    wrong = _deployment("wrong")
    wrong.spec.template.metadata.labels = {"app": "other"}
    refused = _refused(apps.create_namespaced_deployment, _SPACE, wrong)
    assert refused.status == 422
    assert '"field":"spec.template.metadata.labels"' in refused.body


def test_lists_come_in_pages(core: Any) -> None:
    names = [f"page-{it}" for it in range(5)]
    for name in names:
        core.create_namespaced_config_map(_SPACE, _configmap(name, part="page"))
    whole = [it.metadata.name for it in core.list_namespaced_config_map(_SPACE).items]
    found, token, version = [], None, None
    while token != "":
        page = core.list_namespaced_config_map(_SPACE, limit=2, _continue=token)
        assert len(page.items) <= 2
        assert version in (None, page.metadata.resource_version)
        found += [it.metadata.name for it in page.items]
        token, version = page.metadata._continue or "", page.metadata.resource_version
    assert found == whole
    assert set(names) <= set(found)


def test_selectors_choose(core: Any) -> None:
    for name in ("chosen-a", "chosen-b", "chosen-c"):
        core.create_namespaced_config_map(_SPACE, _configmap(name))

    def named(**selector: str) -> list[str]:
        return [it.metadata.name for it in core.list_config_map_for_all_namespaces(**selector).items]

    assert named(label_selector="test in (chosen-a,chosen-c)") == ["chosen-a", "chosen-c"]
    assert named(label_selector="test,test=chosen-b") == ["chosen-b"]
    assert named(field_selector="metadata.name=chosen-c,metadata.namespace=default") == ["chosen-c"]
    assert _refused(core.list_namespaced_config_map, _SPACE, label_selector="a=b=c").status == 400


def test_a_watch_goes_on_where_a_list_ended(core: Any) -> None:
    version = core.list_namespaced_config_map(_SPACE).metadata.resource_version
    core.create_namespaced_config_map(_SPACE, _configmap("seen", a="1"))
    core.patch_namespaced_config_map("seen", _SPACE, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("seen", _SPACE)
    stream = watch.Watch()
    told = []
    for event in stream.stream(
        core.list_namespaced_config_map, _SPACE, label_selector="test=seen", resource_version=version, timeout_seconds=5
    ):
        told.append((event["type"], event["object"].data))
        if event["type"] == "DELETED":
            stream.stop()
    assert told == [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})]


def test_a_watch_ends_with_a_bookmark(core: Any) -> None:
    stream = watch.Watch()
    events = list(
        stream.stream(
            core.list_namespaced_secret,
            _SPACE,
            resource_version=core.list_namespaced_secret(_SPACE).metadata.resource_version,
            allow_watch_bookmarks=True,
            timeout_seconds=0,
        )
    )
    assert {it["type"] for it in events} == {"BOOKMARK"}


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ([{"op": "replace", "path": "/spec/replicas", "value": 0}], "application/json-patch+json"),
        ({"spec": {"replicas": 0}}, "application/merge-patch+json"),
        ({"spec": {"replicas": 0}}, "application/strategic-merge-patch+json"),
    ],
)
def test_patches_of_three_types(apps: Any, body: Any, media: str) -> None:
    name = f"patched-{media.partition('/')[2].partition('-')[0]}"
    apps.create_namespaced_deployment(_SPACE, _deployment(name))
    made = apps.patch_namespaced_deployment(name, _SPACE, body, _content_type=media)
    assert (made.spec.replicas, made.spec.template.spec.containers[0].image) == (0, "app:1")


def test_an_apply_has_an_owner_and_conflicts(core: Any) -> None:
    def applied(manager: str, value: str, **options: Any) -> Any:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"a": value}}
        media = {"_content_type": "application/apply-patch+yaml", "field_manager": manager}
        return core.patch_namespaced_config_map("applied", _SPACE, body, **media, **options)

    assert applied("one", "1").metadata.managed_fields[0].manager == "one"
    refused = _refused(applied, "two", "2")
    assert refused.status == 409
    assert 'conflict with \\"one\\"' in refused.body
    assert applied("two", "2", force=True).data == {"a": "2"}


def test_status_and_scale_are_apart(apps: Any) -> None:
    apps.create_namespaced_deployment(_SPACE, _deployment("apart", replicas=2))
    _ready(apps, "apart", 2)
    scale = apps.read_namespaced_deployment_scale("apart", _SPACE)
    assert (scale.spec.replicas, scale.status.replicas, scale.status.selector) == (2, 2, "app=apart")
    scale.spec.replicas = 1
    apps.replace_namespaced_deployment_scale("apart", _SPACE, scale)
    assert apps.patch_namespaced_deployment_scale("apart", _SPACE, {"spec": {"replicas": 3}}).spec.replicas == 3
    assert _ready(apps, "apart", 3).status.available_replicas == 3

    body = {"spec": {"replicas": 9}, "status": {"collisionCount": 7}}
    patched = apps.patch_namespaced_deployment_status("apart", _SPACE, body)
    assert (patched.spec.replicas, patched.status.collision_count) == (3, 7)


def test_pods_have_logs_and_are_evicted(core: Any, apps: Any, api: Any) -> None:
    apps.create_namespaced_deployment(_SPACE, _deployment("web"))
    _ready(apps, "web")
    pod = core.list_namespaced_pod(_SPACE, label_selector="app=web").items[0]
    assert pod.status.container_statuses[0].ready
    assert core.read_namespaced_pod_log(pod.metadata.name, _SPACE) == "hello\ngoodbye\n"
    assert core.read_namespaced_pod_log(pod.metadata.name, _SPACE, tail_lines=1) == "goodbye\n"

    budget = client.V1PodDisruptionBudget(
        metadata=client.V1ObjectMeta(name="web"),
        spec=client.V1PodDisruptionBudgetSpec(
            min_available=1, selector=client.V1LabelSelector(match_labels={"app": "web"})
        ),
    )
    policy = client.PolicyV1Api(api)
    policy.create_namespaced_pod_disruption_budget(_SPACE, budget)
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name=pod.metadata.name, namespace=_SPACE))
    assert _refused(core.create_namespaced_pod_eviction, pod.metadata.name, _SPACE, eviction).status == 429
    policy.delete_namespaced_pod_disruption_budget("web", _SPACE)
    assert core.create_namespaced_pod_eviction(pod.metadata.name, _SPACE, eviction)


def test_a_lease_is_taken_by_one(api: Any) -> None:
    leases = client.CoordinationV1Api(api)
    now = datetime.now(UTC)  # noqa: TID251 - a client's own clock
    spec = client.V1LeaseSpec(holder_identity="one", lease_duration_seconds=15, acquire_time=now, renew_time=now)
    made = leases.create_namespaced_lease(_SPACE, client.V1Lease(metadata=client.V1ObjectMeta(name="lock"), spec=spec))
    seen = leases.read_namespaced_lease("lock", _SPACE)
    assert seen.spec.renew_time == now
    made.spec.holder_identity = "two"
    leases.replace_namespaced_lease("lock", _SPACE, made)
    seen.spec.holder_identity = "three"
    refused = _refused(leases.replace_namespaced_lease, "lock", _SPACE, seen)
    assert (refused.status, refused.reason) == (409, "Conflict")
    assert leases.read_namespaced_lease("lock", _SPACE).spec.holder_identity == "two"


def test_one_may_ask_what_one_may(cluster: Simulation, api: Any) -> None:
    cluster.access.let(Rule(allows=False, verb="delete", resource="secrets", namespace="closed"))
    reviews = client.AuthorizationV1Api(api)

    def may(verb: str) -> bool:
        wanted = client.V1ResourceAttributes(verb=verb, resource="secrets", namespace="closed")
        spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=wanted)
        body = client.V1SelfSubjectAccessReview(spec=spec)
        allowed: bool = reviews.create_self_subject_access_review(body).status.allowed
        return allowed

    assert may("get")
    assert not may("delete")


def test_nobody_comes_in_without_a_token(cluster: Simulation) -> None:
    with config.new_client_from_config_dict(cluster.kubeconfig("wrong")) as stranger:
        assert _refused(client.CoreV1Api(stranger).list_namespace).status == 401


def test_the_dynamic_client_discovers_it(api: Any) -> None:
    kinds = dynamic.DynamicClient(api).resources
    ingresses = kinds.get(api_version="networking.k8s.io/v1", kind="Ingress")
    assert ingresses.get(namespace=_SPACE).items == []
