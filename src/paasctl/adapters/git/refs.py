"""The repository's version tags, and the commit each is on."""

from __future__ import annotations

import os
from pathlib import Path

from paasctl.adapters.git.command import GitCommand
from paasctl.adapters.git.complaints import failure, unreadable
from paasctl.adapters.git.history import Tags
from paasctl.errors import Refused
from paasctl.planning.versions.tags import TagRule, is_version_tag

_TAGS = "--format=%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"


def read_tags(git: GitCommand, rule: TagRule) -> Tags:
    """Tags that are versions by the rule. An unreadable one raises: it might be the nearest."""
    answered = git.run("for-each-ref", _TAGS, "refs/tags/")
    if answered.code or "broken ref" in answered.complaint:
        raise failure(f"reading the tags of {git.folder}", answered.complaint, answered.code)
    names: list[str] = []
    on: dict[bytes, list[str]] = {}
    for line in answered.out.decode("utf-8", "replace").splitlines():
        name, kind, commit, peeled_kind, peeled = line.split("\0")
        if not is_version_tag(name, rule):
            continue
        if peeled_kind == "tag":
            hint = f"git tag -f {name} {name}^{{}}"
            raise Refused(f"reading tag {name}: it is a tag of a tag, not of a commit", hint=hint, code="nested-tag")
        if "commit" in (kind, peeled_kind):
            names.append(name)
            on.setdefault((peeled or commit).encode(), []).append(name)
    return Tags(names=names, on=on, rule=rule)


def check_folders(common: Path) -> None:
    """Git takes a folder of refs that it can't open for an empty one; we don't. `common`: the one where refs lie."""

    def closed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):  # packed, or kept otherwise
            raise unreadable("reading branches and tags", f"git can't open {error.filename}") from error

    for kind in ("heads", "tags"):
        for _ in os.walk(common / "refs" / kind, onerror=closed):
            pass
