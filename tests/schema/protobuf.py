"""The field numbers of Kubernetes' protobuf messages, from the descriptors that a kubectl carries in itself.

python -m schema.protobuf KUBECTL > src/paasctl/embedded/kube/api/protobuf.json.gz
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from paasctl.embedded.kube.api.protobuf import raw_fields
from schema.served import GROUPS

_GZIP = re.compile(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00")
_LONGEST = 1 << 19
_ROOT = ".k8s.io."
_SCALARS = {1: "double", 3: "int", 5: "int", 8: "bool", 9: "string", 12: "bytes", 13: "int"}
"""By the numbers of `FieldDescriptorProto.Type`."""
_REPEATED, _MESSAGE = 3, 11
_ALSO = (
    *(f"api.authorization.v1.SelfSubject{it}Review" for it in ("Access", "Rules")),
    "api.authentication.v1.SelfSubjectReview",
    "api.authentication.v1.TokenRequest",
    "api.policy.v1.Eviction",
    "apimachinery.pkg.apis.meta.v1.DeleteOptions",
)


def descriptors(binary: bytes) -> Iterator[bytes]:
    """The file descriptors (FileDescriptorProto) in a Go program."""
    for found in _GZIP.finditer(binary):
        try:
            text = zlib.decompressobj(31).decompress(binary[found.start() : found.start() + _LONGEST])
        except zlib.error:
            continue
        if b"generated.proto" in text[:120] and text[:1] == b"\n":
            yield text


def messages(descriptor: bytes) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """Every message of a file, named without `k8s.io.`, with its fields."""
    package = next(value.decode() for number, value in raw_fields(descriptor) if number == 2)
    for number, value in raw_fields(descriptor):
        if number == 4:
            yield from _message(f".{package}", value)


def _message(package: str, content: bytes) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    parts = list(raw_fields(content))
    name = next(value.decode() for number, value in parts if number == 1)
    whole = f"{package}.{name}"
    maps = dict(entry for number, value in parts if number == 3 for entry in _map(whole, value))
    fields = dict(_field(value, maps) for number, value in parts if number == 2)
    yield whole.removeprefix(_ROOT), fields


def _map(owner: str, content: bytes) -> Iterator[tuple[str, str]]:
    """A map is a list of entries with the fields `key` and `value`."""
    parts = list(raw_fields(content))
    name = next(value.decode() for number, value in parts if number == 1)
    fields = dict(_field(value, {}) for number, value in parts if number == 2)
    yield f"{owner}.{name}", fields["2"][1]


def _field(content: bytes, maps: dict[str, str]) -> tuple[str, tuple[str, str]]:
    said: dict[int, Any] = dict(raw_fields(content))
    kind = said[6].decode() if said[5] == _MESSAGE else _SCALARS[said[5]]
    if kind in maps:
        kind = f"%{maps[kind]}"
    elif said[4] == _REPEATED:
        kind = f"*{kind.removeprefix(_ROOT)}"
    return str(said[3]), (said[1].decode(), kind.removeprefix(_ROOT))


def reachable(known: dict[str, dict[str, tuple[str, str]]], roots: Iterable[str]) -> dict[str, Any]:
    """The messages that these consist of."""
    kept: dict[str, Any] = {}
    waiting = [it for it in roots if it in known]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept[name] = known[name]
        waiting += [kind for _, it in known[name].values() if (kind := it.lstrip("*%").removeprefix(_ROOT)) in known]
    return {name: kept[name] for name in sorted(kept)}


def roots(known: Iterable[str]) -> list[str]:
    """The kinds of the served groups, and what is asked beside them."""
    packages = {
        f"api.{group.rpartition('/')[0].partition('.')[0] or 'core'}.{group.rpartition('/')[2]}" for group in GROUPS
    }
    return [it for it in known if it.rpartition(".")[0] in packages] + list(_ALSO)


def main(kubectl: Path) -> bytes:
    """The data file, packed."""
    known = dict(found for it in descriptors(kubectl.read_bytes()) for found in messages(it))
    whole = json.dumps(reachable(known, roots(known)), separators=(",", ":"))
    return gzip.compress(whole.encode(), mtime=0)


if __name__ == "__main__":
    sys.stdout.buffer.write(main(Path(sys.argv[1])))
