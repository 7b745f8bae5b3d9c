"""Ten thousand tags: requests per manifest are bounded, and four times as many cost about four times as much."""

from __future__ import annotations

import hashlib
import json
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paasctl.engine.cancel import Cancel
from paasctl.model.cleanup import Mention
from paasctl.model.config import Keep
from paasctl.model.image import Descriptor, Pinned, Reference, Repository, Tagged
from paasctl.model.release import RECORD_TYPE
from paasctl.oci.documents.manifest import OCI_MANIFEST
from paasctl.oci.documents.record import FILES_TYPE
from paasctl.planning.cleanup.decide import DEFAULT_CAP, cleanup_plan, sweep
from paasctl.planning.cleanup.facts import CleanupFacts
from paasctl.planning.cleanup.told import told
from paasctl.verbs.cleanup.shelf import Shelf

SHOP = Repository("registry.example", "shop")
WEB = SHOP.child("web")
_YEAR = "2020-01-01T00:00:00Z"
_LAYERS = 8


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Many:
    """A registry of releases that makes what it is asked for: a record, an image of eight layers, and one voucher."""

    releases: int
    requests: Counter[str] = field(default_factory=Counter)
    _made: dict[str, bytes] = field(default_factory=dict)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        self.requests["tags"] += 1
        return tuple(f"1.0.{number}" for number in range(self.releases)) if repository in (SHOP, WEB) else ()

    def manifest(self, reference: Reference) -> tuple[Descriptor, bytes] | None:
        self.requests["manifests"] += 1
        if isinstance(reference, Tagged):
            of = self._record if reference.repository == SHOP else self._image
            content = of(reference.tag)
            self._made[_digest(content)] = content
        else:
            found = self._made.get(reference.digest)
            if found is None:
                return None
            content = found
        return Descriptor(OCI_MANIFEST, _digest(content), len(content)), content

    def referrers(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        self.requests["referrers"] += 1
        if repository != SHOP or b'"subject"' in self._made[digest]:
            return ()
        content = json.dumps({"config": _named("e"), "layers": [], "subject": _named(digest)}).encode()
        self._made[_digest(content)] = content
        return (Descriptor(OCI_MANIFEST, _digest(content), len(content)),)

    @contextmanager
    def open_blob(self, repository: Repository, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        del repository
        self.requests["blobs"] += 1
        yield iter([self._made[descriptor.digest]])

    def _record(self, version: str) -> bytes:
        image = _digest(self._image(version))
        said = {
            "format": 1,
            "app": "shop",
            "version": version,
            "commit": "c",
            "created": 1,
            "images": {"web": {"digest": image}},
            "subjects": [],
        }
        document = json.dumps(said).encode()
        self._made[_digest(document)] = document
        layers = [
            {"mediaType": RECORD_TYPE, "digest": _digest(document), "size": len(document)},
            {"mediaType": FILES_TYPE, "digest": _digest(b"files"), "size": 5},
        ]
        notes = {"org.opencontainers.image.created": _YEAR}
        return json.dumps(
            {"artifactType": RECORD_TYPE, "config": _named("{}"), "layers": layers, "annotations": notes}
        ).encode()

    def _image(self, version: str) -> bytes:
        layers = [_named(f"base {number}") for number in range(_LAYERS - 1)]
        return json.dumps({"config": _named(version), "layers": [*layers, _named(f"top {version}")]}).encode()


def _named(text: str) -> dict[str, object]:
    digest = text if text.startswith("sha256:") else _digest(text.encode())
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": 1000}


def _planned(releases: int) -> tuple[Many, CleanupFacts, float, int]:
    """What was asked, the facts, seconds of processor time for it all, and how many manifests go."""
    registry = Many(releases)
    began = time.process_time()
    shelf = Shelf(registry, SHOP, "shop", ["web"], emit=lambda _: None, cancel=Cancel())  # type: ignore[arg-type]  # all that is asked
    shelf.look()
    runs = tuple(Mention(why=f"pod {it}", digest=_digest(f"other {it}".encode())) for it in range(1000))
    facts = CleanupFacts(
        registry="dev",
        app="shop",
        repository=SHOP,
        keep=Keep(releases=100),
        now=2e9,
        held=shelf.held,
        mentions=runs,
    )
    found = sweep(facts)
    cleanup_plan(facts, found, asks=True)
    told(facts, found, DEFAULT_CAP)
    return registry, facts, time.process_time() - began, len(found.doomed)


def test_ten_thousand_tags_cost_two_requests_a_manifest_and_one_a_record() -> None:
    registry, facts, _, doomed = _planned(5000)
    assert len(facts.held) == 3 * 5000, "records, images, and what vouches for records"
    assert doomed == 3 * 4900
    assert registry.requests == {"tags": 2, "manifests": 15_000, "referrers": 15_000, "blobs": 5000}


def test_four_times_as_many_cost_about_four_times_as_much() -> None:
    _planned(200)
    few, many = min(_planned(500)[2] for _ in range(3)), _planned(2000)[2]
    assert many < few * 8, "sixteen times would be a step that looks at each for each"


def test_what_is_held_is_bounded() -> None:
    tracemalloc.start()
    try:
        registry, facts, _, _ = _planned(300)
        made = sum(map(len, registry._made.values()))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (most - made) / len(facts.held) < 16_000, "bytes a manifest, the registry's own left out"
    assert isinstance(next(iter(facts.held)), Pinned)
