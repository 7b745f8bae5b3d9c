"""Where real tools show something else than we do, case by case, and why ours is what it is.

A tool that is not named here shows the same; `REFUSES`: it does not unpack the image. Docker 20.10 with overlay2 and
umoci 0.4.7. Attributes are compared apart (`agree.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSES = "refuses"
Shown = str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Other:
    """What each tool shows, in the notation (None: what we do), and why we do something else."""

    docker: Shown
    umoci: Shown
    why: str


_BELOW = "umoci wants a directory there; a runtime that overlays layers never looks at what lies below"
_THROUGH = "umoci writes through the link; a runtime that overlays layers hides it by a directory"
_TWICE = "a path may be in a layer once only; Docker's bookkeeping refuses, appliers take the last"
_BOTH = "of a whiteout and an entry the entry is new: Docker keeps a mark, or the old ones beside it"
_LOWER = "a hard link to a lower layer may fail, says the specification; Docker unpacks each layer alone"
_AUFS = "bookkeeping of AUFS is no file of the image: containerd and Docker's other drivers drop it, overlay2 keeps it"
_PARENT = "Docker unpacks each layer alone, where the link's target is not"
_GLOBAL = "umoci knows no global header, Docker passes over it"
_TYPE = "readers of tar know the type, these two unpackers do not; we carry it over as it is"
_LEAVES = "a name that leaves the root means nothing; both tools cut it off at the root"
_UMOCI_WIPES = "umoci takes the empty name for the directory itself, and deletes it"

ELSEWHERE: dict[str, Other] = {
    "dir, pipe, implied dir": Other(None, REFUSES, _BELOW),
    "an entry below a file of a lower layer": Other(None, REFUSES, _BELOW),
    "an opaque mark below a file of a lower layer": Other(None, REFUSES, _BELOW),
    "an implied directory left empty": Other(None, "k=1", "umoci makes no directory for a mark alone"),
    "an entry below a file that was whited out in the same layer": Other(REFUSES, None, _BOTH),
    "a duplicate file: the last one wins": Other(REFUSES, None, _TWICE),
    "a duplicate directory: the last one wins": Other(REFUSES, None, _TWICE),
    "a directory, then a file of its name": Other(REFUSES, None, _TWICE),
    "a file, then a directory of its name": Other(REFUSES, None, _TWICE),
    "a duplicate by another spelling": Other(REFUSES, None, _TWICE),
    "an opaque mark twice": Other(REFUSES, None, _TWICE),
    "a whiteout between two directories": Other("d/ d/b=1 d/c=1", None, _BOTH),
    "a whiteout and the same directory after it": Other("d/ d/new=2 d/old=1", None, _BOTH),
    "a whiteout and the same directory before it": Other(REFUSES, None, _BOTH),
    "a file, then its own whiteout": Other(REFUSES, None, _BOTH),
    "a whiteout of a directory beside a whiteout in it": Other(REFUSES, None, _BOTH),
    "a whiteout below a whiteout's directory of the same layer": Other("d/ d/e/ d/e/a=1 d/e/b=1", None, _BOTH),
    "a whiteout of a directory, then an opaque mark and a file in it": Other(REFUSES, None, _BOTH),
    "an opaque root": Other("d/ d/a=1 d/b=2 k=1", None, "the kernel does not look for the mark at the root"),
    "an opaque root by way of a symlink": Other("d/ d/a=1 e=1 k=1 s->/", None, "the same"),
    "what AUFS left": Other(".wh..wh.orph/ .wh..wh.orph/a=1 a=1 k=1", ".wh..wh.orph/ .wh..wh.orph/a=1 a=1 k=1", _AUFS),
    "hard links into AUFS' link folder": Other(
        ".wh..wh.plnk/ .wh..wh.plnk/1.2=x a==.wh..wh.plnk/1.2 b==.wh..wh.plnk/1.2 k=1",
        ".wh..wh.plnk/ .wh..wh.plnk/1.2=x a==.wh..wh.plnk/1.2 b==.wh..wh.plnk/1.2 k=1",
        _AUFS,
    ),
    "other names of AUFS' in a directory": Other(
        "d/ d/.wh..wh.y/ d/.wh..wh.y/z=1 d/a=1", "d/ d/.wh..wh.y/ d/.wh..wh.y/z=1 d/a=1", _AUFS
    ),
    "an entry below a symlink of a lower layer": Other(None, "link->r r/ r/g=1", _THROUGH),
    "an entry below a dangling symlink of a lower layer": Other(None, "link->r r/ r/g=1", _THROUGH),
    "an entry deep below a symlink of a lower layer": Other(None, "link->r r/ r/s/ r/s/g=1", _THROUGH),
    "a whiteout below a symlink of a lower layer": Other(None, "link->r r/", _THROUGH),
    "an opaque mark below a symlink of a lower layer": Other(None, "link->r r/", _THROUGH),
    "a symlink parent whose target a lower layer has": Other(REFUSES, None, _PARENT),
    "a symlink parent without a target": Other(REFUSES, None, _PARENT),
    "a link to itself": Other(
        REFUSES, REFUSES, "both remove the name before they link to it; it changes attributes only"
    ),
    "a hard link to a lower layer": Other(REFUSES, None, _LOWER),
    "a hard link to a lower layer, which replaces its target": Other(REFUSES, None, _LOWER),
    "a hard link to a lower layer, which deletes its target": Other(
        "", REFUSES, "Docker links to the whiteout itself, umoci deletes first; whiteouts speak of lower layers only"
    ),
    "a hard link to a lower layer with other attributes": Other(REFUSES, None, _LOWER),
    "a hard link to a lower link group": Other(REFUSES, None, _LOWER),
    "a hard link to a symlink of a lower layer": Other(REFUSES, None, _LOWER),
    "a hard link through a symlink of a lower layer": Other(REFUSES, None, _LOWER),
    "a global header with a comment": Other(None, REFUSES, _GLOBAL),
    "a global header with an owner": Other(None, REFUSES, _GLOBAL),
    "the device 0/0, which overlay takes for a whiteout": Other("k=1", None, "a whiteout on disk, a device in a tar"),
    "a contiguous file": Other(REFUSES, REFUSES, _TYPE),
    "an old GNU sparse file": Other(REFUSES, REFUSES, _TYPE),
    "an old GNU sparse file of thirty pieces": Other(REFUSES, REFUSES, _TYPE),
    "an old GNU sparse file, renamed by a link": Other(REFUSES, REFUSES, _TYPE),
    "a name that leaves the root": Other("k=1 x=1", "k=1 x=1", _LEAVES),
    "a name that leaves the root later": Other("k=1 x=1", "k=1 x=1", _LEAVES),
    "an absolute name that leaves the root": Other("k=1 x=1", "k=1 x=1", _LEAVES),
    "a whiteout of nothing named": Other(REFUSES, "k=1", _UMOCI_WIPES),
    "a whiteout of the directory itself": Other(REFUSES, "k=1", _UMOCI_WIPES),
    "something below a whiteout": Other(
        "d/ d/.wh.x/ d/.wh.x/y=1 k=1", "d/ d/.wh.x/ d/.wh.x/y=1 k=1", "no layer can say it again: it is no file's name"
    ),
    "a root that is a file": Other("k=1", REFUSES, "Docker passes over the root's entry, whatever it is"),
    "nested too deep": Other(
        (*("/".join("d" * depth) + "/" for depth in range(1, 300)), "/".join("d" * 300) + "=1", "k=1"),
        (*("/".join("d" * depth) + "/" for depth in range(1, 300)), "/".join("d" * 300) + "=1", "k=1"),
        "a limit of ours, far beyond any real image",
    ),
}
