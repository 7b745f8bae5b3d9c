"""The command line: `up`, `down`, `status`, `env`, `peers`."""

import argparse
import json
import shlex
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from . import programs
from .down import down
from .failure import Failed
from .instances import instance_named
from .layout import MAIN, Instance, cache_folder
from .status import as_values, environment, status, table
from .up import check_machine, up
from .words import answer, say


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    top = argparse.ArgumentParser(prog="testbed", description="A real cluster on this machine, for the tests.")
    verbs = top.add_subparsers(dest="verb", required=True)
    made = {name: verbs.add_parser(name, help=text) for name, text in HELP.items()}
    for name in ("up", "down", "status", "env"):
        made[name].add_argument("--name", default=MAIN, help=f"which instance ({MAIN})")
    for name in ("status", "env"):
        made[name].add_argument("--json", action="store_true", help="for programs")
    for name in ("up", "down"):
        made[name].add_argument("--wipe", action="store_true", help="forget cluster, registries and logs")
    made["up"].add_argument("--offset", type=int, help="block of ports and addresses, 0 to 9 (the first free one)")
    made["up"].add_argument("--control-plane-only", action="store_true", help="an API server without a node")
    return top


HELP = {
    "up": "start what is not running, repair what is broken",
    "down": "end everything and clean up the machine",
    "status": "one line for each component; exit 0 when all are healthy",
    "env": "shell lines that tell tests where things are",
    "peers": "compile the tools that benchmarks compare with",
}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 good, 1 a component failed, 3 this machine will not do."""
    given = parser().parse_args(argv)
    try:
        return VERBS[given.verb](given)
    except Failed as error:
        say(str(error))
        return error.exit


def do_up(given: argparse.Namespace) -> int:
    """Two at once wait for each other."""
    check_machine()
    with locked(given.name):
        if given.wipe:
            down(instance_named(given.name), wipe=True)
        up(instance_named(given.name, given.offset, control_plane_only=given.control_plane_only))
    return 0


def do_down(given: argparse.Namespace) -> int:
    """Also when little or nothing runs."""
    check_machine()
    with locked(given.name):
        down(instance_named(given.name), wipe=given.wipe)
    return 0


def locked(name: str) -> AbstractContextManager[None]:
    """One `up` or `down` of an instance at a time."""
    return programs.locked(instance_named(name).states / f".{name}.lock")


def do_status(given: argparse.Namespace) -> int:
    """Reads only."""
    rows = status(instance_named(given.name))
    answer(json.dumps(as_values(rows), indent=2) if given.json else table(rows))
    return 0 if all(row.is_good for row in rows) else 1


def do_env(given: argparse.Namespace) -> int:
    """Reads only."""
    found = environment(instance_named(given.name))
    lines = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in found.items())
    answer(json.dumps(found, indent=2) if given.json else lines)
    return 0


def do_peers(_: argparse.Namespace) -> int:
    """Needs Go, but not root."""
    programs.build(programs.PEERS, peers_folder())
    squash = programs.docker_squash(cache_folder())
    answer("\n".join([*(str(peers_folder() / program.name) for program in programs.PEERS), str(squash)]))
    return 0


def peers_folder() -> Path:
    """The same as every other program's."""
    return Instance(cache=cache_folder()).bin


VERBS = {"up": do_up, "down": do_down, "status": do_status, "env": do_env, "peers": do_peers}
