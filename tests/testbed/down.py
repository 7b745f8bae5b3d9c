"""Back to the machine as it was: the instance's data and logs stay unless they are to be forgotten."""

import shutil
from pathlib import Path

from .failure import Failed
from .layout import Instance
from .leftovers import mounts_below, processes, sweep
from .supervisor import recorded, stop
from .words import say

FIRST = ("kubelet", "kube-controller-manager", "kube-scheduler", "traefik", "nginx", "kube-proxy")
API = "kube-apiserver"
LAST = ("etcd", "containerd")


def down(instance: Instance, *, wipe: bool) -> None:
    """Those that would start others end first, those the others need end last."""
    names = list(recorded(instance))
    middle = tuple(name for name in names if name not in (*FIRST, API, *LAST))
    for group in (FIRST, middle, (API,), LAST):
        stop(instance, [name for name in group if name in names], grace=8.0)
    sweep(instance)
    if left := processes(instance):
        raise Failed(f"{instance.name}: processes that would not end: {[mark.pid for mark in left]}")
    if wipe:
        forget(instance)
    say(f"{instance.name} is down{' and forgotten' if wipe else ''}")


def forget(instance: Instance) -> None:
    """Remove the instance's folder; never through a mount that is still there."""
    if left := mounts_below(instance.state, Path("/proc/self/mountinfo").read_text()):
        raise Failed(f"{instance.name}: still mounted, so nothing was removed: {left[0]}")
    shutil.rmtree(instance.state, ignore_errors=True)
