"""Pinning a cluster touches one line; comments, blanks and order stay."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from paasctl.adapters.yaml.edit import pin_identity
from paasctl.adapters.yaml.read import read
from paasctl.errors import ConfigError

FULL = Path(__file__).parents[3] / "examples" / "full" / "paas.yaml"
UID = "0f3b8a52-1111-4222-8333-444455556666"


def _changes(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [it for it in lines if it[0] in "+-"]


@pytest.mark.parametrize("cluster", ["staging", "eu", "us"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_line_of_the_full_example_changes(cluster: str, newline: str) -> None:
    before = FULL.read_text().replace("\n", newline)
    after = pin_identity(before, cluster, UID)
    removed = [it for it in _changes(before, after) if it[0] == "-"]
    added = [it for it in _changes(before, after) if it[0] == "+"]
    assert len(added) == 1
    assert len(removed) == (0 if cluster == "staging" else 1)
    assert UID in added[0]
    assert read(after.encode(), "paas.yaml").values["clusters"][cluster]["identity"] == UID


_FILE = """\
# clusters of the shop
clusters:
  flow: {context: a}   # a comment
  comma: {context: a, router: gateway,}
  pinned: {identity: "old" , context:   a}
  block:
    # why this one
    context: prod-eu     # a comment

    router: gateway
  nested:
    values: {a: 1}
    context: 'b'
  merged: {<<: &d {router: ingress}, context: c}
values:   {a:   "é",    b: 1}
"""


@pytest.mark.parametrize(
    ("cluster", "changes"),
    [
        ("flow", ["-   flow: {context: a}   # a comment\n", '+   flow: {context: a, identity: "u-1"}   # a comment\n']),
        (
            "comma",
            [
                "-   comma: {context: a, router: gateway,}\n",
                '+   comma: {context: a, router: gateway, identity: "u-1",}\n',
            ],
        ),
        (
            "pinned",
            [
                '-   pinned: {identity: "old" , context:   a}\n',
                '+   pinned: {identity: "u-1" , context:   a}\n',
            ],
        ),
        ("block", ['+     identity: "u-1"\n']),
        ("nested", ['+     identity: "u-1"\n']),
        (
            "merged",
            [
                "-   merged: {<<: &d {router: ingress}, context: c}\n",
                '+   merged: {<<: &d {router: ingress}, context: c, identity: "u-1"}\n',
            ],
        ),
    ],
)
def test_every_way_of_writing_a_cluster(cluster: str, changes: list[str]) -> None:
    after = pin_identity(_FILE, cluster, "u-1")
    assert [it for it in _changes(_FILE, after) if it[0] in "+-"] == changes
    assert pin_identity(after, cluster, "u-1") == after, "pinning again changes nothing"


def test_a_file_without_a_last_newline() -> None:
    assert (
        pin_identity("clusters:\n  eu:\n    context: a", "eu", "u")
        == 'clusters:\n  eu:\n    context: a\n    identity: "u"'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app: shop", "there is no clusters.eu"),
        ("clusters: {us: {context: a}}", "there is no clusters.eu"),
        ("clusters: {eu: a}", "there is no clusters.eu"),
        ("clusters: {us: &c {context: a}, eu: *c}", "can't be edited safely"),
        ("clusters: {eu: &c {context: a}, us: *c}", "can't be edited safely"),
        ("clusters: {eu: {}}", "can't be edited safely"),
        ("clusters:\n  eu:\n    identity:\n    context: a", "can't be edited safely"),
        ("clusters:\n  eu:\n    context: >\n      a\n", "can't be edited safely"),
        ("clusters: [", "not YAML"),
    ],
)
def test_what_can_t_be_edited_is_left_to_a_person(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        pin_identity(text, "eu", UID)
