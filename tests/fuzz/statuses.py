"""Random statuses of the kinds whose status no controller of the testbed writes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fuzz.values import Json, maybe, some

_THEN = "2026-01-02T03:04:05Z"


def _conditions(rng: Random, names: list[str]) -> list[Json]:
    return [
        {
            "type": name,
            "status": rng.choice(["True", "False"]),
            "reason": "Fuzz",
            "message": rng.choice("ab"),
            "lastTransitionTime": _THEN,
        }
        for name in some(rng, names)
    ]


def _service(rng: Random) -> Json:
    entry = {"ip": f"10.0.0.{rng.randint(1, 3)}", "ipMode": "VIP"}
    return maybe(rng, 0.7, loadBalancer={"ingress": [entry]}, conditions=_conditions(rng, ["A", "B", "C"]))


def _ingress(rng: Random) -> Json:
    entry = {
        "ip": f"10.0.0.{rng.randint(1, 3)}",
        **maybe(rng, ports=some(rng, [{"port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}])),
    }
    return {"loadBalancer": {"ingress": [entry]}}


def _route(rng: Random) -> Json:
    parents = [
        {"parentRef": {"name": "none"}, "controllerName": f"example.com/{name}", "conditions": told}
        for name in some(rng, ["a", "b"])
        if (told := _conditions(rng, ["Accepted", "ResolvedRefs"]))
    ]
    return {"parents": parents}


def _cron_job(rng: Random) -> Json:
    return maybe(rng, 0.7, lastScheduleTime=_THEN, lastSuccessfulTime=rng.choice([_THEN, "2026-01-02T03:05:00Z"]))


STATUSES: dict[str, Callable[[Random], Json]] = {
    "Service": _service,
    "Ingress": _ingress,
    "HTTPRoute": _route,
    "CronJob": _cron_job,
}
