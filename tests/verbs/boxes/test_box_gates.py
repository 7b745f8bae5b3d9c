"""Gates of the destination, read from the file's statements: an import is let in as a promotion is."""

from __future__ import annotations

import json

import pytest

from paasctl.errors import Exit
from paasctl.oci.building.boxed import REPOSITORY
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.judge import Judge
from support.approving import approve, wants
from support.boxing import Gap, changed
from support.conducted import go
from support.promoting import VERSION, outcome


def _environment(gap: Gap, gates: str) -> None:
    paas = gap.stops.world.project / "paas.yaml"
    showcase = f"environments: {{showcase: {{cluster: testbed, registry: rc, {gates}}}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))


def _deployed(gap: Gap) -> None:
    assert go(Deploy(environment="dev", version=VERSION), gap.stops.world.afresh())[0] is Exit.OK


def test_where_it_ran_well_before_is_read_from_the_file(gap: Gap) -> None:
    _environment(gap, "after: [dev], soak: 1h")
    gap.exported()
    status, events = gap.take(to="showcase")
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "gate-closed")
    assert "it never ran well in dev" in outcome(events).problems[0].message
    _deployed(gap)
    gap.path.unlink()
    gap.exported()
    assert outcome(gap.take(to="showcase")[1]).problems[0].code == "gate-closed", "not for an hour yet"
    assert gap.stops.there.writes == 0
    gap.stops.seconds += 3601
    assert gap.take(to="showcase")[0] is Exit.OK
    assert not gap.stops.here.log, "all of it from the file"


@pytest.mark.parametrize(
    ("gates", "gate"),
    [
        ("after: [dev]", "after"),
        ("requires: [signature]", "requires"),
        ("frozen: ['2023-11-14 to 2023-11-15']", "frozen"),
    ],
)
def test_a_closed_gate_is_passed_with_a_reason_only(gap: Gap, gates: str, gate: str) -> None:
    _environment(gap, gates)
    gap.exported()
    assert gap.take(to="showcase")[0] is Exit.REFUSED
    assert gap.take(to="showcase", overridden=(gate,))[0] is Exit.USAGE
    assert gap.stops.there.writes == 0
    assert gap.take(to="showcase", overridden=(gate,), reason="it burns")[0] is Exit.OK


def test_what_vouches_for_images_counts(gap: Gap) -> None:
    _environment(gap, "requires: [sbom, provenance]")
    gap.exported()
    assert gap.take(to="showcase")[0] is Exit.OK


def test_a_rejected_version_neither_leaves_nor_comes_in(gap: Gap) -> None:
    gap.exported()
    gap.path.rename(gap.path.with_name("before.tar"))
    world = gap.stops.world.afresh()
    assert go(Judge(version=VERSION, rejects=True, reason="loses baskets"), world)[0] is Exit.OK
    status, events = gap.export()
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "release-rejected")
    assert not gap.path.exists()


def test_a_rejection_within_the_file_counts(gap: Gap) -> None:
    gap.exported()
    here, before = gap.stops.here, set(gap.stops.here.manifests["shop"])
    assert go(Judge(version=VERSION, rejects=True, reason="loses baskets"), gap.stops.world.afresh())[0] is Exit.OK
    (rejection,) = set(here.manifests["shop"]) - before
    media_type, content = here.manifests["shop"][rejection]

    def with_it(files: dict[str, bytes]) -> None:
        files[f"blobs/{rejection.replace(':', '/')}"] = content
        index = json.loads(files["index.json"])
        entry = {"mediaType": media_type, "digest": rejection, "size": len(content)}
        index["manifests"].append({**entry, "annotations": {REPOSITORY: f"{here.host}/shop"}})
        files["index.json"] = json.dumps(index).encode()

    changed(gap.path, with_it)
    status, events = gap.take()
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "release-rejected")
    assert gap.stops.there.writes == 0


def test_a_snapshot_does_not_leave(gap: Gap) -> None:
    gap.stops.world.git.files["site/run"] = b"edited"
    assert go(Deploy(environment="dev", build=True), gap.stops.world)[0] is Exit.OK
    (snapshot,) = set(gap.stops.here.tags["shop"]) - {VERSION}
    status, events = gap.export(snapshot)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "snapshot-not-promotable")
    assert not gap.path.exists()


@pytest.mark.parametrize("path", ["shop", "shop/web"])
def test_a_name_that_is_anothers_is_never_moved(gap: Gap, path: str) -> None:
    gap.exported()
    gap.stops.there.put_image(path, b"other", tag=VERSION)
    gap.stops.forget()
    status, events = gap.take()
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "tag-taken")
    assert gap.stops.there.writes == 0


def test_the_first_registry_of_a_path_takes_a_file_too(gap: Gap) -> None:
    """Beyond the gap there may be no other."""
    gap.exported()
    paas = gap.stops.world.project / "paas.yaml"
    only = f'registries: {{inside: {{repository: "{gap.stops.there.host}/shop"}}}}'
    text = paas.read_text()
    paas.write_text(
        text[: text.index("registries:")] + only + "\n" + text[text.index("clusters:") :].replace("dev, s", "inside, s")
    )
    assert gap.take(to="inside")[0] is Exit.OK
    world = gap.stops.world.afresh()
    assert go(Deploy(environment="dev", version=VERSION), world)[0] is Exit.OK


def test_approvals_within_the_file_count(gap: Gap) -> None:
    wants(gap.stops, environment="showcase")
    for person in ("anna", "bob"):
        gap.exported()
        status, events = gap.take(to="showcase")
        assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "gate-closed")
        gap.path.unlink()
        assert approve(gap.stops, person, to="showcase")[0] is Exit.OK
    gap.exported()
    assert gap.take(to="showcase")[0] is Exit.OK
    assert not gap.stops.here.log, "both are read from the file"
