"""Images found in objects of any kind, by any spelling."""

from __future__ import annotations

import pytest

from paasctl.model.cleanup import Mention
from paasctl.planning.cleanup.mentions import mentions_in, of_reference

D = f"sha256:{'a' * 64}"
PATHS = ("shop", "shop/web")


def named(text: str) -> set[tuple[str, str, tuple[str, str]]]:
    body = {"spec": {"deep": [{"image": text}]}}
    return {(it.digest, it.here, it.tagged) for it in mentions_in(body, PATHS, "why")}


NONE = ("", "")
CASES = {
    "by digest": (f"r.example/shop/web@{D}", {(D, "shop/web", NONE)}),
    "by tag and digest": (f"r.example/shop/web:1.2.3@{D}", {(D, "shop/web", NONE)}),
    "by tag": ("r.example/shop/web:1.2.3", {("", "", ("shop/web", "1.2.3"))}),
    "by nothing: latest": ("r.example/shop/web", {("", "", ("shop/web", "latest"))}),
    "a host with a port": ("r.example:5000/shop/web:1", {("", "", ("shop/web", "1"))}),
    "a proxy's path": (f"proxy.example/cache/shop/web@{D}", {(D, "shop/web", NONE)}),
    "without a host": ("shop/web:1", {("", "", ("shop/web", "1"))}),
    "what a node says": (f"docker-pullable://r.example/shop/web@{D}", {(D, "shop/web", NONE)}),
    "an id": (f"docker://{D}", {(D, "", NONE)}),
    "a digest of another's image, too": (f"r.example/other@{D}", {(D, "", NONE)}),
    "another image whose name goes on": ("r.example/shop/web-admin:1", set()),
    "another image below it": ("r.example/shop/web/admin:1", set()),
    "another image whose path ends so": ("r.example/workshop/web:1", set()),
    "in an argument": (f"--runner=r.example/shop/web@{D}", {(D, "shop/web", NONE)}),
    "several in one text": (
        f'{{"a":"r.example/shop/web:1","b":"r.example/shop@{D}"}}',
        {("", "", ("shop/web", "1")), (D, "shop", NONE)},
    ),
    "longer digits are no digest": (f"{D}0", set()),
    "nothing": ("hello", set()),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_text_names(name: str) -> None:
    text, wanted = CASES[name]
    assert named(text) == wanted


def test_annotations_count_and_managed_fields_do_not() -> None:
    meta = {"annotations": {"last": f"r.example/shop@{D}"}, "managedFields": [{"f": f"r.example/shop/web@{D}"}]}
    assert [it.here for it in mentions_in({"metadata": meta}, PATHS, "why")] == ["shop"]


def test_a_deep_object_is_read_to_its_end() -> None:
    body: dict[str, object] = {"image": "r.example/shop/web:1"}
    for _ in range(5000):
        body = {"in": body}
    assert [it.tagged for it in mentions_in(body, PATHS, "")] == [("shop/web", "1")]


def test_the_history_names_by_digest() -> None:
    found = list(of_reference(f"r.example:5000/shop/web@{D}", "why"))
    assert found == [Mention(why="why", digest=D, here="shop/web")]
    assert list(of_reference("r.example/shop/web:1", "why")) == []
