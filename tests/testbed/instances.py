"""Which instances there are: each one's numbers are recorded in its folder."""

import json
from pathlib import Path

from .failure import Failed
from .layout import OFFSETS, Instance, cache_folder, states_folder


def recorded_note(states: Path, name: str) -> dict[str, int] | None:
    """What an earlier `up` wrote; None when there was none."""
    try:
        return dict(json.loads((states / name / "instance.json").read_text()))
    except (OSError, ValueError):
        return None


def taken_offsets(states: Path) -> dict[int, str]:
    """Offsets of instances that were not wiped, and whose they are."""
    names = [path.parent.name for path in sorted(states.glob("*/instance.json"))]
    return {note["offset"]: name for name in names if (note := recorded_note(states, name))}


def choose(states: Path, name: str, offset: int | None) -> int:
    """The offset asked for, or recorded, or the first free one."""
    note, taken = recorded_note(states, name), taken_offsets(states)
    if offset is None:
        return note["offset"] if note else next(each for each in OFFSETS if each not in taken)
    if note and note["offset"] != offset:
        raise Failed(f"{name} has offset {note['offset']}: `down --wipe` it first")
    if taken.get(offset, name) != name:
        raise Failed(f"offset {offset} is taken by {taken[offset]}")
    return offset


def instance_named(name: str, offset: int | None = None, *, control_plane_only: bool = False) -> Instance:
    """The instance as it is recorded, or as it would be made."""
    states = states_folder()
    note = recorded_note(states, name)
    only = bool(note["control_plane_only"]) if note else control_plane_only
    if control_plane_only and not only:
        raise Failed(f"{name} is a complete instance: `down --wipe` it first")
    return Instance(name, choose(states, name, offset), only, states, cache_folder())
