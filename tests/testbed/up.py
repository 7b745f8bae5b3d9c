"""From whatever there is to a testbed that works; what already does is left alone."""

import json
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import cgroups, cluster, configs, files, images, machine, network, packages, programs
from .components import components
from .failure import Failed, Unsupported
from .layout import Instance
from .leftovers import sweep
from .shell import run
from .steps import Step, run_steps
from .supervisor import Component, ensure, recorded
from .words import say


def check_machine() -> None:
    """Say in one line why this machine will not do."""
    if platform.system() != "Linux":
        raise Unsupported("the testbed needs Linux")
    if os.geteuid() != 0:
        raise Unsupported("the testbed needs root: it makes links, mounts and control groups")
    programs.go_program()


def up(instance: Instance) -> None:
    """Bring up the instance; everything it needs is installed or compiled on the way."""
    check_machine()
    provide(instance)
    prepare(instance)
    wanted = components(instance)
    run_steps([*preparations(instance), *(Step(c.name, starting(instance, c), c.after) for c in wanted)])
    say(f"{instance.name} is up: {len(recorded(instance))} components")


def provide(instance: Instance) -> None:
    """Programs that come from elsewhere."""
    only = instance.control_plane_only
    packages.install(packages.CONTROL_PLANE if only else packages.COMPLETE)
    programs.build(programs.CONTROL_PLANE if only else programs.COMPLETE, instance.bin)
    programs.gateway_definitions(instance.cache)
    if not only:
        packages.unpack("pigz", "pigz", instance.bin)
        programs.traefik(instance.cache)


def prepare(instance: Instance) -> None:
    """Folders, control groups, files; and nothing of an earlier life in the way."""
    if not recorded(instance):
        refuse_second_node(instance)
        sweep(instance)
    for folder in (instance.etc, instance.run, instance.data, instance.state / "logs"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    note = {"offset": instance.offset, "control_plane_only": instance.control_plane_only}
    files.write(instance.state / "instance.json", json.dumps(note))
    cgroups.create(instance.cgroup)
    files.write_all(instance)


def refuse_second_node(instance: Instance) -> None:
    """A machine can be one node, of one cluster."""
    if not instance.control_plane_only and machine.recall(instance) is None and network.foreign_chains():
        raise Failed("another cluster's node runs on this machine (KUBE-* in iptables): use --control-plane-only")


def preparations(instance: Instance) -> list[Step]:
    """Steps that start nothing, between those that do."""
    definitions = Step("definitions", lambda: cluster.definitions(instance), ("kube-apiserver",))
    if instance.control_plane_only:
        return [definitions]
    return [
        definitions,
        Step("network", lambda: network.bring_up(instance)),
        Step("objects", lambda: cluster.furnish(instance), ("definitions",)),
        Step("gateway", lambda: cluster.wait_for_gateway(instance), ("objects", "traefik")),
        Step("pause-image", lambda: import_pause(instance), ("containerd",)),
        Step("base-images", lambda: push_bases(instance), ("registry",)),
    ]


def starting(instance: Instance, component: Component) -> Callable[[], None]:
    """The act of a step that ensures a component."""

    def act() -> None:
        if ensure(instance, component):
            say(f"{component.name} works")

    return act


def import_pause(instance: Instance) -> None:
    """The image every pod begins with, into the node."""
    ctr = ("/usr/bin/ctr", "--address", instance.containerd_socket, "--namespace", "k8s.io", "images")
    if configs.PAUSE_IMAGE in run(*ctr, "list", "-q").split():
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pause.tar"
        path.write_bytes(images.archive(images.pause_image(instance), configs.PAUSE_IMAGE))
        run(*ctr, "import", path)


def push_bases(instance: Instance) -> None:
    """What builds start from, and the test application."""
    registry = images.Registry(instance.local("registry"))
    if not registry.has("base/busybox", "1"):
        registry.push("base/busybox", "1", images.busybox_image())
    if not registry.has("base/app", "1"):
        registry.push("base/app", "1", images.app_image(instance, "1"))
