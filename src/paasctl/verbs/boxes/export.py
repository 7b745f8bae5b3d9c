"""`release export`: a release and everything that vouches for it, in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import Literal

from paasctl.config.find import find_registry
from paasctl.errors import Exit, Forbidden, PaasError, Refused, Unavailable, UsageError
from paasctl.model.boxing import Label, Piece
from paasctl.model.config import Registry
from paasctl.model.event import Emit, Outcome, Problem, Warned
from paasctl.model.image import Descriptor, Pinned
from paasctl.model.location import InRegistry
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.promoting import Stop
from paasctl.model.release import outside_name, outside_tag
from paasctl.model.rounds import Rounds
from paasctl.oci.building.boxed import Part, lay_out, packed
from paasctl.oci.documents.record import read_record, record_layers
from paasctl.oci.tar.laid import BLOCK, END, file_header, padded
from paasctl.planning.promotion.export import VERB, ExportFacts, plan_export
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.boxes import OldFile
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.closure import read_closure
from paasctl.verbs.promotion.vouching import LOST
from paasctl.verbs.reading import blob
from paasctl.verbs.releasing import status
from paasctl.verbs.statements import statements

_TOGETHER = 4
"""Images looked at together; each asks several things at once."""
_END = ".tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRelease:
    """Write one release into a file."""

    version: str
    file: str
    origin: str = ""
    """The registry it is read from; "": the last of the path that has it."""
    _read: list[ExportFacts] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> ExportFacts:
        """The whole closure but for its blobs, once; and the file, if there is one."""
        if not self._read:
            if not self.version.strip():
                raise UsageError("exporting: which version?", hint="paasctl releases   shows what is there")
            check_file(self.file)
            self._read.append(_facts(reads, self, emit, cancel))
        return self._read[0]

    def next(self, facts: ExportFacts, rounds: Rounds) -> Plan:
        """One step."""
        return NOTHING if rounds else plan_export(facts)

    def end(self, rounds: Rounds) -> Outcome:
        """What lies in the file."""
        facts = self._read[0]
        error = rounds[-1].error if rounds else None
        known = {
            "version": facts.release.version,
            "file": facts.file,
            "record": str(facts.record),
            **({} if error else {f"image.{it.name}": str(it.source) for it in facts.parts if it.name}),
            **dict(rounds[-1].facts if rounds else ()),
        }
        return Outcome(
            status=status(error) if error else "done" if rounds else "nothing-to-do",
            exit=error.exit if error else Exit.OK,
            verb=VERB,
            subject=f"{facts.release.version} to {facts.file}",
            done=tuple(step for it in rounds for step in it.done),
            left=rounds[-1].left if rounds else (),
            problems=(Problem.of(error),) if error else (),
            facts=tuple(known.items()),
        )


def check_file(file: str) -> None:
    """`UsageError` where the name is none that other verbs would take for an archive."""
    if not file.endswith(_END) or not file.removesuffix(_END):
        raise UsageError(f"{file or 'FILE'}: the name of the file must end in {_END}", hint="shop-1.2.4.tar")


def _facts(reads: Reads, asked: ExportRelease, emit: Emit, cancel: Cancel) -> ExportFacts:
    registry, (record, content) = _found(reads, asked, emit)
    stop, client = Stop(name=registry.name, repository=registry.repository), reads.registry(registry.repository.host)
    home, tag = stop.repository, image_tag(asked.version)
    document, files = (blob(client, home, it) for it in record_layers(content, f"{home}:{tag}"))
    release = read_record(document, files, home)
    wanted = [(name, it, tag) for name, it in sorted(release.images.items())]
    copies = read_record(document, files, home.child("elsewhere")).outside  # what they are called there
    outside = {copies[name]: it for name, it in release.outside.items()}
    wanted += [(outside_name(copy), it, outside_tag(it)) for copy, it in outside.items()]
    wanted.append(("", home.pinned(record.digest), tag))
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="image") as pool:
        found = list(pool.map(lambda it: _part(reads, *it, cancel=cancel), wanted))
    parts = tuple(it for it in found if isinstance(it, Part))
    label = Label(app=release.app, version=release.version, origin=stop)
    pieces, size = lay_out(label, parts)
    return ExportFacts(
        release=release,
        record=home.pinned(record.digest),
        origin=stop,
        file=asked.file,
        there=_there(reads.old_file(asked.file), pieces, size, cancel),
        parts=tuple(map(packed, parts)),
        pieces=pieces,
        size=size,
        said=statements(client, home, record.digest),
        lost=tuple(it for it in found if isinstance(it, Pinned)),
    )


def _found(reads: Reads, asked: ExportRelease, emit: Emit) -> tuple[Registry, tuple[Descriptor, bytes]]:
    """The registry to read from, and the record there.

    One that can't be asked is told: it may lie beyond the very gap. Where no other has the release, that is why.
    """
    registries = reads.config.registries
    candidates = [find_registry(reads.config, asked.origin)] if asked.origin else [*registries.values()][::-1]
    unasked: list[PaasError] = []
    for it in candidates:
        try:
            found = reads.registry(it.repository.host).manifest(it.repository.tagged(image_tag(asked.version)))
        except (Unavailable, Forbidden) as error:
            unasked.append(error)
            continue
        if found:
            for silent in unasked:
                emit(Warned(f"{silent.message}; it is read from {it.name}", hint="--from NAME says which registry"))
            return it, found
    if unasked:
        raise unasked[-1]
    where = f"{candidates[0].name} ({candidates[0].repository})" if asked.origin else "any registry of paas.yaml"
    raise Refused(
        f"exporting {asked.version}: there is no release {asked.version} in {where}",
        hint="paasctl releases   shows what is there",
        code="release-not-found",
    )


def _part(reads: Reads, name: str, pinned: Pinned, tag: str, *, cancel: Cancel) -> Part | Pinned:
    """The part; where it is proved to be missing, what is."""
    cancel.check()
    source = reads.source(InRegistry(pinned))
    try:
        closure = read_closure(source, source.root(), referrers=True, cancel=cancel)
    except PaasError as error:
        if error.code in LOST:
            return pinned
        raise
    return Part(name=name, source=pinned, tag=tag, closure=closure)


def _there(file: OldFile, pieces: Iterable[Piece], size: int, cancel: Cancel) -> Literal["absent", "same", "other"]:
    """What has the file's name. Only the same to the last byte is the same."""
    now = file.size
    if now is None:
        return "absent"
    is_same = now == size and _is_zero(file, size - len(END), len(END))
    return "same" if is_same and all(_is_same(file, it, cancel) for it in pieces) else "other"


def _is_same(file: OldFile, piece: Piece, cancel: Cancel) -> bool:
    header = file_header(piece.name, piece.size)
    if b"".join(file.chunks(piece.at - BLOCK, BLOCK)) != header:
        return False
    if not _is_zero(file, piece.at + piece.size, padded(piece.size) - piece.size):
        return False
    found = file.chunks(piece.at, piece.size)
    if piece.content is not None:
        return b"".join(found) == piece.content
    digest = hashlib.sha256()
    for chunk in _watched(found, cancel):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}" == piece.digest


def _is_zero(file: OldFile, at: int, size: int) -> bool:
    return b"".join(file.chunks(at, size)) == bytes(size)


def _watched(chunks: Iterator[bytes], cancel: Cancel) -> Iterator[bytes]:
    for it in chunks:
        cancel.check()
        yield it
