"""What the server refuses of pods and their templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paasctl.embedded.kube.objects import affinity, names
from paasctl.embedded.kube.objects.causes import Causes
from paasctl.embedded.kube.objects.quantity import value

Json = Mapping[str, Any]
_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_VOLUMES = (
    *("emptyDir", "hostPath", "secret", "nfs", "persistentVolumeClaim", "downwardAPI", "configMap", "projected"),
    *("csi", "ephemeral", "image"),
)
_VOLUME_NEEDS = {"secret": "secretName", "persistentVolumeClaim": "claimName", "configMap": "name"}
_SOURCE_NEEDS = (
    ("fieldRef", "fieldPath"),
    ("resourceFieldRef", "resource"),
    ("configMapKeyRef", "key"),
    ("secretKeyRef", "key"),
)
_COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_LIFE = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")


def check_template(told: Causes, field: str, template: Json, claims: tuple[str, ...] = ()) -> None:
    """Add what is wrong with a pod template; `claims` are volumes that its controller adds."""
    metadata = template.get("metadata") or {}
    names.check_labels(told, f"{field}.labels", metadata.get("labels"))
    names.check_annotations(told, f"{field}.annotations", metadata.get("annotations"))
    check_spec(told, f"{field}.spec", template.get("spec") or {}, claims)


def check_spec(told: Causes, field: str, spec: Json, claims: tuple[str, ...] = ()) -> None:
    """Add what is wrong with a pod's spec."""
    volumes = {*claims, *_volumes(told, f"{field}.volumes", spec.get("volumes") or [], len(claims))}
    grace = spec.get("terminationGracePeriodSeconds")
    containers = spec.get("containers") or []
    if not containers:
        told.required(f"{field}.containers")
    seen: set[str] = set()
    for index, it in enumerate(containers):
        here = f"{field}.containers[{index}]"
        _container(told, here, it, volumes)
        _once(told, f"{here}.name", it.get("name", ""), seen)
        _life(told, here, it, grace)
    for index, it in enumerate(spec.get("initContainers") or []):
        here = f"{field}.initContainers[{index}]"
        _container(told, here, it, volumes)
        _once(told, f"{here}.name", it.get("name", ""), seen)
        if it.get("restartPolicy") == "Always":
            _life(told, here, it, grace)
        else:
            for name in _LIFE:
                if name in it:
                    told.forbidden(f"{here}.{name}", "may not be set for init containers without restartPolicy=Always")
    _check_rest(told, field, spec)


_MAY_CHANGE = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "containers", "initContainers")


def check_change(told: Causes, made: Json, live: Json) -> None:
    """Add a cause where more of a pod changes than may."""
    if _fixed(made.get("spec") or {}) != _fixed(live.get("spec") or {}):
        listed = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`"
        also = "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds`"
        extra = " (allow it to be set to 1 if it was previously negative)"
        told.forbidden("spec", f"pod updates may not change fields other than {listed},{also}{extra}")


def _fixed(spec: Json) -> dict[str, Any]:
    kept = {name: it for name, it in spec.items() if name not in (*_MAY_CHANGE, "nodeName", "schedulingGates")}
    for group in ("containers", "initContainers"):
        kept[group] = [{name: it for name, it in one.items() if name != "image"} for one in spec.get(group) or []]
    return kept


def _check_rest(told: Causes, field: str, spec: Json) -> None:
    if (policy := spec.get("restartPolicy")) not in ("Always", "OnFailure", "Never"):
        told.unsupported(f"{field}.restartPolicy", policy, ["Always", "Never", "OnFailure"])
    known = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
    if (dns := spec.get("dnsPolicy")) not in known:
        told.unsupported(f"{field}.dnsPolicy", dns, known)
    names.check_labels(told, f"{field}.nodeSelector", spec.get("nodeSelector"))
    affinity.check(told, f"{field}.affinity", spec.get("affinity") or {})
    for index, it in enumerate(spec.get("topologySpreadConstraints") or []):
        later = spec["topologySpreadConstraints"][index + 1 :]
        _spread(told, f"{field}.topologySpreadConstraints[{index}]", it, later)
    for name in ("serviceAccountName", "nodeName", "priorityClassName"):
        if spec.get(name):
            told.each_invalid(f"{field}.{name}", spec[name], names.subdomain(spec[name]))
    if "activeDeadlineSeconds" in spec and spec["activeDeadlineSeconds"] < 1:
        said = "must be between 1 and 2147483647, inclusive"
        told.invalid(f"{field}.activeDeadlineSeconds", spec["activeDeadlineSeconds"], said)
    for index, it in enumerate(spec.get("tolerations") or []):
        _toleration(told, f"{field}.tolerations[{index}]", it)
    _aliases(told, f"{field}.hostAliases", spec.get("hostAliases") or [])


def _aliases(told: Causes, field: str, aliases: list[Json]) -> None:
    for index, it in enumerate(aliases):
        if not it.get("ip"):
            said = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
            told.invalid(f"{field}[{index}].ip", "", said)


def _once(told: Causes, field: str, name: str, seen: set[str]) -> None:
    if name in seen:
        told.duplicate(field, name)
    seen.add(name)


def _volumes(told: Causes, field: str, volumes: list[Json], first: int) -> set[str]:
    """`first`: how many claims are counted before them."""
    found: set[str] = set()
    for index, it in enumerate(volumes, first):
        here, before, name = f"{field}[{index}]", len(told), it.get("name", "")
        _sources(told, here, it)
        if name:
            told.each_invalid(f"{here}.name", name, names.label(name))
        else:
            told.required(f"{here}.name")
        if name in found:
            told.duplicate(f"{here}.name", name)
        if len(told) == before:
            found.add(name)
    return found


def _sources(told: Causes, field: str, volume: Json) -> None:
    sources = sorted((key for key in volume if key != "name"), key=_in_turn)
    if not sources:
        told.required(field, "must specify a volume type")
    for source in sources[:1]:
        needed = _VOLUME_NEEDS.get(source)
        if needed and not volume[source].get(needed):
            told.required(f"{field}.{source}.{needed}")
    for extra in sources[1:]:
        told.forbidden(f"{field}.{extra}", "may not specify more than 1 volume type")


def _in_turn(source: str) -> int:
    """Which source of a volume the real server looks at first; those that few know come last."""
    return _VOLUMES.index(source) if source in _VOLUMES else len(_VOLUMES)


def _container(told: Causes, field: str, it: Json, volumes: set[str]) -> None:
    if it.get("name"):
        told.each_invalid(f"{field}.name", it["name"], names.label(it["name"]))
    else:
        told.required(f"{field}.name")
    if not it.get("image"):
        told.required(f"{field}.image")
    policies = ("FallbackToLogsOnError", "File")
    if (policy := it.get("terminationMessagePolicy")) not in policies:
        told.unsupported(f"{field}.terminationMessagePolicy", policy, ["File", "FallbackToLogsOnError"])
    _ports(told, f"{field}.ports", it.get("ports") or [])
    _env(told, f"{field}.env", it.get("env") or [])
    _mounts(told, f"{field}.volumeMounts", it.get("volumeMounts") or [], volumes)
    pull = it.get("imagePullPolicy")
    if not pull:
        told.required(f"{field}.imagePullPolicy")
    elif pull not in _POLICIES:
        told.unsupported(f"{field}.imagePullPolicy", pull, _POLICIES)
    _resources(told, f"{field}.resources", it.get("resources") or {})


def _ports(told: Causes, field: str, ports: list[Json]) -> None:
    seen: set[str] = set()
    for index, it in enumerate(ports):
        here, name = f"{field}[{index}]", it.get("name")
        if name:
            told.each_invalid(f"{here}.name", name, wrong := names.port_name(name))
            if not wrong:
                _once(told, f"{here}.name", name, seen)
        if not it.get("containerPort"):
            told.required(f"{here}.containerPort")
        else:
            told.each_invalid(f"{here}.containerPort", it["containerPort"], names.port_number(it["containerPort"]))
        if it.get("hostPort"):
            told.each_invalid(f"{here}.hostPort", it["hostPort"], names.port_number(it["hostPort"]))
        if it.get("protocol") not in _PROTOCOLS:
            told.unsupported(f"{here}.protocol", it.get("protocol"), _PROTOCOLS)


def _env(told: Causes, field: str, variables: list[Json]) -> None:  # noqa: C901 - one check after another
    for index, it in enumerate(variables):
        here, name = f"{field}[{index}]", it.get("name")
        if name:
            told.each_invalid(f"{here}.name", name, names.environment(name))
        else:
            told.required(f"{here}.name")
        if (source := it.get("valueFrom")) is None:
            continue
        count = sum(key in source for key in _SOURCES)
        for key, needed in _SOURCE_NEEDS:
            if key in source and not source[key].get(needed):
                told.required(f"{here}.valueFrom.{key}.{needed}")
        if not count:
            known = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            told.invalid(f"{here}.valueFrom", "", f"must specify one of: {known}")
        elif it.get("value"):
            told.invalid(f"{here}.valueFrom", "", "may not be specified when `value` is not empty")
        elif count > 1:
            told.invalid(f"{here}.valueFrom", "", "may not have more than one field specified at a time")


def _mounts(told: Causes, field: str, mounts: list[Json], volumes: set[str]) -> None:
    seen: set[str] = set()
    for index, it in enumerate(mounts):
        here, name, path = f"{field}[{index}]", it.get("name", ""), it.get("mountPath", "")
        if not name:
            told.required(f"{here}.name")
        if name not in volumes:
            told.not_found(f"{here}.name", name)
        if not path:
            told.required(f"{here}.mountPath")
        if path in seen:
            told.invalid(f"{here}.mountPath", path, "must be unique")
        seen.add(path)


def _resources(told: Causes, field: str, resources: Json) -> None:
    limits = resources.get("limits") or {}
    for name, asked in sorted((resources.get("requests") or {}).items()):
        limit = limits.get(name)
        if limit is not None and value(asked) > value(limit):
            told.invalid(f"{field}.requests", asked, f"must be less than or equal to {name} limit of {limit}")


def _life(told: Causes, field: str, it: Json, grace: int | None) -> None:
    for name, handler in (it.get("lifecycle") or {}).items():
        if name in ("postStart", "preStop"):
            _handler(told, f"{field}.lifecycle.{name}", handler, grace)
    for name in _LIFE[1:]:
        if (probe := it.get(name)) is None:
            continue
        here = f"{field}.{name}"
        _handler(told, here, probe, grace)
        for count in _COUNTS:
            told.not_negative(f"{here}.{count}", probe.get(count, 0))
        if name != "readinessProbe" and probe.get("successThreshold") != 1:
            told.invalid(f"{here}.successThreshold", probe.get("successThreshold"), "must be 1")


def _handler(told: Causes, field: str, handler: Json, grace: int | None) -> None:
    found = [name for name in _HANDLERS if name in handler]
    if not found:
        told.required(field, "must specify a handler type")
        return
    check = _BY_HANDLER.get(found[0])
    if check is not None:
        check(told, f"{field}.{found[0]}", handler[found[0]])
    for extra in found[1:]:
        told.forbidden(f"{field}.{extra}", "may not specify more than 1 handler type")
    if found[0] == "sleep" and grace is not None and not 0 <= handler["sleep"].get("seconds", 0) <= grace:
        said = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        told.invalid(f"{field}.sleep", handler["sleep"].get("seconds", 0), said)


def _exec(told: Causes, field: str, action: Json) -> None:
    if not action.get("command"):
        told.required(f"{field}.command")


def _port(told: Causes, field: str, action: Json) -> None:
    port = action.get("port")
    wrong = names.port_name(port) if isinstance(port, str) else names.port_number(port or 0)
    told.each_invalid(f"{field}.port", port if port is not None else 0, wrong)


_BY_HANDLER: dict[str, Callable[[Causes, str, Json], None]] = {"exec": _exec, "httpGet": _port, "tcpSocket": _port}


def _spread(told: Causes, field: str, it: Json, later: list[Json]) -> None:
    if it.get("maxSkew", 0) <= 0:
        told.invalid(f"{field}.maxSkew", it.get("maxSkew", 0), "must be greater than zero")
    if not it.get("topologyKey"):
        told.required(f"{field}.topologyKey", "can not be empty")
    known = ("DoNotSchedule", "ScheduleAnyway")
    if (unsatisfied := it.get("whenUnsatisfiable", "")) not in known:
        told.unsupported(f"{field}.whenUnsatisfiable", unsatisfied, known)
    pair = (it.get("topologyKey"), it.get("whenUnsatisfiable"))
    if pair in [(other.get("topologyKey"), other.get("whenUnsatisfiable")) for other in later]:
        told.duplicate(f"{field}.{{topologyKey, whenUnsatisfiable}}", "{" + ", ".join(map(str, pair)) + "}")
    names.check_selector(told, f"{field}.labelSelector", it.get("labelSelector"))


def _toleration(told: Causes, field: str, it: Json) -> None:
    operator = it.get("operator", "")
    if not it.get("key") and operator != "Exists":
        said = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        told.invalid(f"{field}.operator", operator, said)
    if operator == "Exists" and it.get("value"):
        told.invalid(f"{field}.operator", it["value"], "value must be empty when `operator` is 'Exists'")
    if operator not in ("", "Equal", "Exists"):
        told.unsupported(f"{field}.operator", operator, ["Equal", "Exists"])
