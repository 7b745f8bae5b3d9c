"""Every check of the project: `nox` runs lint, tests and examples; `nox -l` says what each session is for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests", "examples"]
nox.options.default_venv_backend = "uv|venv"  # uv where it is there: a fifth of the time
nox.options.reuse_existing_virtualenvs = True
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of short processes would each compile all modules anew

_PROJECT = nox.project.load_toml("pyproject.toml")


def _install(session: nox.Session, *groups: str) -> None:
    wanted = sorted({it for group in groups for it in nox.project.dependency_groups(_PROJECT, group)})
    session.install("-q", "-e", ".", *wanted)


@nox.session
def lint(session: nox.Session) -> None:
    """Format, rules, types and layers."""
    _install(session, "lint")
    session.install("-q", "nox")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "src"})


@nox.session
def tests(session: nox.Session) -> None:
    """Everything that needs no root and no network, in two minutes."""
    _install(session, "test")
    chosen = session.posargs or ["-n", "auto", "-m", "not e2e", "--ignore=tests/e2e"]
    session.run("pytest", "-q", *chosen, env=_without_testbed())


@nox.session
def examples(session: nox.Session) -> None:
    """Every example is linted, rendered and compared with what it says it renders to."""
    _install(session, "test")
    session.run("pytest", "-q", "tests/planning/manifests", *session.posargs, env=_without_testbed())


@nox.session
def contract(session: nox.Session) -> None:
    """The promises of every port, asked of the small worlds and of the testbed's real ones."""
    _install(session, "test")
    session.run("pytest", "-q", "tests/contract", *session.posargs, env=_testbed_or_stop(session))


@nox.session
def e2e(session: nox.Session) -> None:
    """The journeys of a user, by the command line, on the testbed (or on PAASCTL_TEST_KUBECONFIG's cluster)."""
    _install(session, "test")
    chosen = session.posargs or ["-n", "3", "--dist", "loadgroup"]
    session.run("pytest", "-q", "tests/e2e", *chosen, env=_testbed_or_stop(session))


@nox.session
def journeys(session: nox.Session) -> None:
    """The journeys that need no real pod and no router, on embedded parts: no root, no network, in two minutes."""
    _install(session, "test")
    chosen = session.posargs or ["-n", "6", "--dist", "loadgroup"]  # most of them wait most of the time
    session.run("pytest", "-q", "tests/e2e", "-m", "journey", *chosen, env=_without_testbed())


@nox.session
def mutants(session: nox.Session) -> None:
    """Changes to the embedded world that one contract case alone notices: `nox -s mutants -- check|find …`."""
    _install(session, "test")
    chosen = session.posargs or ["check"]
    session.run("python", "-m", "mutants", *chosen, env={**_without_testbed(), "PYTHONPATH": "tests"})


@nox.session
def scope(session: nox.Session) -> None:
    """What the journeys ask of a real API server, recorded anew: the scope of the simulation."""
    _install(session, "test")
    session.run("python", "-m", "scope", *session.posargs, env={**_testbed_or_stop(session), "PYTHONPATH": "tests"})


@nox.session
def demo_app(session: nox.Session) -> None:
    """The demo's application, built anew from its C source with gcc."""
    session.install("-q", "-e", ".")
    session.run("python", "-m", "support.demo_app", env={"PYTHONPATH": "tests"})


@nox.session
def bench(session: nox.Session) -> None:
    """Pairs of commands timed in one run, as a table and as JSON: `nox -s bench -- [ROW…]`."""
    _install(session, "test")
    session.run("python", "-m", "bench", *session.posargs, env={**_testbed_or_stop(session), "PYTHONPATH": "tests"})


@nox.session
def fuzz(session: nox.Session) -> None:
    """Random input, compared with real parts: `nox -s fuzz -- [N] [--seed S] [--stats]`, `-- images [N] [--seed S]`.

    Writes to the simulation and to a real API server; or images, by our squash, by umoci and by a Docker Engine.
    """
    _install(session, "test")
    images = session.posargs[:1] == ["images"]
    module, chosen = ("hostile", session.posargs[1:]) if images else ("fuzz", session.posargs)
    session.run("python", "-m", module, *chosen, env={**_testbed_or_stop(session), "PYTHONPATH": "tests"})


@nox.session(venv_backend="none")
def testbed(session: nox.Session) -> None:
    """The real parts on this machine: `nox -s testbed -- up|down|status|env|peers`."""
    session.run(sys.executable, "-m", "testbed", *(session.posargs or ["status"]), env={"PYTHONPATH": "tests"})


@nox.session
def build(session: nox.Session) -> None:
    """The wheel and the source distribution, and the command out of the wheel."""
    session.install("-q", "build")
    session.run("python", "-m", "build", "--outdir", "dist", silent=True)
    wheel = max(Path("dist").glob("*.whl"), key=lambda it: it.stat().st_mtime)
    session.install("-q", "--force-reinstall", "--no-deps", str(wheel))
    session.install("-q", str(wheel))
    session.chdir("/")
    session.run("paasctl", "--version")


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests on the lowest versions of our dependencies that we promise."""
    _install(session, "test")
    pins = [it.split("#")[0].strip().replace(">=", "==") for it in _PROJECT["project"]["dependencies"]]
    session.install("-q", *pins)
    session.run("pytest", "-q", "-m", "not e2e", "--ignore=tests/e2e", *session.posargs, env=_without_testbed())


@nox.session
def picture(session: nox.Session) -> None:
    """The README's picture of a rollout's screen, drawn from recorded events."""
    _install(session, "test")
    session.run("python", "-m", "support.picture", *session.posargs, env={"PYTHONPATH": "tests"})


def _without_testbed() -> dict[str, str | None]:
    return {name: None for name in os.environ if name.startswith("PAASCTL_")}


def _testbed_or_stop(session: nox.Session) -> dict[str, str | None]:
    """The variables of a running testbed, or of the caller's own cluster; else one line that says what is missing."""
    if "PAASCTL_TEST_KUBECONFIG" in os.environ:
        return {}
    asked = subprocess.run(
        [sys.executable, "-m", "testbed", "env", "--json"],
        env={**os.environ, "PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        session.error(f"no testbed here: {(asked.stderr.strip() or 'start it')} (nox -s testbed -- up)")
    found: dict[str, str | None] = json.loads(asked.stdout)
    return found
