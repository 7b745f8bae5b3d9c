"""The registry port, kept by the parts of this package. One client per host, shared by all threads."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from paasctl.adapters.registry import blobs, deletes, growing, manifests, uploads, writes
from paasctl.adapters.registry.referrers import Referrers
from paasctl.adapters.registry.retry import PATIENT, Patience
from paasctl.adapters.registry.session import Session
from paasctl.model.image import Descriptor, Reference, Repository
from paasctl.ports.cancel import Clock
from paasctl.ports.images import Blobs, BlobWriter, Moved, Pushed


class RegistryClient:
    """`ports.images.Registry` over HTTP. Making one connects to nothing; `close` lets go of idle connections."""

    def __init__(  # noqa: PLR0913 - how one host is to be talked to
        self,
        host: str,
        *,
        clock: Clock,
        insecure: bool | None = None,
        environ: Mapping[str, str] | None = None,
        patience: Patience = PATIENT,
        asked: Callable[[], bool] | None = None,
    ) -> None:
        """`insecure`: plain HTTP; None: only for loopback hosts. `environ`: the process's own where None.

        All waiting is `clock.pause`, which may raise `Cancelled`; `pause(0)` between chunks is where transfers stop.
        `asked` says whether the run was asked to stop: a registry that has fallen silent is hung up on then.
        """
        self._session = Session(
            host,
            clock=clock,
            insecure=insecure,
            environ=os.environ if environ is None else environ,
            patience=patience,
            asked=asked,
        )
        self._referrers = Referrers(self._session)
        self._manifests = writes.Manifests(self._session, self._referrers)

    @property
    def host(self) -> str:
        """`host[:port]`."""
        return self._session.host

    @property
    def requests(self) -> Counter[str]:
        """How many requests went out, by method; those for tokens under `TOKEN`."""
        return self._session.requests

    def close(self) -> None:
        """Let go of all idle connections."""
        self._session.close()

    def resolve(self, reference: Reference) -> Descriptor | None:
        """HEAD: what a tag or digest is now; None: proved absent."""
        return manifests.resolve(self._session, reference)

    def manifest(self, reference: Reference) -> tuple[Descriptor, bytes] | None:
        """GET, digest recomputed from the bytes; None: proved absent."""
        return manifests.read(self._session, reference)

    def has_blob(self, repository: Repository, digest: str) -> bool:
        """HEAD of a blob."""
        return blobs.has_blob(self._session, repository, digest)

    def open_blob(self, repository: Repository, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob's bytes in chunks, verified at the end, resumed by range where the connection breaks."""
        return blobs.open_blob(self._session, repository, descriptor)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """All tags; none where the repository does not exist."""
        return manifests.tags(self._session, repository)

    def referrers(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        """Manifests whose `subject` it is, by the API, else by the tag that clients keep in its stead."""
        return self._referrers.all_of(repository, digest)

    def check_writable(self, repository: Repository) -> None:
        """Raise what a push to it would raise now: an upload is opened, and ended again."""
        uploads.check(self._session, repository)

    def check_deletable(self, repository: Repository) -> None:
        """Raise what deleting there would raise now: asked with a digest that nothing has."""
        deletes.check(self._session, repository)

    def push_blob(
        self,
        repository: Repository,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """HEAD, mount, else upload (monolithic, falling back to chunks), and make sure it is there."""
        cargo = uploads.Cargo(repository, descriptor, content, moved)
        return uploads.push(self._session, cargo, mount_from)

    def mount_blob(self, repository: Repository, digest: str, sources: tuple[Repository, ...]) -> bool:
        """Have a blob of another repository of this registry there, without looking first; False: not to be had so."""
        return uploads.mount(self._session, repository, digest, sources)

    def writer(self, repository: Repository) -> AbstractContextManager[BlobWriter]:
        """One blob whose digest is known at its end only, sent as it grows. Not committed, the upload is ended."""
        return growing.growing(self._session, repository)

    def put_manifest(
        self, repository: Repository, media_type: str, content: bytes, *, tag: str = "", move: bool = False
    ) -> Descriptor:
        """PUT by digest or by tag, read back and compared. A tag on another digest is `WouldClobber` unless `move`."""
        descriptor = Descriptor(media_type, manifests.digest_of(content), len(content))
        target = repository.tagged(tag) if tag else repository.pinned(descriptor.digest)
        self._manifests.put(target, descriptor, content, move=move)
        return descriptor

    def delete_manifest(self, repository: Repository, digest: str) -> bool:
        """DELETE by digest, which takes all of its tags along; False: it was gone already."""
        return deletes.delete(self._session, repository.pinned(digest))

    def settle(self, repository: Repository, subject: str) -> None:
        """A look after a moment, where clients keep the list of what vouches."""
        self._referrers.settle(repository, subject)
