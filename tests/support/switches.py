"""What the tests' application reads from its environment and arguments, for simulated pods of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.controllers.scripts import environment
from paasctl.embedded.kube.controllers.shapes import controller_of, part
from paasctl.embedded.kube.objects.quantity import value

_JOBS: Mapping[str, dict[str, Any]] = {
    "job": {"exit": 0, "logs": ["job: step 1 of 3", "job: step 2 of 3", "job: step 3 of 3"]},
    "fail": {"exit": 4, "logs": ["job: failed"]},
}


def switches(pod: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    """A `Told`, as the application does it for real."""
    env, args = environment(container), container.get("args") or container.get("command") or ()
    found: dict[str, Any] = {}
    if delay := re.fullmatch(r"(\d+(?:\.\d+)?)s", env.get("APP_START_DELAY", "")):
        found["ready"] = float(delay[1])
    if controller_of(dict(pod)).get("kind") == "Job" and args and args[-1] in _JOBS:
        found |= _JOBS[args[-1]]
    limit = part(container, "resources", "limits").get("memory")
    if env.get("APP_CRASH") == "1":
        found["crash"] = {"exit": 3, "logs": ["app: starting", "app: no database named in the configuration"]}
    elif limit and int(env.get("APP_MEMORY_MB", "0")) * 2**20 > value(limit):
        found["oom"] = True
    elif env.get("APP_NEVER_READY") == "1":
        found["never-ready"] = "HTTP probe failed with statuscode: 503"
    return found
