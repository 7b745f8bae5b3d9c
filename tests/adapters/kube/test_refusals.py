"""A real API server's noes (1.34), and the errors they become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paasctl.adapters.kube.refusals import problem, rejection
from paasctl.adapters.kube.request import Answer
from paasctl.errors import Forbidden, PaasError, Refused, StalePlan, Unavailable
from paasctl.model.kube import Key

KEY = Key("apps", "Deployment", "dev", "w")


def said(
    code: int, message: str, reason: str = "", causes: list[dict[str, str]] | None = None, kind: str = ""
) -> Answer:
    details = {"causes": causes or [], "kind": kind}
    body: dict[str, Any] = {"kind": "Status", "message": message, "details": details, "code": code}
    return Answer(status=code, headers={}, content=json.dumps(body | ({"reason": reason} if reason else {})).encode())


CANNOT = (
    'deployments.apps "w" is forbidden: '
    'User "jane" cannot patch resource "deployments" in API group "apps" in the namespace "dev"'
)
IMMUTABLE = (
    'Deployment.apps "w" is invalid: spec.selector: Invalid value: {"matchLabels":{"a":"z"}}: field is immutable'
)
STATEFUL = (
    'StatefulSet.apps "w" is invalid: '
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden"
)
QUOTA = (
    'pods "w" is forbidden: exceeded quota: small, requested: cpu=2,pods=1, used: cpu=3,pods=4, limited: cpu=4,pods=4'
)
TERMINATING = (
    'configmaps "e" is forbidden: unable to create new content in namespace dev because it is being terminated'
)
POLICY = (
    'configmaps "e" is forbidden: '
    "ValidatingAdmissionPolicy 'no-evil' with binding 'b' denied request: evil is not allowed"
)
SECURITY = 'pods "w" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
DEAD = 'Internal error occurred: failed calling webhook "dead.example": failed to call webhook: connection refused'
UNKNOWN = (
    "failed to create typed patch object (/w; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema"
)
DOUBLE = (
    "failed to create typed patch object (/w; apps/v1): "
    '.spec.ports: duplicate entries for key [containerPort=1,protocol="TCP"]'
)
CONFLICT = [
    {"reason": "FieldManagerConflict", "message": 'conflict with "hpa" using apps/v1', "field": ".spec.replicas"}
]
UID = [{"reason": "FieldValueInvalid", "message": "field is immutable", "field": "metadata.uid"}]

TABLE = {
    "D18 a missing permission": (
        said(403, CANNOT, "Forbidden"),
        (Forbidden, "forbidden", "applying it: user jane may not patch deployments.apps in the namespace dev"),
    ),
    "D7 refused credentials": (said(401, "Unauthorized", "Unauthorized"), (Forbidden, "unauthorized", "Unauthorized")),
    "D10 a field of somebody else": (
        said(409, "Apply failed with 1 conflict", "Conflict", CONFLICT),
        (Refused, "field-conflict", ".spec.replicas belongs to hpa"),
    ),
    "D14 an immutable field": (said(422, IMMUTABLE, "Invalid"), (Refused, "immutable-field", "spec.selector")),
    "D14 a StatefulSet's fixed fields": (said(422, STATEFUL, "Invalid"), (Refused, "immutable-field", "statefulset")),
    "D15 a webhook's no": (
        said(400, 'admission webhook "policy.example" denied the request: no latest tags', "BadRequest"),
        (Refused, "admission-denied", "no latest tags"),
    ),
    "D15 a webhook's no with a conflict's status": (
        said(409, 'admission webhook "policy.example" denied the request: taken', "Conflict"),
        (Refused, "admission-denied", "taken"),
    ),
    "D15 a policy's no": (said(422, POLICY, "Invalid"), (Refused, "admission-denied", "evil is not allowed")),
    "D15 pod security": (said(403, SECURITY, "Forbidden"), (Refused, "admission-denied", "runAsNonRoot")),
    "D16 a webhook that does not answer": (
        said(500, DEAD, "InternalError"),
        (Unavailable, "webhook-unreachable", "dead.example"),
    ),
    "D17 a used up quota": (
        said(403, QUOTA, "Forbidden"),
        (
            Refused,
            "quota-exceeded",
            "quota small is used up: used cpu=3,pods=4 of cpu=4,pods=4, this needs cpu=2,pods=1",
        ),
    ),
    "a namespace on its way out": (
        said(403, TERMINATING, "Forbidden", [{"reason": "NamespaceTerminating"}]),
        (Refused, "namespace-terminating", "being terminated"),
    ),
    "a namespace that is not there": (
        said(404, 'namespaces "dev" not found', "NotFound", kind="namespaces"),
        (Refused, "namespace-missing", "dev"),
    ),
    "D12 an unknown field": (said(500, UNKNOWN), (Refused, "invalid-object", ".spec.replica: field not declared")),
    "D12 a duplicate entry": (said(500, DOUBLE), (Refused, "invalid-object", "duplicate entries")),
    "an invalid object": (
        said(422, "spec.containers: Required value", "Invalid"),
        (Refused, "invalid-object", "Required"),
    ),
    "another object of that name": (
        said(422, "field is immutable", "Invalid", UID),
        (StalePlan, "plan-stale", "immutable"),
    ),
    "a version gone by": (said(409, "the object has been modified", "Conflict"), (StalePlan, "plan-stale", "modified")),
    "D5 an election": (said(500, "etcdserver: leader changed"), (Unavailable, "unavailable", "leader changed")),
    "D6 too many requests": (
        said(429, "too many requests", "TooManyRequests"),
        (Unavailable, "unavailable", "too many"),
    ),
    "somebody else's error page": (
        Answer(status=502, headers={}, content=b"<html>Bad Gateway</html>"),
        (Unavailable, "unavailable", "Bad Gateway"),
    ),
}


@pytest.mark.parametrize(("answer", "wanted"), TABLE.values(), ids=TABLE)
def test_every_no_has_its_error(answer: Answer, wanted: tuple[type[PaasError], str, str]) -> None:
    error = problem(answer, "applying it")
    kind, code, words = wanted
    assert (type(error), error.code) == (kind, code)
    assert error.message.startswith("applying it: ")
    assert words in error.message


def test_hints_name_the_webhook_and_the_command() -> None:
    assert "webhook policy.example" in problem(TABLE["D15 a webhook's no"][0], "x").hint
    assert "policy no-evil" in problem(TABLE["D15 a policy's no"][0], "x").hint
    assert problem(said(403, CANNOT), "x").hint.endswith("kubectl auth can-i patch deployments.apps -n dev")


@pytest.mark.parametrize(
    "message",
    [
        'Secret "s" is invalid: data[k]: Invalid value: "hunter2": not a certificate',
        ".stringData.k: expected string, got &value.valueUnstructured{Value:hunter2}",
    ],
)
def test_values_of_secrets_are_hidden(message: str) -> None:  # D33
    assert "hunter2" in problem(said(422, message), "x").message
    assert "hunter2" not in problem(said(422, message), "x", secret=True).message
    refused = rejection(said(422, message), Key("", "Secret", "dev", "s"))
    assert refused is not None
    assert "hunter2" not in refused.message


ABOUT_THE_OBJECT = ["D10", "D12", "D14", "D15", "D17", "an invalid", "a namespace"]


@pytest.mark.parametrize("name", TABLE)
def test_a_dry_run_is_rejected_only_for_what_the_object_is(name: str) -> None:  # D19
    refused = rejection(TABLE[name][0], KEY)
    if any(name.startswith(start) for start in ABOUT_THE_OBJECT):
        assert refused is not None
    elif name.startswith(("D5", "D6", "D7", "D16", "D18", "somebody")):
        assert refused is None


def test_a_rejection_keeps_kubernetes_reason_and_conflicts() -> None:
    refused = rejection(TABLE["D10 a field of somebody else"][0], KEY)
    assert refused is not None
    assert (refused.reason, refused.conflicts) == ("Conflict", (("hpa", ".spec.replicas"),))


def test_no_right_to_a_path_is_a_missing_right() -> None:  # D18
    error = problem(said(403, 'forbidden: User "jane" cannot get path "/api"', "Forbidden"), "asking what is served")
    assert isinstance(error, Forbidden)
    assert error.message == "asking what is served: user jane may not get /api"
    assert error.hint.endswith("kubectl auth can-i get /api")


@pytest.mark.parametrize("content", [b"", b"<html>403 Forbidden</html>"])
def test_a_proxy_s_no_is_no_admission_rule(content: bytes) -> None:  # D18
    error = problem(Answer(status=403, headers={}, content=content), "asking for the version")
    assert isinstance(error, Forbidden)
    assert "a proxy before it" in error.hint
