"""Images that an object names, wherever in it: containers of all sorts, templates, arguments, what a node reports.

Found as text, so that kinds nobody told us of (a workflow, a rollout, an operator's own) are read like a Deployment.
Hosts are left out of account: a cluster may know this registry by another name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from paasctl.model.cleanup import Mention

_DIGEST = re.compile(r"(?:(?P<name>[A-Za-z0-9][A-Za-z0-9._:/-]*)@)?(?P<digest>sha256:[0-9a-f]{64})(?![0-9a-f])")
_BEFORE = r"(?:^|(?<=/))"
_TAG = r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?![A-Za-z0-9_/:@-]|\.[A-Za-z0-9])"


def mentions_in(body: Mapping[str, Any], paths: Collection[str], why: str) -> Iterator[Mention]:
    """Of one object; its managed fields repeat nothing but names of fields."""
    tagged = _tagged(frozenset(paths))
    for text in _texts({name: it for name, it in body.items() if name != "metadata"}):
        yield from _of_text(text, paths, tagged, why)
    notes = (body.get("metadata") or {}).get("annotations") or {}
    for text in _texts(notes):
        yield from _of_text(text, paths, tagged, why)


def of_reference(image: str, why: str) -> Iterator[Mention]:
    """Of one reference by digest, as the history keeps them."""
    found = _DIGEST.search(image)
    if found:
        path = (found["name"] or "").partition("/")[2]
        yield Mention(why=why, digest=found["digest"], here=path)


def _of_text(text: str, paths: Collection[str], tagged: re.Pattern[str], why: str) -> Iterator[Mention]:
    if "sha256:" in text:
        for found in _DIGEST.finditer(text):
            yield Mention(why=why, digest=found["digest"], here=_path(found["name"] or "", paths))
    for found in tagged.finditer(text):
        yield Mention(why=why, tagged=(found["path"], found["tag"] or "latest"))


def _path(name: str, paths: Collection[str]) -> str:
    """Which of our repositories a name means, whatever its host, and whatever a proxy puts before the path."""
    head, colon, tag = name.rpartition(":")
    plain = head if colon and "/" not in tag else name
    return next((it for it in paths if f"/{plain}".endswith(f"/{it}")), "")


@lru_cache(maxsize=8)
def _tagged(paths: frozenset[str]) -> re.Pattern[str]:
    longest = sorted(paths, key=len, reverse=True)
    return re.compile(f"{_BEFORE}(?P<path>{'|'.join(map(re.escape, longest))}){_TAG}")


def _texts(value: Any) -> Iterator[str]:
    """Every text in it, of any depth."""
    todo = [value]
    while todo:
        it = todo.pop()
        if isinstance(it, str):
            yield it
        elif isinstance(it, Mapping):
            todo += it.values()
        elif isinstance(it, list | tuple):
            todo += it
