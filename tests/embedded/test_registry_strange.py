"""Folders that mean ill, are broken or can't be written, and requests that no client sends: nothing leads out,
nothing that was acknowledged is lost, and what is sound is served."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from paasctl.embedded.registry.folder import Folder, NoLayoutError
from paasctl.embedded.registry.logins import Logins
from paasctl.embedded.registry.serving import serve, start
from support.registry_folders import REF, ask, entry, foreign, image, lay, push, push_image
from support.registry_values import CONFIG, LAYER, MANIFEST, describe, digest_of, manifest_of

MINE = "dev.paasctl.registry.repository"
HUSH = b"hush"


def _names(folder: Path) -> list[str]:
    return sorted(it.relative_to(folder).as_posix() for it in folder.rglob("*"))


def _catalog(host: str) -> list[str]:
    names: list[str] = json.loads(ask(host, "GET", "/v2/_catalog").body)["repositories"]
    return names


# --- an index that means ill ---


_STRANGE: list[Any] = [
    {"digest": "sha256:../../../secret", "annotations": {REF: "web:1"}},
    {"digest": "sha256:../../../secret", "annotations": {MINE: "web"}},
    {"digest": "../../../secret", "annotations": {MINE: "web"}},
    {"digest": "sha256:/etc/passwd", "annotations": {MINE: "web"}},
    {"digest": "sha512:" + "0" * 128, "annotations": {MINE: "web"}},
    {"digest": 5, "annotations": {MINE: "web"}},
    {"annotations": {MINE: "web"}},
    {"annotations": {REF: "../../out:1"}},
    {"annotations": {MINE: "../../out"}},
    {"annotations": {MINE: "/out"}},
    {"annotations": {MINE: "a/../../../out"}},
    {"annotations": {MINE: "x" * 300}},
    {"annotations": {MINE: 5}},
    {"annotations": {REF: "web:..", MINE: "web"}},
    {"annotations": {REF: "web:a b"}},
    {"annotations": "web"},
    {"mediaType": "a\r\nX-Evil: 1", "annotations": {MINE: "web"}},
    {"mediaType": None, "annotations": {MINE: "web"}},
    "web",
    None,
    [],
]


@pytest.mark.parametrize("said", _STRANGE, ids=repr)
def test_an_entry_that_leads_out_is_left_out_and_the_rest_is_served(tmp_path: Path, said: Any) -> None:
    folder = tmp_path / "a" / "layout"
    manifest = image(folder)
    (tmp_path / "secret").write_bytes(HUSH)
    (tmp_path / "a" / "secret").write_bytes(HUSH)
    strange = {**entry(manifest), **said} if isinstance(said, dict) else said
    if isinstance(said, dict) and said.keys() == {"annotations"} and "digest" not in said:
        strange = {**strange, "digest": digest_of(manifest)}
    foreign(folder, strange, entry(manifest, "good:1"))
    outside = [it for it in _names(tmp_path) if not it.startswith("a/layout")]
    with serve(folder) as running:
        assert _catalog(running.host) in (["good"], ["good", "web"])
        assert ask(running.host, "GET", "/v2/good/manifests/1").body == manifest
        push_image(running.host, "good", "2", b"more")
    assert [it for it in _names(tmp_path) if not it.startswith("a/layout")] == outside
    assert strange in json.loads((folder / "index.json").read_bytes())["manifests"], "what isn't understood stays"


def test_a_manifest_that_names_what_lies_outside_links_nothing_there(tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    (tmp_path / "secret").write_bytes(HUSH)
    outer = {"mediaType": LAYER, "digest": "sha256:../../../secret", "size": 4}
    evil = json.dumps({"schemaVersion": 2, "config": outer, "layers": [outer], "manifests": [outer]}).encode()
    lay(folder, evil)
    foreign(folder, entry(evil, "web:1"))
    with serve(folder) as running:
        assert ask(running.host, "GET", "/v2/web/manifests/1").body == evil
        for it in ("blobs", "manifests"):
            assert ask(running.host, "GET", f"/v2/web/{it}/{outer['digest']}").status in (400, 404)
    assert (tmp_path / "secret").read_bytes() == HUSH
    assert not [it for it in _names(tmp_path) if it.endswith("secret") and it != "secret"]


def test_an_index_that_lists_itself_is_read_once(tmp_path: Path) -> None:
    loop = "0" * 64
    said = {"manifests": [{"mediaType": MANIFEST, "digest": f"sha256:{loop}"}] * 3}
    lay(tmp_path, b"{}")
    (tmp_path / "blobs" / "sha256" / loop).write_text(json.dumps(said))
    plain = {"mediaType": MANIFEST, "digest": f"sha256:{loop}", "size": 2, "annotations": {REF: "web:1"}}
    foreign(tmp_path, plain)
    with serve(tmp_path) as running:
        assert ask(running.host, "GET", "/v2/web/manifests/1").status == 200


def test_a_link_among_the_blobs_leads_to_nothing_outside(tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    manifest = image(folder)
    (tmp_path / "secret").write_bytes(HUSH)
    layer = folder / "blobs" / "sha256" / digest_of(b"layer").removeprefix("sha256:")
    layer.unlink()
    layer.symlink_to(tmp_path / "secret")
    foreign(folder, entry(manifest, "web:1"))
    with serve(folder) as running:
        assert ask(running.host, "GET", f"/v2/web/blobs/{digest_of(b'layer')}").status == 404
        assert push(running.host, "web", b"layer")
        assert ask(running.host, "GET", f"/v2/web/blobs/{digest_of(b'layer')}").body == b"layer"
    assert (tmp_path / "secret").read_bytes() == HUSH


@pytest.mark.parametrize("name", ["blobs", "blobs/sha256", "repositories", "repositories/web", ".uploads"])
def test_a_folder_whose_parts_lead_out_is_refused(tmp_path: Path, name: str) -> None:
    folder, outside = tmp_path / "layout", tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.txt").write_text("chapter one")
    foreign_at = folder / name
    foreign_at.parent.mkdir(parents=True)
    foreign_at.symlink_to(outside)
    foreign(folder)
    with pytest.raises(NoLayoutError, match=f"{foreign_at} is a link that leads out of the folder"):
        start(folder)
    assert _names(outside) == ["thesis.txt"]


# --- a folder that is broken ---


@pytest.mark.parametrize(
    "content",
    [b"no JSON", b"\xff", b"[]", b"5", b"[" * 100_000, b'{"layers": 5}', b'{"layers": [5]}', b'{"config": {}}', b""],
    ids=lambda it: it[:20],
)
def test_a_manifest_that_is_none_is_left_out_and_the_rest_is_served(tmp_path: Path, content: bytes) -> None:
    good = image(tmp_path)
    lay(tmp_path, content)
    foreign(tmp_path, entry(content, "web:bad"), entry(good, "web:good"))
    with serve(tmp_path) as running:
        for reference in ("bad", digest_of(content)):
            assert ask(running.host, "GET", f"/v2/web/manifests/{reference}").status == 404
        assert ask(running.host, "GET", "/v2/web/manifests/good").body == good
        assert ask(running.host, "GET", f"/v2/web/referrers/{digest_of(good)}").status == 200


def test_a_layout_that_lacks_a_manifest_takes_more(tmp_path: Path) -> None:
    foreign(tmp_path, entry(b"never there", "web:lost"))
    lay(tmp_path, b"{}")
    with serve(tmp_path) as running:
        push_image(running.host, "web", "1", b"layer")
        assert json.loads(ask(running.host, "GET", "/v2/web/tags/list").body)["tags"] == ["1"]


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"manifests": 5}', b"[" * 100_000], ids=lambda it: it[:20])
def test_an_index_that_is_none_is_named_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    foreign(tmp_path)
    (tmp_path / "index.json").write_bytes(content)
    for _ in range(2):  # the second time the folder is free again
        with pytest.raises(NoLayoutError, match=r"index\.json (is no JSON|has no list of manifests)") as caught:
            start(tmp_path)
        assert caught.value.hint == "mend it, or name another folder"
    assert (tmp_path / "index.json").read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"[]", b"5", b'{"imageLayoutVersion": "2.0.0"}', b"[" * 100_000],
    ids=lambda it: it[:40],
)
def test_a_layout_s_mark_that_is_none_is_named_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    foreign(tmp_path)
    (tmp_path / "oci-layout").write_bytes(content)
    before = _names(tmp_path)
    with pytest.raises(NoLayoutError, match=r"oci-layout (is no JSON|does not say \{\"image)") as caught:
        start(tmp_path)
    assert caught.value.hint == "mend it, or name another folder"
    assert (_names(tmp_path), (tmp_path / "oci-layout").read_bytes()) == (before, content)


def test_a_start_that_fails_lets_go_of_the_folder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        start(tmp_path, port=taken.getsockname()[1])
    (tmp_path / ".uploads" / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        start(tmp_path)
    (tmp_path / ".uploads" / "folder").rmdir()
    with serve(tmp_path) as running:
        assert ask(running.host, "GET", "/v2/").status == 200


def test_what_a_kill_left_half_written_is_removed_at_the_start(tmp_path: Path) -> None:
    with serve(tmp_path) as running:
        push_image(running.host, "web", "1", b"layer")
    before = _names(tmp_path)
    for it in (tmp_path / ".tmp-1", tmp_path / "blobs" / "sha256" / ".tmp-2"):
        it.write_bytes(b"half")
    with serve(tmp_path) as running:
        assert _names(tmp_path) == before
        assert ask(running.host, "GET", "/v2/web/manifests/1").status == 200


def test_a_folder_that_a_kill_left_as_it_was_being_made_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".registry.lock").touch()
    (tmp_path / ".tmp-1").touch()
    with serve(tmp_path) as running:
        assert push_image(running.host, "web", "1", b"layer")


@pytest.mark.parametrize(
    ("said", "name", "tag"),
    [
        ("127.0.0.1:5000/shop/web:1", "shop/web", "1"),
        ("registry.example.com:443/web", "web", "latest"),
        ("shop.example.com/web:1", "shop.example.com/web", "1"),
        ("shop/web", "shop/web", "latest"),
    ],
)
def test_a_registry_before_the_name_is_no_part_of_it(tmp_path: Path, said: str, name: str, tag: str) -> None:
    manifest = image(tmp_path)
    foreign(tmp_path, entry(manifest, said))
    with serve(tmp_path) as running:
        assert _catalog(running.host) == [name]
        assert ask(running.host, "GET", f"/v2/{name}/manifests/{tag}").body == manifest


# --- a disk that is full ---


def test_a_push_that_found_the_disk_full_is_not_held_for_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with serve(tmp_path) as running:
        push(running.host, "web", b"{}")
        manifest = manifest_of(describe(b"{}", CONFIG), [])
        with monkeypatch.context() as patched:
            patched.setattr(Folder, "_write_index", full)
            found = ask(running.host, "PUT", "/v2/web/manifests/1", manifest, Content_Type=MANIFEST)
        assert found.status == 507
        said = f"keeping it in {tmp_path}: No space left on device"
        assert json.loads(found.body)["errors"] == [{"code": "UNKNOWN", "message": said}]
        assert ask(running.host, "GET", "/v2/web/manifests/1").status == 404
        assert ask(running.host, "PUT", "/v2/web/manifests/1", manifest, Content_Type=MANIFEST).status == 201
    with serve(tmp_path) as running:
        assert ask(running.host, "GET", "/v2/web/manifests/1").body == manifest


def test_what_a_full_disk_did_not_take_is_not_left_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with serve(tmp_path) as running:
        push(running.host, "web", b"{}")
        before = _names(tmp_path)
        monkeypatch.setattr("os.fsync", full)
        manifest = manifest_of(describe(b"{}", CONFIG), [])
        assert ask(running.host, "PUT", "/v2/web/manifests/1", manifest, Content_Type=MANIFEST).status == 507
        assert _names(tmp_path) == before


def test_a_part_that_a_full_disk_took_is_not_in_the_blob(tmp_path: Path) -> None:
    with serve(tmp_path) as running:
        place = ask(running.host, "POST", "/v2/web/blobs/uploads/").headers["Location"]
        place = ask(running.host, "PATCH", place, b"01234").headers["Location"]
        (upload,) = (tmp_path / ".uploads").iterdir()
        upload.write_bytes(b"01234" + b"what was not counted")
        digest = digest_of(b"0123456789")
        assert ask(running.host, "PUT", f"{place}&digest={digest}", b"56789").status == 201
        assert ask(running.host, "GET", f"/v2/web/blobs/{digest}").body == b"0123456789"


# --- requests that no client sends ---


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"layers": 5}',
        b'{"layers": [5]}',
        b'{"layers": [{}]}',
        b'{"config": {"digest": 5}}',
        b'{"manifests": {}}',
        b'{"manifests": [null]}',
        b'{"subject": "web"}',
        b'{"subject": {}}',
        b'{"annotations": {"a": 1e999}}',
        b'{"artifactType": 5}',
        b'{"mediaType": []}',
        b'{"a": "\xed\xa0\x80"}',
    ],
    ids=lambda it: it[:40],
)
def test_a_manifest_that_means_nothing_is_invalid(tmp_path: Path, content: bytes) -> None:
    with serve(tmp_path) as running:
        found = ask(running.host, "PUT", "/v2/web/manifests/1", content, Content_Type=MANIFEST)
        assert (found.status, json.loads(found.body)["errors"][0]["code"]) == (400, "MANIFEST_INVALID")
        assert _catalog(running.host) == []


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v2/web/tags/list?n=" + "9" * 5000, {}, 400),
        ("GET", f"/v2/{'x' * 300}/tags/list", {}, 400),
        ("GET", "/v2/web%00/tags/list", {}, 400),
        ("PUT", f"/v2/web/manifests/{'x' * 129}", {}, 400),
        ("PUT", "/v2/web/manifests/1", {"Content_Type": "x" * 300}, 400),
        ("PUT", "/v2/web/manifests/1", {"Content_Type": "\xe9"}, 400),
        ("PUT", "/v2/web/manifests/1", {}, 413),
    ],
)
def test_a_request_that_no_client_sends_is_refused(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with serve(tmp_path) as running:
        push(running.host, "web", b"0123")
        body = b"{}" if method == "PUT" and status != 413 else b"x" * ((4 << 20) + 9) if method == "PUT" else None
        assert ask(running.host, method, path, body, **headers).status == status


def test_a_range_that_no_number_says_is_the_whole(tmp_path: Path) -> None:
    with serve(tmp_path) as running:
        digest = push(running.host, "web", b"0123")
        found = ask(running.host, "GET", f"/v2/web/blobs/{digest}", Range=f"bytes={'9' * 5000}-")
        assert (found.status, found.body) == (200, b"0123")


def test_a_password_that_is_none_is_refused(tmp_path: Path) -> None:
    for how in ("basic", "token"):
        with serve(tmp_path, logins=Logins(how, {"ann": "secret"})) as running:
            for said in ("Basic \xe9\xe9", "Basic !", "Basic /w==", "Basic"):
                path = "/v2/" if how == "basic" else "/token"
                assert ask(running.host, "GET", path, Authorization=said).status == 401
