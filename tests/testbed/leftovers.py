"""Find and remove what an instance left behind: processes, mounts, folders. Only ever its own."""

import shutil
from pathlib import Path

from . import cgroups, machine, network
from .layout import Instance
from .processes import Mark, command_lines, end, marks_of, pause
from .shell import attempt

CONTAINER_LINKS = Path("/var/log/containers")
CNI_RESULTS = Path("/var/lib/cni/results")


def sweep(instance: Instance) -> None:
    """Everything but logs and data; safe to do twice, and when there is nothing."""
    end_processes(instance)
    unmount_all(instance)
    if not instance.control_plane_only:
        remove_strays(instance)
        if (before := machine.recall(instance)) is not None:
            network.take_down(instance)
            machine.restore(before)
            machine.forget(instance)
    cgroups.remove(instance.cgroup)
    shutil.rmtree(instance.run, ignore_errors=True)
    shutil.rmtree(instance.state / "pids", ignore_errors=True)


def processes(instance: Instance) -> list[Mark]:
    """All in the instance's control group, and shims that name its containerd."""
    address = str(instance.containerd_socket)
    shims = {pid for pid, words in command_lines() if "-address" in words and address in words}
    return marks_of(cgroups.members(instance.cgroup) | shims)


def end_processes(instance: Instance) -> None:
    """A few rounds: a shim that dies may leave a container, and one that starts may fork."""
    for _ in range(5):
        if not (found := processes(instance)):
            return
        end(found, grace=1.0)


def mounts_below(folder: Path, table: str) -> list[str]:
    """Mount points below a folder, innermost first, given `/proc/self/mountinfo` (pure)."""
    points = [line.split()[4].encode().decode("unicode_escape") for line in table.splitlines() if line]
    return [point for point in reversed(points) if Path(point).is_relative_to(folder)]


def unmount_all(instance: Instance) -> None:
    """Roots of containers, their volumes and network namespaces."""
    for option in ([], [], [], ["--lazy"]):
        points = mounts_below(instance.state, Path("/proc/self/mountinfo").read_text())
        for point in points:
            attempt(["umount", *option, point])
        if points:
            pause(0.1)


def remove_strays(instance: Instance) -> None:
    """What components write at paths nobody can choose."""
    for link in CONTAINER_LINKS.glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(instance.state):
            link.unlink()
    for result in CNI_RESULTS.glob("*"):
        if result.name.startswith(f"{instance.cgroup}-") or str(instance.state) in result.read_text():
            result.unlink()
