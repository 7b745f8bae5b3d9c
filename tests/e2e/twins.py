"""The same kubectl on a simulated cluster, started as a user would, and on the real one: both must print the same."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from e2e.parts import Testbed, until

_LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
_PLAIN = (
    (r"(?m)^.* (Pulling|Pulled|FailedMount) .*\n", ""),
    (r"(LIVE|MERGED)-\d+", r"\1"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    (rf"(?<=-){_LETTERS}{{8,10}}-{_LETTERS}{{5}}\b", "POD"),
    (rf"(?<=-){_LETTERS}{{8,10}}\b", "HASH"),
    (rf"(?<=-){_LETTERS}{{5}}\b", "POD"),
    (r"(?<=pod-template-hash)([=:] ?)\w+", r"\1HASH"),
    (r"(?<=kube-api-access-)\w{5}\b", "ACCESS"),
    (r"containerd://\w+", "CONTAINER"),
    (r"(?m)^( *Image ID: +| *imageID: ).*", r"\1IMAGE"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:[\d.]+(Z| \+0000)", "TIME"),
    (r"\w{3}, \d\d \w{3} \d{4} [\d:]+ [+-]\d{4}", "TIME"),
    (r"\d+\.\d+\.\d+\.\d+(:\d+)?", "ADDRESS"),
    (r"\b(\d+[smh])+\b", "AGE"),
    (r"\b(testbed|sim)\b", "NODE"),
    (r"(resourceVersion\W+)\d+", r"\1VERSION"),
    (r"[ \t]+", " "),
)
"""What may differ: names that are made up, addresses, times; how wide a column is; and how busy the machine was."""

_SCRIPT = """\
pods:
  - {match: {args: [greets]}, logs: [hello]}
  - {match: {args: [crashes]}, crash: {exit: 3, logs: [no database]}}
  - {match: {container: once}, exit: 0, logs: [done]}
"""
"""What the real pods' shells do by the same word."""
SHELL = """\
case $0 in
greets) echo hello; trap 'exit 0' TERM; sleep 3600 & wait;;
crashes) echo no database; exit 3;;
ends) echo done;;
esac"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """All of it, without what may differ."""
        return [f"exit {self.code}", *plain(self.out).splitlines(), *plain(self.err).splitlines()]


def plain(text: str) -> str:
    """The text without what may differ between two clusters."""
    for pattern, instead in _PLAIN:
        text = re.sub(pattern, instead, text)
    return text


@dataclass(frozen=True)
class Twins:
    """Both clusters, and the namespace that both have."""

    real: Testbed
    kubeconfig: str
    namespace: str
    folder: Path

    @property
    def image(self) -> str:
        return f"{self.real.registry}/base/busybox:1"

    def sim(self, *args: str, text: str = "") -> Done:
        """One command to the simulation alone."""
        return self._run(self.kubeconfig, args, text)

    def both(self, *args: str, text: str = "") -> tuple[Done, Done]:
        """The same command to both: what the simulation says, and what the real one does."""
        with ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda it: self._run(it, args, text), (self.kubeconfig, self.real.kubeconfig))
            sim, real = found
        return sim, real

    def same(self, *args: str, text: str = "", code: int = 0) -> str:
        """The same command to both, with the same answer; the simulation's."""
        sim, real = self.both(*args, text=text)
        differs = "\n".join(unified_diff(real.lines, sim.lines, "real", "simulated", n=2, lineterm=""))
        assert not differs, f"kubectl {' '.join(args)}\n{differs}"
        assert sim.code == code, sim.err
        return sim.out + sim.err

    def done(self, *args: str, text: str = "") -> str:
        """The same command to both, which both must do, whatever they print; what the simulation prints."""
        sim, real = self.both(*args, text=text)
        assert (sim.code, real.code) == (0, 0), f"kubectl {' '.join(args)}: {sim.err}{real.err}"
        return sim.out

    def watched(self, *args: str) -> subprocess.Popen[str]:
        """A command to the simulation that goes on; the caller ends it."""
        return subprocess.Popen(self._command(self.kubeconfig, args), stdout=subprocess.PIPE, text=True)

    def _command(self, kubeconfig: str, args: tuple[str, ...]) -> list[str]:
        return [self.real.kubectl, "--kubeconfig", kubeconfig, "-n", self.namespace, *args]

    def _run(self, kubeconfig: str, args: tuple[str, ...], text: str) -> Done:
        found = subprocess.run(
            self._command(kubeconfig, args), input=text, capture_output=True, text=True, check=False, timeout=60
        )
        return Done(found.returncode, found.stdout, found.stderr)


@contextmanager
def twins(real: Testbed, folder: Path) -> Iterator[Twins]:
    """`paasctl cluster sim` beside the testbed, and a namespace in both."""
    script, kubeconfig = folder / "script.yaml", folder / "kubeconfig"
    script.write_text(_SCRIPT)
    how = ["cluster", "sim", "--kubeconfig-out", str(kubeconfig), "--script", str(script)]
    sim = subprocess.Popen(
        [sys.executable, "-m", "paasctl", *how],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = Twins(real, str(kubeconfig), f"twins-{secrets.token_hex(4)}", folder)
    try:
        until(lambda: kubeconfig.exists() and made.sim("version").code == 0)
        made.same("create", "namespace", made.namespace)
        yield made
    finally:
        real.run_kubectl("delete", "namespace", made.namespace, "--wait=false")
        sim.terminate()
        sim.wait(20)
