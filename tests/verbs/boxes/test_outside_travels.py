"""Sidecars: pinned at the release, in its record, carried with it, and run from where it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.image import Descriptor
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.reading import recorded
from paasctl.verbs.release import Release
from paasctl.verbs.render import AskLint
from support.boxing import Gap, contents, gap_in, index_of
from support.conducted import go
from support.copying import vouch
from support.promoting import facts, outcome

VERSION = "0.1.1"


@pytest.fixture
def gap(tmp_path: Path) -> Iterator[Gap]:
    """A release whose pod has a sidecar, named by a tag, and a manifest of its own with one named by a digest."""
    with gap_in(tmp_path / "one") as found:
        _side(found)
        project, here = found.stops.world.project, found.stops.here
        paas = project / "paas.yaml"
        paas.write_text(paas.read_text().replace("web: {image: web,", "web: {image: web, pod: pod.yml,"))
        showcase = "environments: {showcase: {cluster: testbed, registry: rc}, "
        paas.write_text(paas.read_text().replace("environments: {", showcase))
        (project / "pod.yml").write_text(
            f"containers:\n  - name: web\n  - name: side\n    image: {here.host}/tools/side:1\n"
        )
        found.stops.release()
        found.stops.forget()
        yield found


def _side(gap: Gap, content: bytes = b"side") -> Descriptor:
    return gap.stops.here.put_image("tools/side", content, tag="1")


def _copy(gap: Gap) -> str:
    return f"shop/outside/{gap.stops.here.host.replace(':', '-')}-tools-side"


def _digest(gap: Gap) -> str:
    return gap.stops.here.tags["tools/side"]["1"]


def _sidecar(gap: Gap, environment: str) -> str:
    """What a deploy there lets run."""
    world = gap.stops.world.afresh()
    assert go(Deploy(environment=environment, version=VERSION), world)[0] is Exit.OK
    (body,) = [it for key, it in world.only_cluster.objects.items() if key.kind == "Deployment"]
    containers: list[dict[str, Any]] = body["spec"]["template"]["spec"]["containers"]
    (side,) = [it for it in containers if it["name"] == "side"]
    return str(side["image"])


def test_a_tag_is_pinned_as_it_is_at_the_release(gap: Gap) -> None:
    digest = _digest(gap)
    _side(gap, b"another")
    release = recorded(gap.stops.world.afresh(), gap.stops.here.repository("shop"), VERSION)
    assert release
    (name,) = release.outside
    assert name == f"{gap.stops.here.host}/tools/side:1"
    assert release.outside[name] == gap.stops.here.repository("tools/side").pinned(digest)
    assert _sidecar(gap, "dev") == f"{gap.stops.here.host}/tools/side@{digest}", (
        "at home it is what was written, pinned"
    )


def test_promoted_its_copy_travels_and_runs(gap: Gap) -> None:
    late = vouch(gap.stops.here, "tools/side", gap.stops.image("tools/side", "1"), "SBOM").digest
    status, events = gap.stops.promote(VERSION)
    assert status is Exit.OK
    assert not [it for it in facts(events) if "outside" in it]
    there, digest = gap.stops.there, _digest(gap)
    assert there.tags[_copy(gap)] == {digest.removeprefix("sha256:"): digest}
    assert late in there.manifests[_copy(gap)]
    assert _sidecar(gap, "showcase") == f"{there.host}/{_copy(gap)}@{digest}"
    gap.stops.forget()
    assert outcome(gap.stops.promote(VERSION)[1]).status == "nothing-to-do"
    assert there.writes == 0


def test_the_next_release_shares_the_copy(gap: Gap) -> None:
    assert gap.stops.promote(VERSION)[0] is Exit.OK
    gap.stops.release()
    gap.stops.forget()
    assert gap.stops.promote("0.1.2")[0] is Exit.OK
    assert not [it for it in gap.stops.there.log if it.method in ("PUT", "POST") and "/outside/" in it.path]


def test_across_a_gap_it_comes_along_in_the_file(gap: Gap) -> None:
    assert gap.export(VERSION)[0] is Exit.OK
    names = [it["annotations"].get("org.opencontainers.image.ref.name", "") for it in index_of(gap.path)["manifests"]]
    assert f"{_copy(gap).removeprefix('shop/')}:{_digest(gap).removeprefix('sha256:')}" in names
    assert f"blobs/{_digest(gap).replace(':', '/')}" in contents(gap.path)
    gap.stops.forget()
    assert gap.take()[0] is Exit.OK
    assert not gap.stops.here.log
    assert _digest(gap) in gap.stops.there.manifests[_copy(gap)]
    assert _sidecar(gap, "showcase") == f"{gap.stops.there.host}/{_copy(gap)}@{_digest(gap)}"


def test_from_the_second_stop_on_the_copy_is_what_travels(gap: Gap) -> None:
    """Exported from there, the first registry and the sidecar's own are not needed."""
    assert gap.stops.promote(VERSION)[0] is Exit.OK
    gap.stops.here.fault("GET manifests", status=404, times=10_000)
    gap.stops.here.fault("HEAD manifests", status=404, times=10_000)
    assert gap.export(VERSION, origin="rc")[0] is Exit.OK
    paas = gap.stops.world.project / "paas.yaml"
    more = f'rc: {{repository: "{gap.stops.there.host}/shop"}}'
    paas.write_text(paas.read_text().replace(more, f'{more}, far: {{repository: "{gap.stops.there.host}/far"}}'))
    assert gap.take(to="far")[0] is Exit.OK
    assert _digest(gap) in gap.stops.there.manifests[_copy(gap).replace("shop/", "far/", 1)]


def test_one_that_is_not_there_is_refused_before_anything_is_made(gap: Gap) -> None:
    pod = gap.stops.world.project / "pod.yml"
    pod.write_text(pod.read_text().replace("side:1", "side:2"))
    gap.stops.world.git.commit("feat: slip")
    gap.stops.world.git.publish("origin")
    gap.stops.forget()
    status, events = go(Release(), gap.stops.world.afresh())
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "image-not-found")
    assert "tools/side:2, which it runs, is not there" in problem.message
    assert "PUT manifests" not in gap.stops.here.requests
    assert "v0.1.2" not in gap.stops.world.git.tags


def test_one_that_cannot_be_asked_for_is_not_taken_to_be_absent(gap: Gap) -> None:
    gap.stops.world.git.commit("feat: more")
    gap.stops.world.git.publish("origin")
    gap.stops.here.fault("HEAD manifests", status=503, times=10_000)
    status, _ = go(Release(), gap.stops.world.afresh())
    assert status is Exit.UNAVAILABLE
    assert "v0.1.2" not in gap.stops.world.git.tags


def test_a_release_that_is_made_asks_for_no_sidecar_again(gap: Gap) -> None:
    gap.stops.here.folder.delete_manifest("tools/side", _digest(gap))
    status, events = go(Release(), gap.stops.world.afresh())
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")


def test_a_copy_that_is_lost_before_the_record_has_its_name_is_found_out(gap: Gap) -> None:
    gap.stops.here.folder.delete_manifest("tools/side", _digest(gap))
    status, events = gap.stops.promote(VERSION)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "image-not-found")
    assert gap.stops.there.writes == 0


def test_a_tag_is_no_problem_of_the_files(gap: Gap) -> None:
    from paasctl.engine.cancel import Cancel

    found, status = AskLint().answer(gap.stops.world.afresh(), lambda _: None, Cancel())
    assert (status, [it.ok for it in found.findings]) == (Exit.OK, [True, True])
