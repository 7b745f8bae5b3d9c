"""What is masked stays masked until somebody says `reveal`."""

from __future__ import annotations

from dataclasses import dataclass

from paasctl.model.kube import Key, Manifest
from paasctl.model.masked import Masked, revealed


@dataclass(frozen=True)
class _Holder:
    secret: Masked


def test_no_way_of_printing_a_manifest_shows_its_secret() -> None:  # D33
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": Masked("aHVudGVyMg==")}}
    manifest = Manifest(Key.of(body), body)
    for text in (
        repr(manifest),
        str(manifest),
        f"{body}",
        f"{Masked('aHVudGVyMg==')!r:>9}",
        repr(_Holder(Masked("x"))),
    ):
        assert "***" in text
        assert "aHVudGVyMg==" not in text


def test_revealed_copies_at_any_depth_and_leaves_the_masked_one_alone() -> None:
    body = {"data": {"a": Masked("1"), "list": [Masked("2"), {"b": (Masked("3"),)}]}, "plain": 4}
    assert revealed(body) == {"data": {"a": "1", "list": ["2", {"b": ["3"]}]}, "plain": 4}
    assert body["data"] == {"a": Masked("1"), "list": [Masked("2"), {"b": (Masked("3"),)}]}
