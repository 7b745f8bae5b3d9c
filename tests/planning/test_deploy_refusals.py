"""When a deploy is refused before anything is written."""

from __future__ import annotations

import pytest

from paasctl.errors import PaasError, Refused, WouldClobber
from paasctl.model.kube import Rejection
from paasctl.model.plan import Apply
from paasctl.planning.deploy import TargetFacts, differences, to_preview
from support.deploys import HAD, WEB, deploy, every, facts, told
from support.make import foreign, key, want


def refusal(*targets: TargetFacts) -> PaasError:
    with pytest.raises(Refused) as raised:
        deploy(*targets)
    return raised.value


def test_nothing_rendered_is_refused() -> None:  # D32
    error = refusal(facts([], HAD))
    assert error.code == "nothing-rendered"
    assert "testbed/shop-dev/shop" in error.message


def test_what_is_not_ours_is_not_touched_and_its_maker_is_named() -> None:  # D31
    seen = (foreign("Service/web", "helm"), foreign("ConfigMap/web", app="till"))
    error = refusal(facts(WEB, seen=seen))
    assert isinstance(error, WouldClobber)
    assert error.evidence == (
        "Service/web in testbed/shop-dev/shop was made by helm",
        "ConfigMap/web in testbed/shop-dev/shop belongs to the app 'till'",
    )
    assert "kubectl -n shop-dev label service web --overwrite paasctl.dev/app=shop" in error.hint


def test_what_was_handed_over_is_ours() -> None:
    seen = (foreign("ConfigMap/web", "helm", app="shop"),)
    (step,) = deploy(facts([want("ConfigMap/web@v2")], seen=seen)).steps
    assert isinstance(step, Apply)
    assert (step.change, step.uid) == ("update", seen[0].uid)


def test_every_no_of_the_api_server_is_told_at_once() -> None:  # D15
    denied = Rejection(key("Deployment/web"), "Forbidden", 'admission webhook "x.example" denied the request: no')
    invalid = Rejection(key("Service/web"), "Invalid", "spec.ports[0].port: Invalid value: 0")
    error = refusal(facts(WEB, previews={denied.key: denied, invalid.key: invalid}))
    assert error.code == "rejected"
    assert error.evidence == (
        'Deployment/web in testbed/shop-dev/shop: admission webhook "x.example" denied the request: no',
        "Service/web in testbed/shop-dev/shop: spec.ports[0].port: Invalid value: 0",
    )


def test_a_reader_sees_the_fields_that_others_keep() -> None:  # D10, L7
    live = HAD[0]
    no = Rejection(live.key, "Conflict", "…", conflicts=(("kubectl", ".spec.replicas"),))
    target = facts([want("Deployment/web@v2"), *WEB[1:]], HAD, previews={no.key: no})
    assert refusal(target).code == "field-conflict"
    assert [str(it.manifest.key) for it in differences(every(target)) if isinstance(it, Apply)] == ["Deployment/web"]


def test_a_conflict_names_manager_and_field() -> None:  # D10
    no = Rejection(key("Deployment/web"), "Conflict", "…", conflicts=(("kubectl-edit", ".spec.replicas"),))
    error = refusal(facts(WEB, HAD, previews={no.key: no}))
    assert error.code == "field-conflict"
    assert ".spec.replicas is set by kubectl-edit" in error.message
    assert "paasctl render dev | kubectl apply --server-side" in error.hint


def test_an_immutable_field_is_explained_never_replaced() -> None:  # D14
    no = Rejection(key("Deployment/web"), "Invalid", "spec.selector: Invalid value: …: field is immutable")
    error = refusal(facts(WEB, HAD, previews={no.key: no}))
    assert "give it another name" in error.hint


def test_the_namespace_of_this_run_is_no_false_alarm() -> None:  # D19
    no = Rejection(key("Deployment/web"), "NotFound", 'namespaces "shop-dev" not found')
    one = facts(WEB, previews={no.key: no}, namespace_exists=False)
    assert told(deploy(one))[0] == "create ConfigMap/web + create Service/web"
    assert to_preview(one) == ()
