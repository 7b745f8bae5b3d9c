"""What a dry run says of a copy is what the copy then does, and saying it writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.model.copied import CopyPlan
from paasctl.model.location import InLayout, Location
from paasctl.verbs.images.closure import look_over
from support.clock import FakeCancel
from support.copying import LAYERS, Bench, at, bench_in, put_index, sign_by_tag, vouch


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_in(tmp_path) as found:
        yield found


def planned(bench: Bench, source: Location, target: Location) -> CopyPlan:
    place = bench.source(source)
    return look_over(place, bench.target(target), place.root(), referrers=True, cancel=FakeCancel())


def doings(plan: CopyPlan) -> tuple[Counter[str], Counter[str]]:
    """Of blobs, and of manifests."""
    blobs: Counter[str] = Counter(it.doing for it in plan.objects if it.is_blob)
    manifests: Counter[str] = Counter(it.doing for it in plan.objects if not it.is_blob)
    return blobs, manifests


def check(bench: Bench, source: Location, target: Location, blobs: dict[str, int], manifests: dict[str, int]) -> None:
    """The plan is this; it wrote nothing; the copy does just so."""
    before = (bench.here.writes, bench.there.writes, sorted(bench.folder.rglob("*")))
    plan = planned(bench, source, target)
    assert (bench.here.writes, bench.there.writes, sorted(bench.folder.rglob("*"))) == before
    assert doings(plan) == (Counter(blobs), Counter(manifests))
    made = bench.copy(source, target)
    assert (made.exists, made.mounted, made.streamed) == tuple(blobs.get(it, 0) for it in ("exists", "mount", "stream"))
    assert made.manifests == manifests.get("stream", 0)
    assert made.bytes_streamed == plan.bytes_of("stream") - sum(
        it.descriptor.size for it in plan.objects if not it.is_blob and it.doing == "stream"
    )


def test_within_a_registry_everything_is_mounted(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    check(bench, at(bench.here, "dev/web"), at(bench.here, "prod/web"), {"mount": 6}, {"stream": 1})
    check(bench, at(bench.here, "dev/web"), at(bench.here, "prod/web"), {"exists": 6}, {"exists": 1})


def test_to_another_registry_what_is_missing_is_sent(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    for it in LAYERS[:2]:
        bench.there.put_blob("prod/web", it)
    check(bench, at(bench.here, "dev/web"), at(bench.there, "prod/web"), {"exists": 2, "stream": 4}, {"stream": 1})
    check(bench, at(bench.here, "dev/web"), at(bench.there, "prod/web"), {"exists": 6}, {"exists": 1})


def test_what_vouches_and_the_parts_of_an_index_are_in_it(bench: Bench) -> None:
    one, two = (bench.here.put_image("dev/web", it) for it in LAYERS[:2])
    index = put_index(bench.here, "dev/web", (one, "linux/amd64"), (two, "linux/arm64"))
    vouch(bench.here, "dev/web", vouch(bench.here, "dev/web", one))
    sign_by_tag(bench.here, "dev/web", index, b"signature")
    check(bench, at(bench.here, "dev/web"), at(bench.there, "prod/web"), {"stream": 4}, {"stream": 6})
    vouch(bench.here, "dev/web", index, "later")
    check(bench, at(bench.here, "dev/web"), at(bench.there, "prod/web"), {"exists": 4}, {"exists": 6, "stream": 1})


def test_into_a_folder_that_is_not_there_and_looking_makes_none(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    check(bench, at(bench.here, "dev/web"), InLayout("layout", "1"), {"stream": 6}, {"stream": 1})


def test_blobs_that_were_looked_for_are_not_looked_for_again(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    planned(bench, at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert bench.there.requests["HEAD blobs"] == 6
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert bench.there.requests["HEAD blobs"] == 6
