"""The demo's scenes, as values: what is told, what is changed, which command is run, and how it must end. Pure."""

from __future__ import annotations

import shlex

from paasctl.values import dataclass

APP = "hello"
CONTEXT = "paasctl-sim"
_GOOD = "postgres://db.example/hello"
_FILE = """\
app: {app}
images:
  web:
    layers: [{{src: app, dest: /}}, {{src: greeting, dest: /}}]   # no Dockerfile, no daemon
    base: scratch
    config: {{entrypoint: [/app]}}
services:
  web:
    image: web
    port: 8080
    replicas: 1
    hosts: ["{{{{ values.host }}}}"]
    env: {{DATABASE_URL: "{database}"}}
registries:
  demo: {{repository: {registry}/{app}}}
clusters:
  here: {{context: {context}}}   # the one line to change for a cluster of your own
environments:
  demo: {{cluster: here, registry: demo, values: {{host: {app}.example}}}}
"""
SCRIPTS = f"""\
# How the simulated cluster plays this project's pods: without a database they end, as the real application does.
pods:
  - match: {{env: {{DATABASE_URL: ""}}}}
    crash:
      exit: 3
      logs: ["app: starting", "app: DATABASE_URL is not set, and there is nowhere to keep greetings"]
  - match: {{env: {{DATABASE_URL: "{_GOOD}"}}}}
    logs: ["app: starting", "app: listening on port 8080"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One scene: files to write, then a command that must exit as expected."""

    title: str
    said: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    """Commands of git that are run first, in silence."""
    command: tuple[str, ...] = ()
    expect: int = 0


def paas_yaml(registry: str, *, database: str = _GOOD, context: str = CONTEXT) -> str:
    """The project's file, with the registry at `host:port`."""
    return _FILE.format(app=APP, registry=registry, context=context, database=database)


_PERSON = (("git", "config", "user.name", "demo"), ("git", "config", "user.email", "demo@example.com"))
"""Whoever keeps the project goes on committing there, on a machine without a git identity, too."""


def _committed(message: str) -> tuple[tuple[str, ...], ...]:
    return (("git", "add", "-A"), ("git", "commit", "-q", "-m", message))


def acts(registry: str) -> tuple[Act, ...]:
    """All scenes, in their order."""
    good, bad = paas_yaml(registry), paas_yaml(registry, database="")
    return (
        Act(
            title="a project is a git repository with a paas.yaml",
            said=tuple(f"    {line}" for line in good.splitlines()),
            files=(("paas.yaml", good), ("greeting", "one\n"), (".gitignore", ".paasctl/\n")),
            before=(("git", "init", "-q", "-b", "main"), *_PERSON, *_committed("feat: say hello")),
            command=("paasctl", "version", "--explain"),
        ),
        Act(
            title="a release: built without a daemon, tagged, pushed by digest, recorded",
            command=("paasctl", "release"),
        ),
        Act(
            title="deployed: what changes, the rollout, the verdict",
            command=("paasctl", "deploy", "demo"),
        ),
        Act(title="what runs where", command=("paasctl", "status", "demo")),
        Act(
            title="a bad version: somebody emptied DATABASE_URL",
            said=('    -    env: {DATABASE_URL: "postgres://db.example/hello"}', '    +    env: {DATABASE_URL: ""}'),
            files=(("paas.yaml", bad), ("greeting", "two\n")),
            before=_committed("feat: say it twice"),
            command=("paasctl", "release"),
        ),
        Act(
            title="it is called by its name within seconds, and the old version serves on",
            command=("paasctl", "deploy", "demo"),
            expect=1,
        ),
        Act(
            title="mended: forward again",
            files=(("paas.yaml", good), ("greeting", "three\n")),
            before=_committed("fix: give it its database back"),
            command=("paasctl", "release"),
        ),
        Act(title="and deployed", command=("paasctl", "deploy", "demo")),
        Act(title="who did what, and how it ended", command=("paasctl", "history", "demo")),
    )


def what_next(folder: str, *, kept: bool, parts: tuple[str, ...], program: str = "paasctl") -> tuple[str, ...]:
    """What to try when the curtain has fallen. `program` is how paasctl is called from any folder."""
    own = (
        f"{program} init                  in a project of your own",
        "for a cluster of your own     one line of paas.yaml, where it can reach this registry:",
        f"  -  here: {{context: {CONTEXT}}}",
        "  +  here: {context: ONE-OF-YOUR-KUBECONFIG}",
    )
    if not kept:
        return (f"{program} demo --keep           the same, and the project stays for you to play with", *own)
    again = (
        "the registry and the cluster end with this command; start them again, each in a shell of its own:",
        *parts,
    )
    return (
        shlex.join(["cd", f"{folder}/project"]),
        *again,
        f"then: {program} deploy demo, {program} status, {program} history demo",
        *own,
    )
