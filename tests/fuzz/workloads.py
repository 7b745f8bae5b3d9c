"""Random workloads: none of them makes a pod (paused, suspended, or over quota)."""

from __future__ import annotations

from random import Random

from fuzz.pods import pod
from fuzz.values import APP, Json, maybe, words


def deployment(rng: Random) -> Json:
    surge = {"maxSurge": rng.choice(["25%", 1, "50%"]), "maxUnavailable": rng.choice([0, "25%"])}
    strategies: list[Json] = [{"type": "RollingUpdate", **maybe(rng, rollingUpdate=surge)}, {"type": "Recreate"}]
    return {
        "paused": True,
        "selector": {"matchLabels": APP},
        "template": pod(rng),
        **maybe(
            rng,
            replicas=rng.choice([0, 1, 2]),
            strategy=rng.choice(strategies),
            minReadySeconds=rng.choice([0, 2]),
            revisionHistoryLimit=3,
            progressDeadlineSeconds=rng.choice([600, 60]),
        ),
    }


def stateful_set(rng: Random) -> Json:
    return {
        "selector": {"matchLabels": APP},
        "serviceName": "db",
        "template": pod(rng),
        **maybe(
            rng,
            replicas=rng.choice([0, 1]),
            updateStrategy=rng.choice(
                [{"type": "OnDelete"}, {"type": "RollingUpdate", **maybe(rng, rollingUpdate={"partition": 1})}]
            ),
            minReadySeconds=rng.choice([0, 2]),
            persistentVolumeClaimRetentionPolicy=maybe(rng, whenDeleted="Delete", whenScaled="Retain"),
        ),
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "store"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        ],
    }


def daemon_set(rng: Random) -> Json:
    strategies: list[Json] = [
        {"type": "OnDelete"},
        {"type": "RollingUpdate", **maybe(rng, rollingUpdate={"maxUnavailable": 1})},
    ]
    return {
        "selector": {"matchLabels": APP},
        "template": pod(rng),
        **maybe(rng, updateStrategy=rng.choice(strategies), minReadySeconds=rng.choice([0, 2])),
    }


def job(rng: Random) -> Json:
    return {
        "suspend": True,
        "template": pod(Random(rng.choice([1, 1, 1, 1, 2])), restartPolicy="Never"),  # it may not change
        **maybe(
            rng, backoffLimit=rng.choice([0, 3]), activeDeadlineSeconds=60, ttlSecondsAfterFinished=600, parallelism=1
        ),
    }


def cron_job(rng: Random) -> Json:
    spec = {"template": pod(rng, restartPolicy="Never"), **maybe(rng, backoffLimit=rng.choice([0, 3]))}
    return {
        "suspend": True,
        "schedule": rng.choice(["@daily", "*/5 * * * *"]),
        "jobTemplate": {"spec": spec, **maybe(rng, 0.3, metadata={"labels": words(rng, ["tier"])})},
        **maybe(
            rng,
            concurrencyPolicy=rng.choice(["Forbid", "Allow", "Replace"]),
            successfulJobsHistoryLimit=1,
            failedJobsHistoryLimit=rng.choice([0, 1]),
            timeZone="Etc/UTC",
        ),
    }
