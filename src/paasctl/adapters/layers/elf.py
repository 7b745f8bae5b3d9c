"""What a program says of itself: the machine it is for, the loader it wants, and Go's record of how it was built."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from paasctl.adapters.layers.reading import reading

_MACHINES = {
    "386": 3, "mips": 8, "mipsle": 8, "mips64": 8, "mips64le": 8, "ppc64": 21, "ppc64le": 21, "s390x": 22,
    "arm": 40, "amd64": 62, "arm64": 183, "riscv64": 243, "loong64": 258,
}  # fmt: skip
_LOADER = 3
"""PT_INTERP: the program header that names the loader."""
_MOST = 4096
"""Program headers, and bytes of a loader's name, beyond which nothing is believed."""
_BUILD = b"\xff Go buildinf:"
_ALIGNED = 16
_HEAD = 32
_INLINE = 2
"""The flag of Go 1.18 and later: what follows are the texts themselves."""
_SENTINEL = 16
"""Bytes that stand before and behind the text about modules."""


@dataclass(frozen=True, slots=True)
class Program:
    """An ELF file. `machine` is its number; `loader` is empty for what is linked statically."""

    machine: int
    loader: str

    def runs_on(self, architecture: str) -> bool:
        """Whether it is for that architecture, by OCI's name; an architecture without a number here is believed."""
        return _MACHINES.get(architecture, self.machine) == self.machine

    @property
    def architecture(self) -> str:
        """What it is for, as one would write it."""
        return next((name for name, it in _MACHINES.items() if it == self.machine), f"machine {self.machine}")


def read_program(path: Path) -> Program | None:
    """The program; None: it is no ELF file, or a damaged one."""
    with reading(path), path.open("rb") as file:
        head = file.read(64)
        if head[:4] != b"\x7fELF" or len(head) < 52:
            return None
        order = ">" if head[5] == 2 else "<"
        (machine,) = struct.unpack_from(f"{order}H", head, 18)
        wide = head[4] == 2
        try:
            at, size, count = _table(head, order, wide=wide)
            file.seek(at)
            table = file.read(size * min(count, _MOST))
            for start in range(0, len(table) - size + 1, max(size, 1)):
                kind, offset, length = _segment(table, start, order, wide=wide)
                if kind == _LOADER and length < _MOST:
                    file.seek(offset)
                    return Program(machine, file.read(length).rstrip(b"\0").decode("utf-8", "replace"))
        except struct.error:
            return None
        return Program(machine, "")


def _table(head: bytes, order: str, *, wide: bool) -> tuple[int, int, int]:
    """Where the program headers begin, the size of one, and how many there are."""
    (at,) = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)
    size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
    return at, size, count


def _segment(table: bytes, start: int, order: str, *, wide: bool) -> tuple[int, int, int]:
    """Kind, place and length in the file of one program header."""
    (kind,) = struct.unpack_from(f"{order}I", table, start)
    if wide:
        offset, _, _, length = struct.unpack_from(f"{order}QQQQ", table, start + 8)
    else:
        offset, _, _, length = struct.unpack_from(f"{order}IIII", table, start + 4)
    return kind, offset, length


def go_modules(path: Path) -> tuple[tuple[str, ...], ...]:
    """Go's record in a program (`go version -m`), a line each, cut at tabs; empty: it has none that can be read.

    Go 1.18 and later; `debug/buildinfo` describes the form.
    """
    with reading(path), path.open("rb") as file:
        if not path.stat().st_size:
            return ()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = content.find(_BUILD)
            while at >= 0 and at % _ALIGNED:
                at = content.find(_BUILD, at + 1)
            if at < 0 or not content[at + 15] & _INLINE:
                return ()
            version, after = _text(content, at + _HEAD)
            modules, _ = _text(content, after)
    lines = modules[_SENTINEL:-_SENTINEL].decode("utf-8", "replace").split("\n")
    return (("go", version.decode("utf-8", "replace")), *(tuple(it.split("\t")) for it in lines if it))


def _text(content: mmap.mmap, at: int) -> tuple[bytes, int]:
    """A text behind its length as a varint, and where it ends."""
    size, shift = 0, 0
    while True:
        byte = content[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift > 35:
            break
    return content[at : at + size], at + size
