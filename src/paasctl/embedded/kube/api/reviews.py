"""Questions about oneself: who am I, may I, what may I; and tokens of service accounts."""

from __future__ import annotations

import secrets
import time
from typing import Any

from paasctl.embedded.kube.api.access import Access, Asked, User
from paasctl.embedded.kube.model import Object, Refusal

PATHS = {
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
}
_SAID = ("verb", "group", "resource", "subresource", "namespace", "name")


def review(access: Access, user: User, path: str, body: Any) -> Object:
    """The review with its status. Raises 400 for a body that asks nothing."""
    spec = body.get("spec") or {} if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(spec, dict) or not isinstance(body.get("metadata") or {}, dict):
        raise Refusal(400, "BadRequest", "the body is no review")
    body = {**body, "metadata": {**(body.get("metadata") or {}), "creationTimestamp": None}}
    if path.endswith("selfsubjectreviews"):
        return {**body, "status": {"userInfo": {"username": user.name, "groups": list(user.groups)}}}
    if path.endswith("selfsubjectrulesreviews"):
        everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        return {
            **body,
            "status": {"resourceRules": everything, "nonResourceRules": [], "incomplete": bool(access.rules)},
        }
    asked = spec.get("resourceAttributes")
    if not isinstance(asked, dict):
        if spec.get("nonResourceAttributes"):
            return {**body, "status": {"allowed": True}}
        raise _neither()
    if not all(isinstance(asked.get(it, ""), str) for it in _SAID):
        raise Refusal(400, "BadRequest", "json: cannot unmarshal a right into Go value of type string")
    sub = asked.get("subresource", "")
    right = Asked(
        asked.get("verb", ""),
        asked.get("group", ""),
        asked.get("resource", "") + (f"/{sub}" if sub else ""),
        asked.get("namespace", ""),
        asked.get("name", ""),
    )
    return {**body, "status": {"allowed": access.allows(user, right)}}


def _neither() -> Refusal:
    why = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    field = "spec.resourceAttributes"
    details = {
        "group": "authorization.k8s.io",
        "causes": [{"reason": "FieldValueInvalid", "message": why, "field": field}],
    }
    return Refusal(422, "Invalid", f'.authorization.k8s.io "" is invalid: {field}: {why}', details=details)


def token(access: Access, namespace: str, name: str, uid: str) -> Object:
    """A TokenRequest's answer: a token for a service account, good until the server ends."""
    secret = secrets.token_urlsafe(32)
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    access.tokens[secret] = User(f"system:serviceaccount:{namespace}:{name}", groups, uid)
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    status = {"token": secret, "expirationTimestamp": ends}
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": name},
        "status": status,
    }
