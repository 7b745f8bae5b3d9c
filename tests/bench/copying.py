"""Rows of `image copy`, beside the quickest of its peers, on the image of 75 layers that is kept.

Within one registry nothing but manifests moves. To another one all blobs do: that one is a registry of the row's own,
which is emptied after every run.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event
from time import monotonic

from bench.commands import BrokenCommandError, Command, Took, run
from bench.input.kept import pushed
from bench.place import Place, program, testbed
from bench.rows import Bound, Figure, Measured, Row, times
from bench.squashing import IMAGE, command, fresh

PEERS = ("regctl", "crane", "skopeo")
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{host}"}}
"""


def rows() -> tuple[Row, ...]:
    """Each with its bound."""
    return (
        Row(
            name="copy-registry",
            ours="paasctl image copy (within a registry, first)",
            peer="regctl image copy",
            bound=times(2),
            runs=(7, 3),
            measure=partial(_within, ("regctl",), again=False),
            needs=("REGISTRY", "regctl"),
        ),
        Row(
            name="copy-registry-again",
            ours="paasctl image copy (within a registry, again)",
            peer="regctl image copy",
            bound=Bound(),
            runs=(7, 3),
            measure=partial(_within, ("regctl",), again=True),
            needs=("REGISTRY", "regctl"),
        ),
        Row(
            name="copy-across",
            ours="paasctl image copy (to another registry)",
            peer="the quickest of regctl, crane and skopeo",
            bound=times(1.1),
            runs=(5, 1),
            measure=_across,
            needs=("REGISTRY", *PEERS),
        ),
    )


def _within(peers: tuple[str, ...], place: Place, runs: int, *, again: bool) -> Measured:
    source, start = pushed(IMAGE, testbed("REGISTRY")), fresh()

    def target(tool: str, number: int) -> str:
        return f"{start}-{tool}:1" if again else f"{start}-{tool}-{number}:1"

    return measured(place, (source, target), peers, runs)


def _across(place: Place, runs: int) -> Measured:
    source = pushed(IMAGE, testbed("REGISTRY"))
    with other_registry(place.folder / "across") as other:

        def target(tool: str, number: int) -> str:
            other.empty()
            return f"{other.host}/bench/{tool}-{number}:1"

        return measured(place, (source, target), PEERS, runs)


Ends = tuple[str, Callable[[str, int], str]]


def measured(
    place: Place, ends: Ends, peers: tuple[str, ...], runs: int, ours: Callable[[str], Command] | None = None
) -> Measured:
    """All in turn, so many times and once to warm up; the peer is the one with the smallest median.

    `ours` is our command for a target, where that is not a plain copy.
    """
    source, target = ends
    taken: dict[str, list[Took]] = {tool: [] for tool in ("paasctl", *peers)}
    for number in range(runs + 1):
        for tool, them in taken.items():
            there = target(tool, number)
            took = run(ours(there) if ours and tool == "paasctl" else _copy(place, tool, source, there))[0]
            them.extend([took] if number else [])
    best = min(peers, key=lambda it: median(took.wall for took in taken[it]))
    own, theirs = taken["paasctl"], taken[best]
    listed = ", ".join(f"{it} {median(took.wall for took in taken[it]):.2f}" for it in peers)
    return Measured(
        ours=Figure.of([it.wall for it in own]),
        peer=Figure.of([it.wall for it in theirs]),
        cpu=(median(it.cpu for it in own), median(it.cpu for it in theirs)),
        memory=(max(it.memory for it in own), max(it.memory for it in theirs)),
        note=listed if len(peers) > 1 else "",
    )


def _copy(place: Place, tool: str, source: str, target: str) -> Command:
    match tool:
        case "paasctl":
            return command(place, place.paasctl, "image", "copy", source, target)
        case "crane":
            return command(place, program("crane"), "copy", "--insecure", source, target)
        case "regctl":
            hosts = [f"--host=reg={it.partition('/')[0]},tls=disabled" for it in (source, target)]
            return command(place, program("regctl"), *dict.fromkeys(hosts), "image", "copy", source, target)
        case _:
            plain = ("--src-tls-verify=false", "--dest-tls-verify=false", "--preserve-digests")
            words = ("copy", "-q", "--insecure-policy", *plain, f"docker://{source}", f"docker://{target}")
            return command(place, program("skopeo"), *words)


@dataclass(frozen=True)
class _Other:
    """A registry of the row's own."""

    host: str
    folder: Path

    def empty(self) -> None:
        """Forget all that was pushed."""
        shutil.rmtree(self.folder / "docker", ignore_errors=True)


@contextmanager
def other_registry(folder: Path) -> Iterator[_Other]:
    """distribution's registry on a free port, ended at the end."""
    folder.mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    config = folder / f"{uuid.uuid4().hex}.yml"
    config.write_text(_CONFIG.format(folder=folder, host=host))
    words = (program("docker-registry") or "docker-registry", "serve", str(config))
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            _await(host, child)
            yield _Other(host, folder)
        finally:
            child.terminate()


def _await(host: str, child: subprocess.Popen[bytes]) -> None:
    name, _, port = host.partition(":")
    end = monotonic() + 30
    while monotonic() < end and child.poll() is None:
        try:
            socket.create_connection((name, int(port)), timeout=1).close()
        except OSError:
            Event().wait(0.05)
        else:
            return
    raise BrokenCommandError(f"docker-registry does not answer at {host}")
