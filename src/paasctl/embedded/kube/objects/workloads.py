"""What the server refuses of Deployments, StatefulSets, ReplicaSets, DaemonSets, Jobs and CronJobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects import names, selectors
from paasctl.embedded.kube.objects.causes import Causes
from paasctl.embedded.kube.objects.pods import check_template

Json = Mapping[str, Any]
_STATEFUL_MAY = (
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
)
_PERCENT = re.compile("[0-9]+%")


def _selected(told: Causes, spec: Json, kind: str) -> None:
    """The selector, and whether the template's labels meet it."""
    selector = spec.get("selector")
    if selector is None:
        told.required("spec.selector")
    else:
        names.check_selector(told, "spec.selector", selector)
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            told.invalid("spec.selector", selector, f"empty selector is invalid for {kind}")


def _matched(told: Causes, spec: Json) -> None:
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    selector = spec.get("selector")
    says = selector is None or selector.get("matchLabels") or selector.get("matchExpressions")
    if says and not selectors.matches(selector, labels or {}):
        told.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _always(told: Causes, spec: Json, kind: str) -> None:
    pod = (spec.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy") != "Always":
        told.unsupported("spec.template.spec.restartPolicy", pod.get("restartPolicy"), ["Always"])
    if "activeDeadlineSeconds" in pod:
        said = f"activeDeadlineSeconds in {kind} is not Supported"
        told.forbidden("spec.template.spec.activeDeadlineSeconds", said)


def deployment(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a Deployment."""
    spec = made.get("spec") or {}
    told.not_negative("spec.replicas", spec.get("replicas"))
    _selected(told, spec, "deployment")
    _matched(told, spec)
    check_template(told, "spec.template", spec.get("template") or {})
    _always(told, spec, "ReplicaSet")
    _strategy(told, "spec.strategy", spec.get("strategy") or {})
    for name in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        told.not_negative(f"spec.{name}", spec.get(name))
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        told.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    if live is not None:
        told.immutable("spec.selector", spec.get("selector"), live["spec"].get("selector"))


def _strategy(told: Causes, field: str, strategy: Json) -> None:
    rolling = strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "Recreate":
            if rolling is not None:
                told.forbidden(f"{field}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
        case "RollingUpdate":
            surge, gone = (rolling or {}).get("maxSurge"), (rolling or {}).get("maxUnavailable")
            bound(told, f"{field}.rollingUpdate.maxUnavailable", gone)
            bound(told, f"{field}.rollingUpdate.maxSurge", surge)
            if _number(gone) == 0 and _number(surge) == 0:
                told.invalid(f"{field}.rollingUpdate.maxUnavailable", gone, "may not be 0 when `maxSurge` is 0")
            at_most_all(told, f"{field}.rollingUpdate.maxUnavailable", gone)
        case _:
            told.unsupported(field, dict(strategy), ["Recreate", "RollingUpdate"])


def bound(told: Causes, field: str, value: Any) -> None:
    """Add a cause where a number or a percentage is neither."""
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        said = "a valid percent string must be a numeric string followed by an ending '%'"
        examples = "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
        told.invalid(field, value, f"{said} {examples}")
    told.not_negative(field, value)


def at_most_all(told: Causes, field: str, value: Any) -> None:
    """Add a cause where a percentage is more than all."""
    if isinstance(value, str) and _PERCENT.fullmatch(value) and _number(value) > 100:
        told.invalid(field, value, "must not be greater than 100%")


def _number(value: Any) -> int:
    return int(value[:-1]) if isinstance(value, str) and _PERCENT.fullmatch(value) else value or 0


def replica_set(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a ReplicaSet."""
    spec = made.get("spec") or {}
    told.not_negative("spec.replicas", spec.get("replicas"))
    told.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    _selected(told, spec, "deployment")
    _matched(told, spec)
    check_template(told, "spec.template", spec.get("template") or {})
    _always(told, spec, "ReplicaSet")
    if live is not None:
        told.immutable("spec.selector", spec.get("selector"), live["spec"].get("selector"))


def daemon_set(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a DaemonSet."""
    spec = made.get("spec") or {}
    if live is not None:
        told.immutable("spec.selector", spec.get("selector"), live["spec"].get("selector"))
    if spec.get("selector") is not None:  # the real server alone of this kind doesn't say that it is required
        _selected(told, spec, "daemonset")
    _matched(told, spec)
    check_template(told, "spec.template", spec.get("template") or {})
    _always(told, spec, "DaemonSet")
    told.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))


def claim_spec(told: Causes, field: str, spec: Json) -> None:
    """Add what a claim lacks."""
    if not spec.get("accessModes"):
        told.required(f"{field}.accessModes", "at least 1 access mode is required")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        told.required(f"{field}.resources[storage]")


def stateful_set(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a StatefulSet."""
    spec = made.get("spec") or {}
    _updates(told, spec)
    for index, it in enumerate((live is None and spec.get("volumeClaimTemplates")) or []):
        claim_spec(told, f"spec.volumeClaimTemplates[{index}].spec", it.get("spec") or {})
    told.not_negative("spec.replicas", spec.get("replicas"))
    told.not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    if live is None and spec.get("serviceName"):
        told.each_invalid("spec.serviceName", spec["serviceName"], names.label(spec["serviceName"]))
    _selected(told, spec, "statefulset")
    _matched(told, spec)
    claims = tuple(it["metadata"]["name"] for it in spec.get("volumeClaimTemplates") or [])
    check_template(told, "spec.template", spec.get("template") or {}, claims)
    _always(told, spec, "StatefulSet")
    if live is not None and _rest(spec, _STATEFUL_MAY) != _rest(live["spec"], _STATEFUL_MAY):
        listed = "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit'"
        also = "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
        said = f"updates to statefulset spec for fields other than {listed}, {also} are forbidden"
        told.forbidden("spec", said)


def _updates(told: Causes, spec: Json) -> None:
    if (policy := spec.get("podManagementPolicy")) not in ("OrderedReady", "Parallel"):
        told.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in ("RollingUpdate", "OnDelete"):
        told.invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'")
    elif strategy["type"] == "OnDelete" and "rollingUpdate" in strategy:
        said = "only allowed for updateStrategy 'RollingUpdate'"
        told.invalid("spec.updateStrategy.rollingUpdate", strategy["rollingUpdate"], said)
    for name, policy in (spec.get("persistentVolumeClaimRetentionPolicy") or {}).items():
        if policy not in ("Retain", "Delete"):
            told.unsupported(f"spec.persistentVolumeClaimRetentionPolicy.{name}", policy, ["Retain", "Delete"])


def _rest(spec: Json, names_: tuple[str, ...]) -> Object:
    return {name: it for name, it in spec.items() if name not in names_}


def _job_spec(told: Causes, field: str, spec: Json) -> None:
    numbers = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
    for name in (*numbers, "backoffLimitPerIndex", "maxFailedIndexes"):
        told.not_negative(f"{field}.{name}", spec.get(name))
    mode = spec.get("completionMode", "NonIndexed")
    if mode == "Indexed" and "completions" not in spec:
        told.required(f"{field}.completions", "when completion mode is Indexed")
    if mode == "NonIndexed":
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if name in spec:
                told.invalid(f"{field}.{name}", spec[name], "requires indexed completion mode")
    template = spec.get("template") or {}
    check_template(told, f"{field}.template", template)
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy in (None, "", "Always"):
        told.required(f"{field}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        told.unsupported(f"{field}.template.spec.restartPolicy", policy, ["OnFailure", "Never"])


def job(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a Job."""
    spec = made.get("spec") or {}
    if not spec.get("manualSelector") and spec.get("selector") is not None:
        _generated(told, made)
    _selecting(told, spec)
    if live is None:
        return
    _selecting(told, spec)  # the real server's check of an update has that of a creation in it once more
    before = live["spec"]
    if spec.get("completionMode") != "Indexed":
        told.immutable("spec.completions", spec.get("completions"), before.get("completions"))
    told.immutable("spec.selector", spec.get("selector"), before.get("selector"))
    template, old = spec.get("template"), before.get("template")
    if _may_move(live):
        template, old = _placed(template or {}), _placed(old or {})
    told.immutable("spec.template", template, old)
    for name in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        told.immutable(f"spec.{name}", spec.get(name), before.get(name))


def _generated(told: Causes, made: Object) -> None:
    """What a job's controller knows its pods by must stay in the template."""
    uid, name = made["metadata"].get("uid", ""), made["metadata"].get("name", "")
    labels = ((made["spec"].get("template") or {}).get("metadata") or {}).get("labels") or {}
    for prefix in ("", "batch.kubernetes.io/"):
        for label, wanted in (("controller-uid", uid), ("job-name", name)):
            field = f"spec.template.metadata.labels[{prefix}{label}]"
            if prefix + label not in labels:
                told.required(field, f"must be '{wanted}'")
            elif labels[prefix + label] != wanted:
                told.invalid(field, labels, f"must be '{wanted}'")


def _selecting(told: Causes, spec: Json) -> None:
    _job_spec(told, "spec", spec)
    selector = spec.get("selector")
    if selector is None:
        told.required("spec.selector")
    else:
        names.check_selector(told, "spec.selector", selector)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if selector is None or not selectors.matches(selector, labels):
        told.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _may_move(live: Object) -> bool:
    """Whether where its pods go may still be changed: a suspended job that never ran."""
    return bool(live["spec"].get("suspend")) and not (live.get("status") or {}).get("startTime")


def _placed(template: Object) -> Object:
    """A template without what says where its pods go."""
    spec = _rest(template.get("spec") or {}, ("nodeSelector", "tolerations", "schedulingGates", "affinity"))
    return {"spec": spec, "metadata": _rest(template.get("metadata") or {}, ("labels", "annotations"))}


def cron_job(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a CronJob."""
    spec = made.get("spec") or {}
    if not spec.get("schedule"):
        told.required("spec.schedule")
    elif wrong := _schedule(spec["schedule"]):
        told.invalid("spec.schedule", spec["schedule"], wrong)
    told.not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    known = ("Allow", "Forbid", "Replace")
    if (policy := spec.get("concurrencyPolicy")) not in known:
        told.unsupported("spec.concurrencyPolicy", policy, known)
    job_spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    _job_spec(told, "spec.jobTemplate.spec", job_spec)
    if "selector" in job_spec:
        told.invalid("spec.jobTemplate.spec.selector", job_spec["selector"], "`selector` will be auto-generated")
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        told.not_negative(f"spec.{name}", spec.get(name))
    if live is None and len(made["metadata"].get("name", "")) > 52:
        told.invalid("metadata.name", made["metadata"]["name"], "must be no more than 52 characters")


def _schedule(text: str) -> str:
    if text.startswith("@"):
        known = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
        return "" if text in known or text.startswith("@every ") else f"unrecognized descriptor: {text}"
    count = len(text.split())
    return "" if count == 5 else f"expected exactly 5 fields, found {count}: [{text}]"
