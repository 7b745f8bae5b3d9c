"""Whether what a release needs in its targets, and does not bring along, is still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from paasctl.errors import Cancelled, Forbidden, PaasError, Refused, TimedOut
from paasctl.model.counting import count
from paasctl.model.event import Emit, Noted, Warned
from paasctl.model.image import Pinned, parse_reference
from paasctl.model.kube import Manifest
from paasctl.oci.documents import manifest as documents
from paasctl.planning.deploy import DeployFacts, TargetFacts
from paasctl.planning.manifests.kinds import pod_of
from paasctl.planning.manifests.references import references
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads

_READERS = 8
_BUILT_IN = ("apps", "batch", "autoscaling", "policy")
"""API groups without a dot."""


def check_needs(reads: Reads, facts: DeployFacts, emit: Emit, cancel: Cancel) -> None:
    """`Refused` with all that is proved to be missing; what can't be told is said where it is not ours, else raised."""
    hosts = {it.repository.host for it in reads.config.registries.values()}
    images = sorted(set(_images(it for of in facts.targets for it in of.wanted)), key=str)

    def image(pinned: Pinned) -> list[str]:
        cancel.check()
        why = _lack_of(reads.registry(pinned.repository.host), pinned)
        return [f"{pinned}: {why}"] if why else []

    ours = [it for it in images if it.repository.host in hosts]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="need") as pool:
        missing = [line for lines in pool.map(image, ours) for line in lines]
    for it in images:
        if it not in ours:
            missing += _told(f"whether {it} is there", emit, partial(image, it))
    named = 0
    for of in facts.targets:
        named += len(references(of.wanted))
        what = f"whether what pods name is there in {of.target}"
        missing += _told(what, emit, partial(_absent, reads, of, emit), only=Forbidden)
    if missing:
        raise Refused(
            f"rolling back {facts.environment} to {facts.version}: {count(len(missing), 'thing')} that it needs "
            f"{'is' if len(missing) == 1 else 'are'} missing: {missing[0]}",
            hint=f"paasctl rollback {facts.environment} --list   shows what else there is",
            evidence=tuple(missing),
            code="needs-missing",
        )
    besides = f"; {count(named, 'object')} that its pods name" if named else ""
    emit(Noted(f"what {facts.version} needs was looked for: {count(len(images), 'pinned image')}{besides}"))


def _images(manifests: Iterator[Manifest]) -> Iterator[Pinned]:
    """What is named by digest: of a tag nobody can tell what it will be."""
    for manifest in manifests:
        pod = pod_of(manifest.body)
        for container in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ())):
            try:
                found = parse_reference(str(container.get("image")))
            except ValueError:
                continue
            if isinstance(found, Pinned):
                yield found


def _lack_of(registry: RegistryReads, pinned: Pinned) -> str:
    """Why an image can't be pulled; empty: all of it is there, of an index every platform's."""
    found = registry.manifest(pinned)
    if found is None:
        return "not in its registry any more"
    said = documents.parse_document(found[1], str(pinned))
    if documents.is_index(found[0].media_type):
        parts = [documents.descriptor_from(it, str(pinned)) for it in said.get("manifests") or ()]
        children = [pinned.repository.pinned(it.digest) for it in parts if not documents.is_attestation(it)]
        lacks = [f"{it.digest}: {why}" for it in children if (why := _lack_of(registry, it))]
        return f"of {count(len(children), 'platform')} not all can be had: {lacks[0]}" if lacks else ""
    blobs = [it for it in (said.get("config"), *(said.get("layers") or ())) if it and not it.get("urls")]
    with ThreadPoolExecutor(_READERS, thread_name_prefix="blob") as pool:
        there = list(pool.map(lambda it: registry.has_blob(pinned.repository, str(it["digest"])), blobs))
    lost = [str(it["digest"]) for it, is_there in zip(blobs, there, strict=True) if not is_there]
    return f"{count(len(lost), 'blob')} of it {'is' if len(lost) == 1 else 'are'} gone: {lost[0]}" if lost else ""


def _absent(reads: Reads, of: TargetFacts, emit: Emit) -> list[str]:
    """A line for each object that pods name and is not there. `Forbidden` where nobody lets us look.

    Where the release brings objects of others' kinds, their controllers may make the rest: then it is only said.
    """
    wanted = references(of.wanted)
    seen = {it.key for it in reads.cluster(of.target.cluster).seen(wanted)} if of.namespace_exists else set()
    absent = [it for it in wanted if it not in seen]
    makers = [it.key for it in of.wanted if _is_foreign(it.key.group)]
    if absent and makers:
        names = ", ".join(map(str, absent))
        emit(Warned(f"{names} not there in {of.target}: {makers[0]} may make it, and pods wait until something does"))
        return []
    return [f"{it} in {of.target}: not there" for it in absent]


def _is_foreign(group: str) -> bool:
    return bool(group) and group not in _BUILT_IN and not group.endswith(".k8s.io")


def _told(what: str, emit: Emit, ask: Callable[[], list[str]], only: type[PaasError] = PaasError) -> list[str]:
    """What is missing; where that can't be found out it is said, and stops nothing."""
    try:
        return ask()
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        if not isinstance(error, only):
            raise
        emit(Warned(f"{what} could not be found out: {error.message}"))
        return []
