"""The whole of `paas.yaml`, and the keys of places: registries, clusters, environments."""

from __future__ import annotations

from paasctl.config import forms
from paasctl.config.shape import Choice, Either, Free, Items, Key, Named, Number, Section, Switch, Text
from paasctl.config.table.images import IMAGE
from paasctl.config.table.services import SERVICE
from paasctl.config.table.version import VERSION

_MOST = 50
"""Approvals that can be wanted."""
KEEP = Section(
    "what a cleanup keeps",
    (
        Key("releases", Number(1, 1_000_000), "how many releases, the highest versions; else all"),
        Key("snapshots", Number(0, 1_000_000), "how many versions between releases, the youngest; else all"),
        Key("age", Text(forms.DURATION), "what is younger stays", "3d"),
        Key("tags", Items(Text(forms.TAG_PATTERN)), "patterns of tags that stay (*, ?)", []),
        Key("others", Switch(), "whether tags stay that are no versions", default=True),
    ),
)

REGISTRY = Section(
    "a registry",
    (
        Key(
            "repository", Text(forms.REPOSITORY), "host/path: images are {repository}/{image}:{version}", required=True
        ),
        Key("insecure", Switch(), "plain HTTP; else only where the host is this machine"),
        Key("pullSecret", Text(forms.SUBDOMAIN), "name of the Secret that pods pull with"),
        Key("keep", KEEP, "what `paasctl cleanup` keeps; without it nothing is deleted there"),
    ),
    later=("immutable", "retention"),
)

CLUSTER = Section(
    "a cluster",
    (
        Key("context", Text(forms.WORD), "context in the kubeconfig", required=True),
        Key("kubeconfig", Text(forms.ANY_PATH), "another kubeconfig than the usual one"),
        Key("identity", Text(forms.WORD), "UID of kube-system, written by `paasctl cluster pin`"),
        Key("router", Choice(("gateway", "ingress")), "what routes are made of; else what the cluster offers"),
        Key("gateway", Text(forms.NAMESPACE_AND_NAME), "the Gateway that routes hang on, where there are several"),
        Key("ingressClass", Text(forms.SUBDOMAIN), "class of Ingresses; else the cluster's default"),
        Key("values", Free("names and values"), "values of this cluster", {}),
    ),
)

REQUIREMENT = Section(
    "a voucher by a key",
    (
        Key("what", Text(forms.VOUCHER), "what must vouch for each image", required=True),
        Key("key", Text(forms.PUBLIC_KEY), "who must have signed it", required=True),
    ),
)

APPROVALS = Section(
    "a number and rules",
    (
        Key("count", Number(1, _MOST), "how many people", required=True),
        Key("notAuthor", Switch(), "whether that of whoever made the release does not count", default=False),
        Key("within", Text(forms.DURATION), "how long an approval is good for; else for ever"),
    ),
)

APPROVER = Section(
    "keys and e-mail addresses",
    (
        Key("keys", Items(Text(forms.SIGNER), least=1), "all of that person's keys", required=True),
        Key("emails", Items(Text(forms.EMAIL), least=1), "as git knows them: so the author of a release is told"),
    ),
)

ENVIRONMENT = Section(
    "an environment",
    (
        Key("cluster", Text(forms.NAME), "where it runs"),
        Key("clusters", Items(Text(forms.NAME), least=1), "or several, in this order"),
        Key("registry", Text(forms.NAME), "where its images come from", required=True),
        Key("namespace", Text(forms.LABEL), "else {app}-{environment}"),
        Key("values", Free("names and values"), "values of this environment", {}),
        Key("snapshots", Switch(), "whether builds of a checkout may run here (`deploy --build`)", default=False),
        Key("protected", Switch(), "ask before writing, and only to a pinned cluster", default=False),
        Key("onFailure", Choice(("stay",), later=("rollback",)), "what happens after a failed rollout", "stay"),
        Key("after", Items(Text(forms.NAME)), "environments where a release must have run well before", []),
        Key("soak", Text(forms.DURATION), "how long ago that must have begun, at least"),
        Key("frozen", Items(Text(forms.WINDOW)), "when no release is let in", []),
        Key(
            "requires",
            Items(Either((Text(forms.VOUCHER), REQUIREMENT))),
            "what must vouch for each of its images, and by which key",
            [],
        ),
        Key("approvals", Either((Number(1, _MOST), APPROVALS)), "how many approvers must say yes before"),
    ),
    later=("canary", "waves"),
    one_of=("cluster", "clusters"),
)

HOOKS = Section(
    "hooks of a release",
    (
        Key("test", Text(forms.ANY), "after the build: a command line; if it fails, nothing is tagged or pushed"),
        Key("scan", Text(forms.ANY), "after that, likewise"),
    ),
    later=("before-deploy", "after-deploy"),
)

TOP = Section(
    "paas.yaml",
    (
        Key("app", Text(forms.LABEL), "name of the whole; the default namespace is {app}-{environment}", required=True),
        Key("requires", Text(forms.RANGE), "versions of paasctl that may read this file; others refuse to guess"),
        Key("version", VERSION, "git tags -> versions"),
        Key("images", Named("IMAGE", forms.LABEL, IMAGE), "what is built", {}),
        Key(
            "services",
            Named("SERVICE", forms.SERVICE, SERVICE),
            "what runs: a Deployment, unless its keys make it another kind",
            {},
        ),
        Key("registries", Named("REGISTRY", forms.LABEL, REGISTRY), "the promotion path, in this order", {}),
        Key("clusters", Named("CLUSTER", forms.LABEL, CLUSTER), "Kubernetes clusters by name", {}),
        Key(
            "environments",
            Named("ENVIRONMENT", forms.LABEL, ENVIRONMENT),
            "clusters, a registry and values under one name",
            {},
        ),
        Key(
            "approvers",
            Named("PERSON", forms.PERSON, Either((Text(forms.SIGNER), Items(Text(forms.SIGNER), least=1), APPROVER))),
            "who may approve releases, by their SSH keys",
            {},
        ),
        Key("values", Free("names and values"), "for templates; here < environment < cluster < --set", {}),
        Key("hooks", HOOKS, "commands of your own, between the build of a release and its tag"),
    ),
    later=("canaries", "previews", "github", "gitlab", "notify", "dns", "data"),
)
