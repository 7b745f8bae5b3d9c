"""What a real API server does that random writes brought to light, case by case."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import pytest

from paasctl.embedded.kube.model import By, Object, Refusal
from paasctl.embedded.kube.objects import patch as patches
from paasctl.embedded.kube.objects.apply import applied
from paasctl.embedded.kube.objects.scale import scaled
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.objects.write import Write
from paasctl.embedded.kube.objects.writing import created, patched, replaced

Json = dict[str, Any]
CONTAINER: Json = {"name": "web", "image": "web:1"}
POD: Json = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [CONTAINER]}}
WORKLOAD: Json = {"selector": {"matchLabels": {"app": "a"}}, "template": POD}
_PLURALS = {"NetworkPolicy": "networkpolicies"}


def write(
    version: str, kind: str, manager: str = "alice", operation: Literal["Apply", "Update"] = "Update", sub: str = ""
) -> Write:
    group, _, number = version.rpartition("/")
    resource = loaded().resource(group, number, _PLURALS.get(kind, kind.lower() + "s"))
    assert resource is not None
    return Write(loaded(), resource, By(manager, operation, subresource=sub), 1.0)


def of(version: str, kind: str, **fields: Any) -> Object:
    metadata = {"name": "a", "namespace": "n", "uid": "u", **fields.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def make(body: Object) -> Object:
    return created(write(body["apiVersion"], body["kind"]), body)


def refused(body: Object, live: Object | None = None) -> list[str]:
    how = write(body["apiVersion"], body["kind"])
    with pytest.raises(Refusal) as caught:
        created(how, body) if live is None else replaced(how, live, body)
    causes = (caught.value.details or {})["causes"]
    return [f"{it['field']}: {it['message']}" for it in causes]


def test_a_container_without_an_image_lacks_nothing_else() -> None:
    template = {**POD, "spec": {"containers": [{"name": "web"}]}}
    body = of("apps/v1", "Deployment", spec={**WORKLOAD, "template": template})
    assert refused(body) == ["spec.template.spec.containers[0].image: Required value"]


def test_a_daemon_set_counts_the_changes_of_its_template() -> None:
    live = make(of("apps/v1", "DaemonSet", spec=WORKLOAD))
    counter = "deprecated.daemonset.template.generation"
    assert live["metadata"]["annotations"] == {counter: "1"}
    other = {**POD, "spec": {"containers": [{**CONTAINER, "image": "web:2"}]}}
    changed = replaced(
        write("apps/v1", "DaemonSet"), live, of("apps/v1", "DaemonSet", spec={**WORKLOAD, "template": other})
    )
    assert changed["metadata"]["annotations"] == {counter: "2"}


def test_a_daemon_set_without_a_selector_is_told_of_its_labels_only() -> None:
    found = refused(of("apps/v1", "DaemonSet", spec={"template": POD}))
    assert [it.partition(":")[0] for it in found] == ["spec.template.metadata.labels"]


def test_a_service_with_external_addresses_keeps_its_traffic_policy_when_it_leaves_its_node_ports() -> None:
    said = {"type": "NodePort", "externalIPs": ["192.0.2.1"], "ports": [{"port": 80}]}
    live = make(of("v1", "Service", spec=said))
    how = write("v1", "Service")
    assert (
        patched(how, live, {"spec": {"type": "ClusterIP"}}, patches.MERGE)["spec"]["externalTrafficPolicy"] == "Cluster"
    )
    bare = {"spec": {"type": "ClusterIP", "externalIPs": None}}
    assert "externalTrafficPolicy" not in patched(how, live, bare, patches.MERGE)["spec"]


def test_a_copy_of_what_is_not_there_is_a_null() -> None:
    live = make(of("v1", "ConfigMap", metadata={"annotations": {"a": "b"}}))
    copy = {"op": "copy", "from": "/metadata/labels", "path": "/metadata/annotations"}
    made = patched(write("v1", "ConfigMap"), live, [copy], patches.JSON)
    assert "annotations" not in made["metadata"]
    with pytest.raises(Refusal):
        patched(write("v1", "ConfigMap"), live, [{**copy, "from": "/no/labels"}], patches.JSON)


def test_a_map_with_a_directive_that_meets_nothing_is_left_out() -> None:
    patch = {"metadata": {"labels": {"$patch": "replace", "app": "a"}}}
    how = write("v1", "ConfigMap")
    assert "labels" not in patched(how, make(of("v1", "ConfigMap")), patch, patches.STRATEGIC)["metadata"]
    live = make(of("v1", "ConfigMap", metadata={"labels": {"b": "c"}}))
    assert patched(how, live, patch, patches.STRATEGIC)["metadata"]["labels"] == {"app": "a"}


def test_a_scale_to_the_same_number_sets_an_updaters_replicas_apart() -> None:
    live = applied(write("apps/v1", "Deployment", "bob", "Apply"), None, of("apps/v1", "Deployment", spec=WORKLOAD))
    live = patched(
        write("apps/v1", "Deployment", "carol"), live, {"spec": {"replicas": 2, "paused": True}}, patches.MERGE
    )
    made = scaled(write("apps/v1", "Deployment", "dave", sub="scale"), live, {"spec": {"replicas": 2}})
    carols = [it for it in made["metadata"]["managedFields"] if it["manager"] == "carol"]
    assert [(it["fieldsV1"], "time" in it) for it in carols] == [
        ({"f:spec": {"f:replicas": {}}}, False),
        ({"f:spec": {"f:paused": {}}}, True),
    ]


def test_a_job_without_labels_has_those_of_its_template_with_what_was_added_there() -> None:
    spec = {"template": {**POD, "spec": {**POD["spec"], "restartPolicy": "Never"}}}
    made = make(of("batch/v1", "Job", spec=spec))
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]
    assert made["metadata"]["labels"]["job-name"] == "a"
    own = make(of("batch/v1", "Job", spec=spec, metadata={"labels": {"app": "a"}}))
    assert own["metadata"]["labels"] == {"app": "a"}


def test_a_job_that_loses_the_labels_of_its_pods_is_told_each() -> None:
    spec = {"template": {**POD, "spec": {**POD["spec"], "restartPolicy": "Never"}}}
    live = make(of("batch/v1", "Job", spec=spec))
    found = refused(of("batch/v1", "Job", spec={**spec, "selector": live["spec"]["selector"]}), live)
    assert "spec.template.metadata.labels[job-name]: Required value: must be 'a'" in found
    assert sum("does not match template" in it for it in found) == 2


def test_claims_of_a_stateful_set_are_checked_when_it_is_made_and_counted_before_its_volumes() -> None:
    claims = [{"metadata": {"name": "store"}, "spec": {}}]
    volumes = [{"name": "data", "emptyDir": {}, "configMap": {"name": "c"}}]
    template = {**POD, "spec": {**POD["spec"], "volumes": volumes}}
    found = refused(
        of("apps/v1", "StatefulSet", spec={**WORKLOAD, "template": template, "volumeClaimTemplates": claims})
    )
    assert found == [
        "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
        "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
        "spec.template.spec.volumes[1].configMap: Forbidden: may not specify more than 1 volume type",
    ]


@pytest.mark.parametrize(("source", "needed"), [("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")])
def test_a_reference_to_a_field_names_it(source: str, needed: str) -> None:
    container = {**CONTAINER, "env": [{"name": "A", "valueFrom": {source: {}}}]}
    body = of("apps/v1", "Deployment", spec={**WORKLOAD, "template": {**POD, "spec": {"containers": [container]}}})
    assert refused(body) == [f"spec.template.spec.containers[0].env[0].valueFrom.{source}.{needed}: Required value"]


def test_an_owner_without_a_uid_is_none() -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": ""}
    body = of("v1", "ConfigMap", metadata={"ownerReferences": [owner]})
    assert refused(body) == ['metadata.ownerReferences.uid: Invalid value: "": must not be empty']


def test_a_target_of_an_autoscaler_has_a_type_and_a_number() -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}
    metric = {"type": "Resource", "resource": {"name": "cpu"}}
    found = refused(
        of(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec={"scaleTargetRef": target, "maxReplicas": 2, "metrics": [metric]},
        )
    )
    assert [it.partition(": ")[0].rpartition(".")[2] for it in found] == ["type", "type", "averageUtilization"]


def test_a_binding_names_a_role_of_a_kind_that_there_is() -> None:
    found = refused(of("rbac.authorization.k8s.io/v1", "RoleBinding", roleRef={"name": "a"}))
    assert found == ['roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"']


def test_what_is_wrong_with_a_changed_role_or_policy_is_told_twice() -> None:
    role = of("rbac.authorization.k8s.io/v1", "Role", rules=[])
    wrong = {**role, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": []}]}
    assert len(refused(wrong)) == 1
    assert len(refused(wrong, make(role))) == 2
    policy = of("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}})
    wrong = {**policy, "spec": {"podSelector": {}, "ingress": [{"from": [{}]}]}}
    assert (len(refused(wrong)), len(refused(wrong, make(policy)))) == (1, 2)


def test_empty_policy_types_are_no_change_but_an_empty_map_is() -> None:
    live = make(of("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}}))
    how = write("networking.k8s.io/v1", "NetworkPolicy")
    assert patched(how, live, {"spec": {"policyTypes": []}}, patches.MERGE)["metadata"]["generation"] == 1
    hollow: Json = {"spec": {"podSelector": {"matchLabels": {}}}}
    assert patched(how, live, hollow, patches.MERGE)["metadata"]["generation"] == 2


def test_a_custom_resource_that_breaks_no_more_than_a_limit_is_still_asked_its_rules() -> None:
    route = of("gateway.networking.k8s.io/v1", "HTTPRoute", spec={"rules": []})
    assert refused(route) == ["spec.rules: Invalid value: 0: spec.rules in body should have at least 1 items"]
    del route["spec"]
    assert [it.partition(":")[0] for it in refused(route)] == ["spec", "<nil>"]


def test_a_custom_resource_that_keeps_nothing_of_its_spec_has_a_null_there() -> None:
    version, kind = "gateway.networking.k8s.io/v1", "HTTPRoute"
    body = of(version, kind, spec={"rules": [{"name": "main"}]})
    forced = dataclasses.replace(write(version, kind), by=By("bob", "Apply", force=True))
    live = applied(forced, make(body), {**body, "spec": {"rules": [{}]}})
    with pytest.raises(Refusal, match="must be of type object"):
        applied(write(version, kind, "bob", "Apply"), live, of(version, kind))


def test_new_finalizers_of_what_is_being_deleted_are_told_twice() -> None:
    live = make(of("v1", "ConfigMap", metadata={"finalizers": ["example.com/a"]}))
    going = {**live, "metadata": {**live["metadata"], "deletionTimestamp": "2026-01-02T03:04:05Z"}}
    found = refused(of("v1", "ConfigMap", metadata={"finalizers": ["example.com/b"]}), going)
    assert [it.partition(":")[0] for it in found] == 2 * ["metadata.finalizers"]


@pytest.mark.parametrize(("source", "needed"), [("secret", "secretName"), ("configMap", "name")])
def test_a_volume_names_what_it_is_filled_from(source: str, needed: str) -> None:
    spec = {**POD["spec"], "volumes": [{"name": "data", source: {}}]}
    found = refused(of("apps/v1", "Deployment", spec={**WORKLOAD, "template": {**POD, "spec": spec}}))
    assert found == [f"spec.template.spec.volumes[0].{source}.{needed}: Required value"]


def test_nodes_that_are_asked_for_are_asked_for_by_a_term() -> None:
    asked = "requiredDuringSchedulingIgnoredDuringExecution"
    spec = {**POD["spec"], "affinity": {"nodeAffinity": {asked: {}}}}
    (found,) = refused(of("apps/v1", "Deployment", spec={**WORKLOAD, "template": {**POD, "spec": spec}}))
    assert found.startswith(f"spec.template.spec.affinity.nodeAffinity.{asked}.nodeSelectorTerms: Required value")


def test_empty_lists_that_are_mostly_refused_are_left_out_where_they_are_not() -> None:
    headless = of("v1", "Service", spec={"clusterIP": "None", "selector": {"app": "a"}, "ports": []})
    assert "ports" not in make(headless)["spec"]
    urls = of(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        rules=[{"nonResourceURLs": ["/"], "verbs": ["get"], "resources": []}],
    )
    assert make(urls)["rules"] == [{"nonResourceURLs": ["/"], "verbs": ["get"]}]


def test_an_affinity_and_an_alias_without_values_are_told() -> None:
    key = {"key": "tier", "operator": "In", "values": []}
    term = {"labelSelector": {"matchExpressions": [key]}, "topologyKey": "zone"}
    node = {"nodeSelectorTerms": [{"matchExpressions": [key]}]}
    wanted = {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]
        },
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": node},
    }
    spec = {**POD["spec"], "affinity": wanted, "hostAliases": [{}]}
    found = refused(of("apps/v1", "Deployment", spec={**WORKLOAD, "template": {**POD, "spec": spec}}))
    assert [it.partition(":")[0].rpartition("]")[2] for it in found] == [".values", ".values", ".ip"]


def test_nobody_owned_an_empty_role_before_its_first_apply() -> None:
    version, kind = "rbac.authorization.k8s.io/v1", "Role"
    bare = applied(write(version, kind, "bob", "Apply"), None, of(version, kind))
    assert "managedFields" not in bare["metadata"]
    made = applied(write(version, kind, "alice", "Apply"), bare, of(version, kind, rules=[]))
    assert [it["manager"] for it in made["metadata"]["managedFields"]] == ["alice"]


def test_a_patch_of_a_jobs_labels_leaves_those_of_its_template() -> None:
    spec = {"suspend": True, "template": {**POD, "spec": {**POD["spec"], "restartPolicy": "Never"}}}
    patch = [{"op": "add", "path": "/metadata/labels/more", "value": "b"}]
    made = patched(write("batch/v1", "Job"), make(of("batch/v1", "Job", spec=spec)), patch, patches.JSON)
    assert made["metadata"]["labels"]["more"] == "b"
    assert "more" not in made["spec"]["template"]["metadata"]["labels"]


def test_two_constraints_of_one_topology_are_one_too_many() -> None:
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    spec = {**POD["spec"], "topologySpreadConstraints": [spread, spread]}
    found = refused(of("apps/v1", "Deployment", spec={**WORKLOAD, "template": {**POD, "spec": spec}}))
    place = "spec.template.spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}"
    assert found == [f'{place}: Duplicate value: "{{zone, DoNotSchedule}}"']


def test_a_block_of_addresses_has_a_range() -> None:
    policy = of(
        "networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}, "egress": [{"to": [{"ipBlock": {}}]}]}
    )
    assert refused(policy) == ["spec.egress[0].to[0].ipBlock.cidr: Required value"]


def test_a_peer_of_a_policy_is_chosen_by_a_whole_selector() -> None:
    chosen = {"namespaceSelector": {"matchExpressions": [{"key": "tier", "operator": "In"}]}}
    policy = of("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}, "ingress": [{"from": [chosen]}]})
    (found,) = refused(policy)
    assert found.startswith("spec.ingress[0].from[0].namespaceSelector.matchExpressions[0].values: Required value")


def test_the_first_handler_of_a_probe_is_told_before_those_that_are_too_many() -> None:
    container = {**CONTAINER, "livenessProbe": {"exec": {}, "grpc": {"port": 1}}}
    template = {**POD, "spec": {"containers": [container]}}
    found = refused(of("apps/v1", "Deployment", spec={**WORKLOAD, "template": template}))
    assert [it.partition(":")[0].rpartition("Probe.")[2] for it in found] == ["exec.command", "grpc"]
