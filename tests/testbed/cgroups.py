"""Control groups: every process of an instance is born in the instance's group and can't leave it.

That is how `down` finds what pods and builds left behind, and only that.
"""

from contextlib import suppress
from pathlib import Path

from .processes import pause

MOUNT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """All mounted hierarchies: one with cgroup v2, one per controller with v1."""
    if (MOUNT / "cgroup.controllers").exists():
        return [MOUNT]
    return sorted(path for path in MOUNT.iterdir() if (path / "cgroup.procs").exists())


def create(group: str) -> None:
    """Make the instance's group everywhere, and below it one for its own components."""
    for hierarchy in hierarchies():
        folder = hierarchy / group / "components"
        folder.mkdir(parents=True, exist_ok=True)
        for parent in (hierarchy / group, folder):
            share_cpuset(parent)


def share_cpuset(folder: Path) -> None:
    """A v1 cpuset group accepts nobody before it has processors and memory; it inherits neither."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (folder / name).exists() and not (folder / name).read_text().strip():
            (folder / name).write_text((folder.parent / name).read_text())


def doors(group: str) -> list[str]:
    """The files a process writes its number into, to enter the components' group."""
    return [str(hierarchy / group / "components" / "cgroup.procs") for hierarchy in hierarchies()]


def members(group: str) -> set[int]:
    """Every process in the group or below it."""
    found: set[int] = set()
    for hierarchy in hierarchies():
        for file in (hierarchy / group).rglob("cgroup.procs"):
            with suppress(OSError):
                found.update(map(int, file.read_text().split()))
    return found


def remove(group: str) -> list[str]:
    """Remove the group, deepest folders first; what would not go is returned."""
    folders = [path for hierarchy in hierarchies() for path in [hierarchy / group] if path.is_dir()]
    for _ in range(20):
        for top in folders:
            remove_tree(top)
        folders = [top for top in folders if top.is_dir()]
        if not folders:
            return []
        pause(0.1)
    return [str(top) for top in folders]


def remove_tree(top: Path) -> None:
    """A control group is removed by rmdir alone; its files are not files."""
    below = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
    for folder in [*below, top]:
        with suppress(OSError):
            folder.rmdir()
