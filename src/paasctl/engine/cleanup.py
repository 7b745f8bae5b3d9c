"""Executors of a cleanup: write down what goes, delete it, and forget the note."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from paasctl.engine.needs import Needs
from paasctl.errors import StalePlan, Unavailable
from paasctl.model.cleanup import DELETED, SWEEP_TYPE, CleanupStep, CloseSweep, DeleteManifests, Doomed, NoteSweep
from paasctl.model.event import Progress
from paasctl.model.image import Pinned, Repository, parse_reference
from paasctl.model.location import InRegistry
from paasctl.oci.documents.held import parsed
from paasctl.oci.documents.manifest import OCI_MANIFEST
from paasctl.oci.documents.record import read_names, record_layers
from paasctl.oci.documents.squashed import EMPTY, EMPTY_TYPE
from paasctl.oci.documents.sweep import sweep_list, sweep_note, sweep_tag
from paasctl.planning.cleanup.facts import is_version_tag
from paasctl.ports.images import Registry, RegistryReads

_TOGETHER = 8
_NOTE, _SEEN = "note", "seen"


def take_cleanup(step: CleanupStep, index: int, run: Needs) -> None:
    """Do what the step says, or raise a `PaasError`."""
    match step:
        case NoteSweep():
            _note(step, run)
        case DeleteManifests():
            _delete(step, index, run)
        case CloseSweep():
            _close(step, run)


def _note(step: NoteSweep, run: Needs) -> None:
    target = run.world.target(InRegistry(step.repository.tagged("note")))
    empty = target.put_blob(EMPTY_TYPE, EMPTY)
    listed = target.put_blob(SWEEP_TYPE, sweep_list(step.manifests))
    content = sweep_note(step.app, listed, empty)
    registry = run.world.registry(step.repository.host)
    made = registry.put_manifest(step.repository, OCI_MANIFEST, content, tag=sweep_tag(content))
    run.facts[_NOTE] = str(step.repository.pinned(made.digest))
    run.facts[_SEEN] = " ".join(step.seen)


def _delete(step: DeleteManifests, index: int, run: Needs) -> None:
    """Several at once, and no new one after an error or a request to stop: what was begun is finished.

    Tags are resolved right before: a digest goes with whatever names it, and where a name moved, others may have, too.
    """
    registry = run.world.registry(step.repository.host)
    total, gone, deleted = len(step.manifests), 0, 0
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="delete") as pool:
        for some in _parts(step.manifests):
            run.cancel.check()
            _check_names(pool, registry, some)
            _check_unneeded(some, run)
            begun = [pool.submit(registry.delete_manifest, it.at.repository, it.at.digest) for it in some]
            deleted += sum(it.result() for it in begun if it.exception() is None)
            run.facts[f"{DELETED}{index}"] = str(deleted)
            ours = [it.result() for it in begun]  # raises what it failed of: those beside it are counted
            _forget([it for it, is_ours in zip(some, ours, strict=True) if is_ours], run)
            gone += len(some)
            run.emit(Progress(index, step.what, gone, total, "manifests"))


def _check_names(pool: ThreadPoolExecutor, registry: RegistryReads, some: tuple[Doomed, ...]) -> None:
    """`StalePlan` where a tag of these is on another manifest by now. Gone is as good as deleted."""
    names = {it.at.repository.tagged(tag): it.at.digest for it in some for tag in it.tags}
    for name, found in zip(names, pool.map(registry.resolve, names), strict=True):
        if found and found.digest != names[name]:
            raise StalePlan(
                f"cleaning up {name.repository}: tag {name.tag} was moved to {found.digest} since the plan was made; "
                "it stays, and nothing more goes",
                hint="run the command again to see the new plan",
            )


def _check_unneeded(manifests: tuple[Doomed, ...], run: Needs) -> None:
    """`Unavailable` where a release that has come since the last look is one of these, or leads to one."""
    home = parse_reference(run.facts[_NOTE]).repository
    registry, seen = run.world.registry(home.host), frozenset(run.facts[_SEEN].split())
    going = {it.at.digest for it in manifests}
    for tag in registry.tags(home):
        if tag in seen or not is_version_tag(tag):
            continue
        found = registry.manifest(home.tagged(tag))
        if found and going & {found[0].digest, *_needed(found[1], home, registry)}:
            raise Unavailable(
                f"cleaning up {home}: {tag} has come meanwhile, and needs what was to go",
                hint="run the same command again: what is left is judged anew",
                code="needed-meanwhile",
            )


def _forget(gone: Iterable[Doomed], run: Needs) -> None:
    """Versions whose names we deleted: one that comes back meanwhile has come since the last look."""
    home = parse_reference(run.facts[_NOTE]).repository
    names = {tag for it in gone if it.at.repository == home for tag in it.tags}
    run.facts[_SEEN] = " ".join(it for it in run.facts[_SEEN].split() if it not in names)


def _needed(content: bytes, home: Repository, registry: Registry) -> Iterator[str]:
    """Digests that a release record leads to: bases, images and sidecars, and what these list."""
    layer, _ = record_layers(content, str(home))
    with registry.open_blob(home, layer) as chunks:
        names = read_names(b"".join(chunks), home)
    yield from names.bases.values()
    for it in (*names.images.values(), *names.outside.values()):
        yield it.digest
        held = registry.manifest(it) if it.repository.host == home.host else None
        if held:
            yield from parsed(it, held[1]).held.children


def _parts(manifests: tuple[Doomed, ...]) -> Iterator[tuple[Doomed, ...]]:
    rest = iter(manifests)
    while some := tuple(islice(rest, _TOGETHER)):
        yield some


def _close(step: CloseSweep, run: Needs) -> None:
    registry = run.world.registry(step.repository.host)
    made = run.facts.pop(_NOTE, "")
    run.facts.pop(_SEEN, None)
    own = [Pinned(step.repository, made.partition("@")[2]).digest] if made else []
    for digest in dict.fromkeys((*own, *step.notes)):
        registry.delete_manifest(step.repository, digest)
