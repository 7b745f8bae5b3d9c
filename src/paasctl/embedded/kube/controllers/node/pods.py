"""The scheduler and the kubelet: binds pods to the one node, plays them, writes what they come to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paasctl.embedded.kube.controllers.desk import Desk, Key
from paasctl.embedded.kube.controllers.node.play import Container, Play
from paasctl.embedded.kube.controllers.node.taken import go_on, says_the_same
from paasctl.embedded.kube.controllers.pull import Pull
from paasctl.embedded.kube.controllers.scripts import Script, Told, behaviour
from paasctl.embedded.kube.controllers.shapes import is_going, labels, meta, moment, nano, number, part, stamp
from paasctl.embedded.kube.model import Object, Place, Refusal

NODE = "sim"
_SECRETS, _MAPS, _CLAIMS = ("", "secrets"), ("", "configmaps"), ("", "persistentvolumeclaims")


@dataclass
class Node:
    """All pods that are being played, by uid."""

    scripts: Sequence[Script | Told]
    pull: Pull | None
    """None: every image can be had."""
    plays: dict[str, Play] = field(default_factory=dict)
    _addresses: int = 1

    def sync(self, desk: Desk, place: Place) -> None:
        """One look at one pod."""
        pod = desk.seen.get(place)
        if pod is None:
            return
        if is_going(pod) and not part(pod, "spec").get("nodeName"):
            desk.delete(place, grace=0)
            return
        if not part(pod, "spec").get("nodeName") and not self._bind(desk, place, pod):
            return
        pod = desk.seen.get(place) or pod
        if part(pod, "status").get("phase") in ("Succeeded", "Failed") and not is_going(pod):
            return
        play = self._play(desk, pod)
        if is_going(pod) and self._stop(desk, place, pod, play):
            return
        play.step(desk.now)
        self._tell(desk, place, pod, play)

    def _bind(self, desk: Desk, place: Place, pod: Object) -> bool:
        """Give it a node; False: it can't be, and that is told."""
        why = next((it.unschedulable for it in self._behaviours(pod) if it.unschedulable), "") or _unbound(desk, pod)
        if not why:
            bound = {**pod, "spec": {**pod["spec"], "nodeName": NODE}}
            made = desk.update(place, bound, "kube-scheduler", "binding")
            if made is None:
                desk.look(Key("pods", place))
                return False
            name = f"{place.namespace}/{place.name}"
            desk.event(made, "Scheduled", f"Successfully assigned {name} to {NODE}", "default-scheduler")
            return True
        message = why if why.startswith("0/") else f"0/1 nodes are available: {why}"
        condition = {
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
            "lastProbeTime": None, "lastTransitionTime": stamp(desk.now),
        }  # fmt: skip
        every = part(pod, "status").get("conditions") or ()
        before: Object = next((it for it in every if it["type"] == "PodScheduled"), {})
        if before.get("message") != message:
            desk.tell(
                place, pod, {**part(pod, "status"), "phase": "Pending", "conditions": [condition]}, "kube-scheduler"
            )
            desk.event(pod, "FailedScheduling", message, "default-scheduler", "Warning")
        desk.later(desk.now + 5.0, Key("pods", place))
        return False

    def _behaviours(self, pod: Object) -> list[Any]:
        return [behaviour(self.scripts, pod, it) for it in pod["spec"].get("containers", ())]

    def _play(self, desk: Desk, pod: Object) -> Play:
        uid = meta(pod)["uid"]
        if uid not in self.plays:
            self.plays[uid] = self._begun(desk, pod)
        return self.plays[uid]

    def _begun(self, desk: Desk, pod: Object) -> Play:
        spec, began = pod["spec"], moment(part(pod, "status").get("startTime")) or desk.now
        containers = [
            Container(it, behaviour(self.scripts, pod, it), is_init)
            for is_init, name in ((True, "initContainers"), (False, "containers"))
            for it in spec.get(name) or ()
        ]
        namespace = meta(pod)["namespace"]
        play = Play(
            uid=meta(pod)["uid"],
            policy=spec.get("restartPolicy", "Always"),
            containers=containers,
            pulls=lambda it: (
                self.pull(str(it.spec.get("image", "")), _pull_secrets(desk, namespace, spec)) if self.pull else ""
            ),
            configured=lambda it: _misconfigured(desk, namespace, spec, it.spec),
            began=began,
        )
        go_on(play, part(pod, "status"), desk.now)
        return play

    def _stop(self, desk: Desk, place: Place, pod: Object, play: Play) -> bool:
        """Let it go down; True: it is gone."""
        grace = float(number(meta(pod), "deletionGracePeriodSeconds", 30))
        if play.stops is None:
            slow = max((it.does.slow_stop for it in play.containers), default=0.0)
            hooks = max((_hook(it.spec) for it in play.containers), default=0.0)
            play.stops = desk.now + min(grace, max(0.05, slow + hooks))
            for it in play.containers:
                if it.at == "running":
                    desk.event(pod, "Killing", f"Stopping container {it.name}", "kubelet", field=_field(it))
        play.stops = min(play.stops, desk.now + grace)  # somebody may have lost patience
        if desk.now < play.stops:
            desk.later(play.stops, Key("pods", place))
            return False
        desk.delete(place, grace=0)
        self.plays.pop(play.uid, None)
        return True

    def _tell(self, desk: Desk, place: Place, pod: Object, play: Play) -> None:
        for it in play.events:
            container = next((at for at in play.containers if at.name == it.container), None)
            message = it.message.replace("in pod", f"in pod {place.name}_{place.namespace}({play.uid})")
            desk.event(pod, it.reason, message, "kubelet", it.kind, field=_field(container) if container else "")
        play.events.clear()
        address = part(pod, "status").get("podIP") or self._address(play)
        status = play.status(desk.now, pod, address)
        if not says_the_same(part(pod, "status"), status):
            desk.tell(place, pod, status, "kubelet")
        if (due := play.due(desk.now)) is not None:
            desk.later(due, Key("pods", place))

    def _address(self, play: Play) -> str:
        if not any(it.at != "creating" for it in play.containers):
            return ""
        self._addresses += 1
        return f"10.64.{self._addresses // 250 % 250}.{self._addresses % 250 + 2}"

    def forget(self, uid: str) -> None:
        """A pod that is gone, however it went."""
        self.plays.pop(uid, None)

    # --- logs ---

    def logs(self, desk: Desk, namespace: str, pod: str, container: str, how: Mapping[str, Any]) -> Iterator[bytes]:
        """Lines of a container's log. Raises `Refusal` as the kubelet says it."""
        body = desk.objects.get(Place("", "pods", namespace, pod))
        if body is None:
            raise Refusal(404, "NotFound", f'pods "{pod}" not found', details={"name": pod, "kind": "pods"})
        found = _chosen(body, container, self.plays.get(meta(body)["uid"]))
        if found is None:
            raise Refusal(
                400, "BadRequest", f'container "{container}" in pod "{pod}" is waiting to start: ContainerCreating'
            )
        if how.get("previous"):
            if not found.restarts:
                text = f'previous terminated container "{found.name}" in pod "{pod}" not found'
                raise Refusal(400, "BadRequest", text)
            lines = found.lines if found.at == "backing-off" else found.previous
        else:
            lines = found.lines
            if found.at in ("creating", "pull-failed", "pull-waits", "config-failed"):
                reason = {
                    "pull-failed": "image can't be pulled",
                    "pull-waits": "trying and failing to pull image",
                    "config-failed": "CreateContainerConfigError",
                }
                said = reason.get(found.at, "ContainerCreating")
                raise Refusal(400, "BadRequest", f'container "{found.name}" in pod "{pod}" is waiting to start: {said}')
        since = desk.now - how["since_seconds"] if how.get("since_seconds") is not None else None
        return iter(_log_lines(list(lines), tail=how.get("tail"), since=since, timestamps=bool(how.get("timestamps"))))

    def is_running(self, desk: Desk, namespace: str, pod: str, container: str) -> bool:
        """Whether more may come of a container's log."""
        body = desk.objects.get(Place("", "pods", namespace, pod))
        found = _chosen(body, container, self.plays.get(meta(body)["uid"])) if body else None
        return found is not None and found.at == "running"


def _log_lines(
    lines: list[tuple[float, str]], *, tail: int | None, since: float | None, timestamps: bool
) -> list[bytes]:
    """Lines of a log as the kubelet gives them."""
    kept = [it for it in lines if since is None or it[0] >= since]
    kept = kept if tail is None else kept[max(0, len(kept) - tail) :]
    return [(f"{nano(when)} {text}\n" if timestamps else f"{text}\n").encode() for when, text in kept]


def _chosen(body: Object, container: str, play: Play | None) -> Container | None:
    spec = body["spec"]
    names = [it["name"] for it in spec["containers"]]
    every = [*names, *(it["name"] for it in spec.get("initContainers") or ())]
    pod = meta(body)["name"]
    if not container and len(names) > 1:
        text = f"a container name must be specified for pod {pod}, choose one of: [{' '.join(names)}]"
        raise Refusal(400, "BadRequest", text)
    wanted = container or names[0]
    if wanted not in every:
        raise Refusal(400, "BadRequest", f"container {wanted} is not valid for pod {pod}")
    return next((it for it in play.containers if it.name == wanted), None) if play else None


def _hook(container: Mapping[str, Any]) -> float:
    """Seconds that a preStop sleep takes."""
    return float(part(container, "lifecycle", "preStop", "sleep").get("seconds", 0))


def _field(it: Container) -> str:
    return f"spec.{'initContainers' if it.is_init else 'containers'}{{{it.name}}}"


def _unbound(desk: Desk, pod: Object) -> str:
    """Why it can't be scheduled: no node has its labels, or a volume isn't there."""
    node = desk.objects.get(Place("", "nodes", "", NODE))
    wanted = part(pod, "spec").get("nodeSelector") or {}
    if not wanted.items() <= labels(node or {}).items():
        return "1 node(s) didn't match Pod's node affinity/selector."
    namespace = meta(pod)["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        claim = part(volume, "persistentVolumeClaim").get("claimName")
        if claim and desk.seen.get(Place(*_CLAIMS, namespace, claim)) is None:
            return f'0/1 nodes are available: persistentvolumeclaim "{claim}" not found.'
    return ""


def _pull_secrets(desk: Desk, namespace: str, spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = []
    for it in spec.get("imagePullSecrets") or ():
        secret = desk.seen.get(Place(*_SECRETS, namespace, it.get("name", "")))
        said = part(secret or {}, "data").get(".dockerconfigjson")
        if said:
            found.append(_read(base64.b64decode(said)))
    return found


def _read(said: bytes) -> Mapping[str, Any]:
    """The content of a pull secret; nothing where it is none, which the real kubelet passes over, too."""
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _misconfigured(desk: Desk, namespace: str, spec: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    """What the kubelet says where a Secret or ConfigMap that the container needs isn't there; empty: all is."""
    for kind, name, key in _needs(container, spec):
        group, word = (_SECRETS, "secret") if kind == "secret" else (_MAPS, "configmap")
        found = desk.seen.get(Place(*group, namespace, name))
        if found is None:
            return f'{word} "{name}" not found'
        if key and key not in {**part(found, "data"), **part(found, "binaryData")}:
            title = "Secret" if kind == "secret" else "ConfigMap"
            return f"couldn't find key {key} in {title} {namespace}/{name}"
    return ""


_KINDS = (("secret", "secretKeyRef", "secretRef"), ("map", "configMapKeyRef", "configMapRef"))


def _needs(container: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(kind, name, key) of each Secret and ConfigMap that must be there before the container can start."""
    for it in container.get("env") or ():
        source = it.get("valueFrom") or {}
        yield from (_need(kind, source[key]) for kind, key, _ in _KINDS if _counts(source, key))
    for it in container.get("envFrom") or ():
        yield from (_need(kind, it[ref]) for kind, _, ref in _KINDS if _counts(it, ref))
    mounted = {it.get("name") for it in container.get("volumeMounts") or ()}
    for it in spec.get("volumes") or ():
        if it.get("name") in mounted and _counts(it, "secret"):
            yield "secret", it["secret"].get("secretName", ""), ""
        if it.get("name") in mounted and _counts(it, "configMap"):
            yield "map", it["configMap"].get("name", ""), ""


def _counts(source: Mapping[str, Any], name: str) -> bool:
    return name in source and not source[name].get("optional")


def _need(kind: str, said: Mapping[str, Any]) -> tuple[str, str, str]:
    return kind, said.get("name", ""), said.get("key", "")
