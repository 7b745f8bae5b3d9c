"""The registry's folder: kills, locks, layouts of other tools, digests, ranges, and paths that lead out."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasctl.embedded.registry.folder import NoLayoutError
from paasctl.embedded.registry.serving import serve
from support.registry_folders import ask, entry, foreign, image, lay, push, push_image
from support.registry_values import CONFIG, LAYER, MANIFEST, describe, digest_of, manifest_of

ROOT = Path(__file__).parents[2]
BIG = random.Random(3).randbytes(3_000_000)
_CHILD = """
import sys, threading
from pathlib import Path
from paasctl.embedded.registry.serving import start
running = start(Path(sys.argv[1]))
print(running.host, flush=True)
threading.Event().wait()
"""


@contextmanager
def _child(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A registry in a process of its own, killed at the end."""
    command = [sys.executable, "-c", _CHILD, str(folder)]
    environ = {"PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip(), child
        finally:
            child.kill()


def _blobs(folder: Path) -> list[Path]:
    return [it for it in (folder / "blobs" / "sha256").iterdir() if not it.name.startswith(".")]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    with serve(tmp_path / "layout") as running:
        yield running.host


# --- kills ---


def test_a_kill_in_the_middle_of_an_upload_leaves_nothing_half(tmp_path: Path) -> None:
    digest = digest_of(BIG)
    with _child(tmp_path) as (host, child):
        place = ask(host, "POST", "/v2/web/blobs/uploads/").headers["Location"]
        connection = http.client.HTTPConnection(host, timeout=5)
        connection.putrequest("PUT", f"{place}&digest={digest}")
        connection.putheader("Content-Length", str(len(BIG)))
        connection.endheaders(BIG[:2_000_000])
        (upload,) = (tmp_path / ".uploads").iterdir()
        while upload.stat().st_size < 1_000_000:
            threading.Event().wait(0.005)
        child.kill()
        child.wait()
        connection.close()
    assert _blobs(tmp_path) == []
    with serve(tmp_path) as running:
        assert list((tmp_path / ".uploads").iterdir()) == []
        assert ask(running.host, "HEAD", f"/v2/web/blobs/{digest}").status == 404
        assert ask(running.host, "PUT", f"{place}&digest={digest}", b"").status == 404
        assert push(running.host, "web", BIG) == digest
        assert ask(running.host, "GET", f"/v2/web/blobs/{digest}").body == BIG


def _push_until_it_ends(host: str, told: dict[str, str], kill: threading.Timer) -> None:
    for number in range(10_000):
        try:
            told[f"t{number}"] = push_image(host, "web", f"t{number}", bytes([number % 256]) * (1000 * number + 1))
        except (OSError, http.client.HTTPException):
            break
        if not number:
            kill.start()
    kill.join()


def test_a_kill_at_any_moment_keeps_what_was_acknowledged_and_shows_nothing_half(tmp_path: Path) -> None:
    chance = random.Random(5)
    told: dict[str, str] = {}
    for _ in range(3):
        with _child(tmp_path) as (host, child):
            _push_until_it_ends(host, told, threading.Timer(chance.uniform(0.02, 0.2), child.kill))
    for it in _blobs(tmp_path):
        assert hashlib.sha256(it.read_bytes()).hexdigest() == it.name
    with serve(tmp_path) as running:
        for tag, digest in told.items():
            found = ask(running.host, "GET", f"/v2/web/manifests/{tag}")
            assert (found.status, digest_of(found.body)) == (200, digest)
            for it in json.loads(found.body)["layers"]:
                assert ask(running.host, "HEAD", f"/v2/web/blobs/{it['digest']}").status == 200


# --- one process at a time ---


def test_a_second_registry_on_the_folder_is_refused(tmp_path: Path) -> None:
    with _child(tmp_path) as (host, child):
        with pytest.raises(NoLayoutError, match=f"{tmp_path} is being served by another process"):
            serve(tmp_path).__enter__()
        assert ask(host, "GET", "/v2/").status == 200
        child.kill()
        child.wait()
        with serve(tmp_path) as running:
            assert ask(running.host, "GET", "/v2/").status == 200


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("chapter one")
    with pytest.raises(NoLayoutError, match="is no OCI image layout, and not empty either"):
        serve(tmp_path).__enter__()
    assert [it.name for it in tmp_path.iterdir()] == ["thesis.txt"]


# --- layouts of other tools ---


def test_a_layout_made_by_hand_is_served(tmp_path: Path) -> None:
    manifest = image(tmp_path)
    foreign(tmp_path, entry(manifest, "shop/web:1.0"))
    before = {it: it.read_bytes() for it in tmp_path.rglob("*") if it.is_file()}
    with serve(tmp_path) as running:
        for reference in ("1.0", digest_of(manifest)):
            found = ask(running.host, "GET", f"/v2/shop/web/manifests/{reference}")
            assert (found.status, found.body, found.headers["Content-Type"]) == (200, manifest, MANIFEST)
            assert found.headers["Docker-Content-Digest"] == digest_of(manifest)
        assert ask(running.host, "GET", f"/v2/shop/web/blobs/{digest_of(b'layer')}").body == b"layer"
        assert ask(running.host, "GET", f"/v2/other/blobs/{digest_of(b'layer')}").status == 404
        assert json.loads(ask(running.host, "GET", "/v2/shop/web/tags/list").body)["tags"] == ["1.0"]
        assert json.loads(ask(running.host, "GET", "/v2/_catalog").body)["repositories"] == ["shop/web"]
    assert {it: it.read_bytes() for it in before} == before


def test_an_index_made_by_hand_brings_its_images(tmp_path: Path) -> None:
    manifest = image(tmp_path)
    media = "application/vnd.oci.image.index.v1+json"
    index = json.dumps({"schemaVersion": 2, "mediaType": media, "manifests": [entry(manifest)]}).encode()
    lay(tmp_path, index)
    foreign(tmp_path, entry(index, "shop/web:1.0", media))
    with serve(tmp_path) as running:
        assert ask(running.host, "GET", "/v2/shop/web/manifests/1.0").headers["Content-Type"] == media
        assert ask(running.host, "GET", f"/v2/shop/web/manifests/{digest_of(manifest)}").body == manifest
        assert ask(running.host, "HEAD", f"/v2/shop/web/blobs/{digest_of(b'layer')}").status == 200


def test_a_layout_made_by_hand_takes_more(tmp_path: Path) -> None:
    manifest = image(tmp_path)
    foreign(tmp_path, entry(manifest, "shop/web:1.0"))
    with serve(tmp_path) as running:
        push_image(running.host, "shop/web", "2.0", b"another")
    with serve(tmp_path) as running:
        assert json.loads(ask(running.host, "GET", "/v2/shop/web/tags/list").body)["tags"] == ["1.0", "2.0"]
        assert ask(running.host, "GET", f"/v2/shop/web/blobs/{digest_of(b'layer')}").body == b"layer"


def test_what_has_no_name_is_not_served(tmp_path: Path) -> None:
    foreign(tmp_path, entry(image(tmp_path)))
    with serve(tmp_path) as running:
        assert json.loads(ask(running.host, "GET", "/v2/_catalog").body)["repositories"] == []


def test_a_layout_that_lacks_a_blob_serves_the_rest(tmp_path: Path) -> None:
    manifest = image(tmp_path)
    (tmp_path / "blobs" / "sha256" / digest_of(b"layer").removeprefix("sha256:")).unlink()
    foreign(tmp_path, entry(manifest, "shop/web:1.0"), entry(b"never there", "shop/web:2.0"))
    with serve(tmp_path) as running:
        assert ask(running.host, "GET", "/v2/shop/web/manifests/1.0").status == 200
        assert ask(running.host, "GET", f"/v2/shop/web/blobs/{digest_of(b'layer')}").status == 404
        assert ask(running.host, "GET", "/v2/shop/web/manifests/2.0").status == 404


# --- digests ---


def test_a_blob_that_is_not_what_its_digest_says_is_refused(host: str, tmp_path: Path) -> None:
    place = ask(host, "POST", "/v2/web/blobs/uploads/").headers["Location"]
    for digest in (digest_of(b"other"), "sha256:short", "md5:d41d8cd98f00b204e9800998ecf8427e", ""):
        found = ask(host, "PUT", f"{place}&digest={digest}", b"content")
        assert found.status in (400, 404)
        place = ask(host, "POST", "/v2/web/blobs/uploads/").headers["Location"]
    assert _blobs(tmp_path / "layout") == []
    assert ask(host, "HEAD", f"/v2/web/blobs/{digest_of(b'other')}").status == 404


def test_a_manifest_that_is_not_what_its_digest_says_is_refused(host: str) -> None:
    for it in (b"{}", b"layer"):
        push(host, "web", it)
    manifest = manifest_of(describe(b"{}", CONFIG), [describe(b"layer", LAYER)])
    wrong = ask(host, "PUT", f"/v2/web/manifests/{digest_of(b'other')}", manifest, Content_Type=MANIFEST)
    assert (wrong.status, json.loads(wrong.body)["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    assert ask(host, "GET", f"/v2/web/manifests/{digest_of(manifest)}").status == 404
    right = ask(host, "PUT", f"/v2/web/manifests/{digest_of(manifest)}", manifest, Content_Type=MANIFEST)
    assert (right.status, right.headers["Docker-Content-Digest"]) == (201, digest_of(manifest))


@pytest.mark.parametrize("content", [b"", b"[]", b"nope", b"\xff"])
def test_a_manifest_that_is_none_is_refused(host: str, content: bytes) -> None:
    found = ask(host, "PUT", "/v2/web/manifests/1.0", content, Content_Type=MANIFEST)
    assert (found.status, json.loads(found.body)["errors"][0]["code"]) == (400, "MANIFEST_INVALID")


# --- ranges ---


@pytest.mark.parametrize(
    ("said", "status", "content", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=9-9", 206, b"9", "bytes 9-9/10"),
        ("bytes=5-1000", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=7-3", 416, None, "bytes */10"),
        ("lines=0-3", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("", 200, b"0123456789", None),
    ],
)
def test_parts_of_a_blob_can_be_had(host: str, said: str, status: int, content: bytes | None, told: str | None) -> None:
    digest = push(host, "web", b"0123456789")
    found = ask(host, "GET", f"/v2/web/blobs/{digest}", Range=said)
    assert (found.status, found.headers["Content-Range"]) == (status, told)
    assert content is None or found.body == content


def test_chunks_of_an_upload_come_in_their_order(host: str) -> None:
    place = ask(host, "POST", "/v2/web/blobs/uploads/").headers["Location"]
    first = ask(host, "PATCH", place, b"01234", Content_Range="0-4")
    assert (first.status, first.headers["Range"]) == (202, "0-4")
    wrong = ask(host, "PATCH", first.headers["Location"], b"89", Content_Range="8-9")
    assert (wrong.status, wrong.headers["Range"]) == (416, "0-4")
    second = ask(host, "PATCH", wrong.headers["Location"], b"56789", Content_Range="5-9")
    done = ask(host, "PUT", f"{second.headers['Location']}&digest={digest_of(b'0123456789')}", b"")
    assert done.status == 201
    assert ask(host, "GET", done.headers["Location"]).body == b"0123456789"


# --- paths ---


@pytest.mark.parametrize(
    "path",
    [
        "/v2/../../etc/passwd",
        "/v2/web/blobs/../../../../etc/passwd",
        "/v2/web/blobs/sha256:../../../../etc/passwd",
        f"/v2/web/blobs/sha256:{'../' * 21}",
        "/v2/web/blobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/v2/web/manifests/../../../etc/passwd",
        "/v2/web/manifests/..",
        "/v2/web/manifests/sha256:..",
        "/v2/../web/tags/list",
        "/v2/web/../../tags/list",
        "/v2/./tags/list",
        "/v2//tags/list",
        "/v2/web%2f..%2f../tags/list",
        "/v2/Web/tags/list",
        "/v2/web/_blobs/tags/list",
        "/v2/web/blobs/uploads/../../../../etc/passwd",
        "/oci-layout",
        "/index.json",
        "/.registry.lock",
    ],
)
def test_no_path_leads_out(host: str, path: str) -> None:
    push(host, "web", b"content")
    for method in ("GET", "HEAD", "DELETE"):
        found = ask(host, method, path)
        assert found.status in (400, 404)
        assert b"root:" not in found.body


@pytest.mark.parametrize(
    "name", ["../out", "..", "a/../../out", "a//b", "/a", "A", "a/_blobs", "a%2f..%2f..%2fout", "."]
)
def test_nothing_is_written_under_a_name_that_leads_out(host: str, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    found = ask(host, "POST", f"/v2/{name}/blobs/uploads/?digest={digest_of(b'x')}", b"x")
    assert found.status in (400, 404)
    put = ask(host, "PUT", f"/v2/{name}/manifests/1.0", manifest_of(describe(b"{}", CONFIG), []), Content_Type=MANIFEST)
    assert put.status in (400, 404)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mount_takes_nothing_from_outside(host: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush")
    for digest in ("sha256:../../../secret", "../../../secret", "sha256:" + "0" * 64):
        for source in ("web", "..", "../.."):
            found = ask(host, "POST", f"/v2/web/blobs/uploads/?mount={digest}&from={source}")
            assert found.status == 202
    assert ask(host, "GET", "/v2/web/tags/list").status == 404
