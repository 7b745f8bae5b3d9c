"""A release through a file: what is in it, what comes out, and that twice is once."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

from paasctl.adapters.images.opener import Images
from paasctl.errors import Exit
from paasctl.model.boxing import ExportRelease
from paasctl.model.event import Warned
from paasctl.model.plan import TagImage
from paasctl.model.promoting import CarryOver, NotePromotion, TagRecord
from paasctl.oci.building.boxed import REPOSITORY
from paasctl.oci.tar.laid import BLOCK
from support.boxing import FILE, Gap, contents, gap_in, index_of
from support.copying import sign_by_tag, vouch
from support.promoting import VERSION, facts, outcome, plan

NAME = "org.opencontainers.image.ref.name"


def test_the_whole_release_is_there_digest_for_digest(gap: Gap) -> None:
    gap.exported()
    status, events = gap.take()
    assert status is Exit.OK
    here, there = gap.stops.here, gap.stops.there
    for path in ("shop", "shop/web"):
        assert there.tags[path] == here.tags[path]
        for digest in here.manifests[path]:
            assert there.manifests[path][digest] == here.manifests[path][digest]
        assert dict(there.blobs[path]) == dict(here.blobs[path])
    assert not here.log, "the first registry is not asked: it is beyond the gap"
    assert facts(events)["image.web"] == f"{there.host}/shop/web@{gap.stops.digest()}"


def test_the_file_is_a_layout_with_each_blob_once(gap: Gap) -> None:
    files = contents(gap.exported())
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    blobs = {name: it for name, it in files.items() if name.startswith("blobs/")}
    assert len(files) == len(blobs) + 2
    assert all(name == f"blobs/sha256/{hashlib.sha256(it).hexdigest()}" for name, it in blobs.items())
    here = gap.stops.here
    known = {digest for path in ("shop", "shop/web") for digest in (*here.blobs[path], *here.manifests[path])}
    assert {f"sha256:{name.rpartition('/')[2]}" for name in blobs} == known


def test_the_index_names_record_and_images_and_lists_what_vouches_for_them(gap: Gap) -> None:
    late = vouch(gap.stops.here, "shop/web", gap.stops.image(), "scan").digest
    signature = sign_by_tag(gap.stops.here, "shop/web", gap.stops.image(), b"signature").digest
    entries = index_of(gap.exported())["manifests"]
    named = {it["annotations"][NAME]: it for it in entries if NAME in it["annotations"]}
    assert named[VERSION]["digest"] == gap.stops.digest(path="shop")
    assert named[f"web:{VERSION}"]["digest"] == gap.stops.digest()
    assert named[f"{gap.stops.digest().replace(':', '-')}.sig"]["digest"] == signature
    vouching = {it["digest"] for it in entries if NAME not in it["annotations"]}
    assert late in vouching
    assert len(vouching) == 5, "what is in image and record, how both were made, and the scan"
    assert {it["annotations"][REPOSITORY].partition("/")[2] for it in entries} == {"shop", "shop/web"}


def test_the_same_release_is_the_same_file(gap: Gap) -> None:
    vouch(gap.stops.here, "shop/web", gap.stops.image(), "scan")
    one = gap.exported().read_bytes()
    assert gap.export(file="other.tar")[0] is Exit.OK
    assert (gap.path.parent / "other.tar").read_bytes() == one
    assert sorted(it.name for it in gap.path.parent.glob("*.tar")) == ["other.tar", FILE]
    assert not [*gap.path.parent.glob(".tmp-*")]


def test_a_second_time_there_is_nothing_to_do(gap: Gap) -> None:
    before = gap.exported().stat()
    status, events = gap.export()
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")
    after = gap.path.stat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns), "it is read, and not written"
    assert gap.take()[0] is Exit.OK
    gap.stops.forget()
    status, events = gap.take()
    assert (status, outcome(events).status, gap.stops.there.writes) == (Exit.OK, "nothing-to-do", 0)


def test_another_file_under_that_name_stays(gap: Gap) -> None:
    for content in (b"precious", b""):
        gap.path.write_bytes(content)
        status, events = gap.export()
        assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "file-exists")
        assert gap.path.read_bytes() == content


def test_a_file_that_was_altered_is_not_the_same(gap: Gap) -> None:
    whole = gap.exported().read_bytes()
    padding = 2 * BLOCK - 1
    assert not whole[padding]
    for at in (-2000, padding, -1):
        altered = bytearray(whole)
        altered[at] ^= 1
        gap.path.write_bytes(altered)
        assert outcome(gap.export()[1]).problems[0].code == "file-exists", at


def test_the_plans_say_what_is_written_and_write_nothing(gap: Gap) -> None:
    status, events = gap.export(dry_run=True)
    assert status is Exit.OK
    (step,) = plan(events).steps
    assert isinstance(step, ExportRelease)
    assert [it.name for it in step.parts] == ["web", ""]
    assert not gap.path.exists()
    assert gap.exported().stat().st_size == step.size
    found = plan(gap.take(dry_run=True)[1])
    assert [type(stage[0]) for stage in found.stages] == [CarryOver, NotePromotion, TagImage, TagRecord]
    assert gap.stops.there.writes == 0


def test_names_come_last_and_it_is_written_down_where_it_came_from(gap: Gap) -> None:
    gap.exported()
    assert gap.take(reason="CHG-1")[0] is Exit.OK
    wrote = [it.path for it in gap.stops.there.log if it.method in ("PUT", "POST", "PATCH")]
    assert wrote[-2:] == [f"/v2/shop/web/manifests/{VERSION}", f"/v2/shop/manifests/{VERSION}"]
    (noted,) = gap.stops.promotions()
    said = noted["annotations"]
    assert said["dev.paasctl.promotion.from"] == f"{gap.stops.here.host}/shop (dev in {FILE})"
    assert said["dev.paasctl.promotion.why"] == "CHG-1"


def test_only_what_is_missing_is_sent(gap: Gap) -> None:
    gap.exported()
    assert gap.take()[0] is Exit.OK
    late = vouch(gap.stops.here, "shop/web", gap.stops.image(), "scan").digest
    gap.path.unlink()
    gap.exported()
    assert gap.take()[0] is Exit.OK
    assert late in gap.stops.there.manifests["shop/web"]
    assert gap.stops.there.requests["PUT manifests"] == 1
    assert gap.stops.there.received <= len("{}")


def test_one_image_in_two_repositories_keeps_the_signatures_of_each(tmp_path: Path) -> None:
    with gap_in(tmp_path / "one") as gap:
        paas = gap.stops.world.project / "paas.yaml"
        text = paas.read_text()
        web = text[text.index("  web:\n") : text.index("services:")]
        paas.write_text(text.replace(web, web + web.replace("  web:", "  api:")))
        gap.stops.release()
        image = gap.stops.image(tag="0.1.1")
        assert gap.stops.digest("0.1.1", "shop/api") == image.digest, "the same files are the same image"
        one = sign_by_tag(gap.stops.here, "shop/web", image, b"of web").digest
        two = sign_by_tag(gap.stops.here, "shop/api", image, b"of api").digest
        assert gap.export("0.1.1")[0] is Exit.OK
        assert gap.take()[0] is Exit.OK
        tag = f"{image.digest.replace(':', '-')}.sig"
        assert gap.stops.there.tags["shop/web"][tag] == one != gap.stops.there.tags["shop/api"][tag] == two


def test_other_verbs_read_images_out_of_the_file(gap: Gap) -> None:
    gap.exported()
    from contextlib import ExitStack

    from paasctl.model.location import InArchive

    with ExitStack() as stack:
        images = Images(registry=lambda _: None, folder=gap.path.parent, store=lambda: None, stack=stack)  # type: ignore[arg-type, return-value]  # neither is asked
        source = images.source(InArchive(FILE, f"web:{VERSION}"))
        assert source.root().digest == gap.stops.digest()
        assert not source.root().annotations
        assert len(source.referrers(source.root())) == 2


def test_by_the_registries_logs_each_blob_is_fetched_once_and_sent_once(gap: Gap) -> None:
    gap.stops.forget()
    path = gap.path
    assert gap.export()[0] is Exit.OK
    blobs = {name for name in contents(path) if name.startswith("blobs/")}
    here, there = gap.stops.here, gap.stops.there
    held = {digest for of in ("shop", "shop/web") for digest in here.blobs[of]}
    manifests = {digest for of in ("shop", "shop/web") for digest in here.manifests[of]}
    assert len(blobs) == len(held | manifests)
    fetched = Counter(it.path.rpartition("/")[2] for it in here.log if it.method == "GET" and "/blobs/" in it.path)
    record = gap.stops.manifest(here, "shop", gap.stops.digest(path="shop"))
    twice = {it["digest"] for it in record["layers"]}
    assert {digest: 2 if digest in twice else 1 for digest in held} == fetched, (
        "the record is read to know what it names"
    )
    assert here.writes == 0
    assert gap.take()[0] is Exit.OK
    sent = [it for it in there.log if it.method == "PUT" and "/blobs/uploads" in it.path]
    assert len(sent) == sum(len(there.blobs[of]) for of in ("shop", "shop/web")), "each once in each repository"


def test_it_is_read_from_the_last_of_the_path_that_has_it(gap: Gap) -> None:
    assert gap.stops.promote()[0] is Exit.OK
    _, events = gap.export(origin="")
    assert facts(events)["record"].startswith(gap.stops.there.host)
    gap.path.unlink()
    gap.stops.there.fault("GET manifests", status=503, times=10_000)
    status, events = gap.export(origin="")
    assert status is Exit.OK
    assert facts(events)["record"].startswith(gap.stops.here.host)
    (warned,) = [it for it in events if isinstance(it, Warned)]
    assert "it is read from dev" in warned.text
    gap.stops.here.fault("GET manifests", status=404, times=10_000)
    assert gap.export(origin="", file="other.tar")[0] is Exit.UNAVAILABLE, "it may be where nobody answered"


def test_a_release_that_is_nowhere_is_refused(gap: Gap) -> None:
    status, events = gap.export("9.9.9", origin="")
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "release-not-found")
    assert not gap.path.exists()


def test_a_file_whose_name_is_no_utf_8_is_taken_in(gap: Gap) -> None:
    there = gap.exported()
    odd = there.rename(there.with_name("sh\udcffp.tar"))
    status, events = gap.take(file=odd.name)
    assert status is Exit.OK, outcome(events).problems


def test_a_version_that_a_script_left_empty_is_a_slip(gap: Gap) -> None:
    status, events = gap.export("", origin="")
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.USAGE, "usage")


def test_a_name_that_is_no_tar_is_a_slip(gap: Gap) -> None:
    for word in ("shop", ".tar", ""):
        assert gap.export(file=word)[0] is Exit.USAGE
        assert gap.take(file=word)[0] is Exit.USAGE
