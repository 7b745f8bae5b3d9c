"""What keys mean together: names that dangle, keys that exclude or need one another. What was `BAD` is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paasctl.config.approving import check_approvals, check_approvers
from paasctl.config.gating import GUESSED, check_circles, check_gates
from paasctl.config.problems import Problems
from paasctl.config.shape import good
from paasctl.config.words import either, guess, quoted, some, spell
from paasctl.model.config import Path
from paasctl.model.counting import count

Checked = Mapping[str, Any]
Known = tuple[str, ...]

_LAYERS_EXCLUDE = ("dockerfile", "target", "args", "secrets", "ssh", "cache")
_NEED_A_BASE = {"python": "Python", "jvm": "Java", "node": "Node.js"}
_UNATTENDED_EXCLUDE = ("port", "health", "replicas", "scale", "hosts", "path", "tls", "drain")
_SERVICE_PAIRS = (("replicas", "scale"), ("schedule", "run"))
_SERVICE_NEEDS = (
    ("health", "port"),
    ("hosts", "port"),
    ("tls", "hosts"),
    ("path", "hosts"),
    ("configPath", "config"),
)


def check_rules(top: Checked, problems: Problems) -> None:
    """Every rule over the whole file."""
    for path, image in _images(top):
        _image(image, path, problems)
    known = _image_names(top)
    for name, service in _entries(top, "services"):
        _service(service, ("services", name), problems)
        _service_image(top, service, name, known, problems)
    for name, environment in _entries(top, "environments"):
        _environment(top, environment, name, problems)
        check_approvals(top, environment, ("environments", name), problems)
    check_approvers(top, problems)
    check_circles(top, problems)
    _same_target(top, problems)


def _entries(top: Checked, section: str) -> Iterator[tuple[str, Checked]]:
    found = top.get(section)
    if isinstance(found, dict):
        yield from ((name, it) for name, it in found.items() if isinstance(it, dict))


def _images(top: Checked) -> Iterator[tuple[Path, Checked]]:
    for name, image in _entries(top, "images"):
        yield ("images", name), image
    for name, service in _entries(top, "services"):
        if isinstance(service.get("image"), dict):
            yield ("services", name, "image"), service["image"]


def _image(image: Checked, path: Path, problems: Problems) -> None:
    for other in _LAYERS_EXCLUDE if "layers" in image else ():
        if other in image:
            _both(path, other, "layers", problems)
    for key in ("base", "config"):
        if key in image and "layers" not in image:
            _lacks(path, key, "layers", problems)
    if "layers" in image and "base" not in image:
        hint = "write base: scratch, or an image to start from"
        problems.report((*path, "layers"), f"{spell(path)} has layers but no base", hint)
    layers = image.get("layers")
    for at, layer in enumerate(layers if isinstance(layers, list) else ()):
        if isinstance(layer, dict):
            _layer(layer, image, (*path, "layers", at), problems)


def _layer(layer: Checked, image: Checked, path: Path, problems: Problems) -> None:
    kind = layer.get("kind")
    if kind == "jvm" and "libs" not in layer and "classes" not in layer:
        problems.report(path, f"{spell(path)} has neither libs nor classes", "for example classes: target/classes")
    if kind in _NEED_A_BASE and image.get("base") == "scratch":
        needs = _NEED_A_BASE[kind]
        hint = f"name an image with {needs} in it"
        problems.report((*path, "kind"), f"{spell(path)} needs {needs}, which scratch does not have", hint)


def _service(service: Checked, path: Path, problems: Problems) -> None:
    for one, other in _SERVICE_PAIRS:
        if one in service and other in service:
            _both(path, other, one, problems)
    _unattended(service, path, problems)
    for one, other in _SERVICE_NEEDS:
        if one in service and not service.get(other):
            _lacks(path, one, other, problems)
    _scale(service.get("scale"), (*path, "scale"), problems)
    _volumes(service, path, problems)
    for name in _names(service.get("env")) & _names(service.get("secrets")):
        message = f"{spell(path)} sets {name} in env and in secrets"
        problems.report((*path, "secrets", name), message, "keep one of them")


def _unattended(service: Checked, path: Path, problems: Problems) -> None:
    """A CronJob or a Job ends by itself: nothing is sent to it and nothing keeps its number."""
    kind = next((it for it in ("schedule", "run") if it in service), "")
    wrong = [it for it in _UNATTENDED_EXCLUDE if kind and it in service]
    if wrong:
        message = f"{spell(path)} has {kind}, so it can't have {either(wrong)}"
        problems.report((*path, kind), message, f"remove {kind}, or the rest")


def _scale(scale: Any, path: Path, problems: Problems) -> None:
    if not isinstance(scale, dict):
        return
    least, most = scale.get("min"), scale.get("max")
    if good(least) and good(most) and least > most:
        problems.report((*path, "min"), f"{spell(path)}: min {least} is more than max {most}")
    if "cpu" not in scale and "memory" not in scale:
        problems.report(
            path, f"{spell(path)} says neither cpu nor memory, so nothing would scale", "for example cpu: 70"
        )


def _volumes(service: Checked, path: Path, problems: Problems) -> None:
    volumes = service.get("volumes")
    mounted: dict[str, str] = {}
    for name, volume in volumes.items() if isinstance(volumes, dict) else ():
        at = (*path, "volumes", name)
        if not isinstance(volume, dict):
            continue
        if "storageClass" in volume and "claim" not in volume:
            _lacks(at, "storageClass", "claim", problems)
        if "claim" in volume and ("schedule" in service or "run" in service):
            problems.report((*at, "claim"), f"{spell(at)}: a claim per pod is only for what keeps running")
        where = volume.get("path")
        if isinstance(where, str) and mounted.setdefault(where, name) != name:
            problems.report((*at, "path"), f"{spell(at)} is mounted where {mounted[where]} is: {where}")


def _service_image(top: Checked, service: Checked, name: str, known: Known, problems: Problems) -> None:
    path: Path = ("services", name, "image")
    image = service.get("image")
    if isinstance(image, dict) and name in _mapping(top, "images"):
        message = f"{spell(path)} is given inline, and images has a {quoted(name)} too"
        problems.report(path, message, f"write image: {name}, or rename one of them")
    elif isinstance(image, str) and image not in known:
        _dangles(path, image, "image", known, problems)
    elif "image" not in service and "pod" not in service and len(known) != 1:
        which = f" (one of {some(known)})" if known else ""
        problems.report(path, f"services.{name} needs an image{which}", "write image: NAME, or image: {context: .}")


def _image_names(top: Checked) -> Known:
    """Names in `images`, and of services with an inline image: those are images too."""
    inline = [name for name, it in _entries(top, "services") if isinstance(it.get("image"), dict)]
    return tuple(dict.fromkeys((*_mapping(top, "images"), *inline)))


def _environment(top: Checked, environment: Checked, name: str, problems: Problems) -> None:
    path: Path = ("environments", name)
    clusters, registries = tuple(_mapping(top, "clusters")), tuple(_mapping(top, "registries"))
    for at, cluster in _clusters(environment):
        if cluster not in clusters:
            _dangles((*path, *at), cluster, "cluster", clusters, problems)
    named = [cluster for _, cluster in _clusters(environment)]
    for at, cluster in _clusters(environment):
        if at[-1] in range(len(named)) and cluster in named[: int(at[-1])]:
            problems.report((*path, *at), f"{spell(path)} names the cluster {quoted(cluster)} twice", "remove one")
    registry = environment.get("registry")
    if isinstance(registry, str) and registry not in registries:
        _dangles((*path, "registry"), registry, "registry", registries, problems)
    check_gates(top, environment, path, problems)
    space = _namespace(top, environment, name)
    if space and len(space) > 63:
        message = f"the namespace {space} of {spell(path)} has {count(len(space), 'character')}, more than 63"
        problems.report(path, message, "give the environment a namespace: of its own")


def _clusters(environment: Checked) -> list[tuple[Path, str]]:
    """The clusters of an environment, each with its path below the environment."""
    if isinstance(one := environment.get("cluster"), str):
        return [(("cluster",), one)]
    several = environment.get("clusters")
    listed = enumerate(several) if isinstance(several, list) else ()
    return [(("clusters", at), it) for at, it in listed if isinstance(it, str)]


def _namespace(top: Checked, environment: Checked, name: str) -> str:
    """Empty where it can't be told."""
    given, app = environment.get("namespace"), top.get("app")
    if "namespace" in environment:
        return given if isinstance(given, str) else ""
    return f"{app}-{name}" if isinstance(app, str) else ""


def _same_target(top: Checked, problems: Problems) -> None:
    """Two environments in one namespace would prune each other's objects."""
    taken: dict[tuple[str, str], str] = {}
    for name, environment in _entries(top, "environments"):
        space = _namespace(top, environment, name)
        for _, cluster in _clusters(environment):
            first = taken.setdefault((cluster, space), name)
            if space and first != name:
                message = f"environments {first} and {name} share the namespace {space} of cluster {cluster}"
                problems.report(("environments", name, "namespace"), message, "give each its own namespace:")
                break


def _mapping(top: Checked, section: str) -> Checked:
    found = top.get(section)
    return found if isinstance(found, dict) else {}


def _names(section: Any) -> set[str]:
    return set(section) if isinstance(section, dict) else set()


def _both(path: Path, key: str, other: str, problems: Problems) -> None:
    problems.report(
        (*path, key), f"{spell(path)} has both {other} and {key}, which exclude each other", f"remove {key} or {other}"
    )


def _lacks(path: Path, key: str, other: str, problems: Problems) -> None:
    problems.report((*path, key), f"{spell(path)} has {key} but no {other}", f"add {other}, or remove {key}")


def _dangles(path: Path, name: str, what: str, known: Known, problems: Problems) -> None:
    plural = "registries" if what == "registry" else f"{what}s"
    known_ones = f" (there is {some(known)})" if known else " (there are none)"
    rest = (guess(name, known) if len(problems.found) < GUESSED else "") or known_ones
    problems.report(path, f"{spell(path)} names the {what} {quoted(name)}, which is not in {plural}{rest}")
