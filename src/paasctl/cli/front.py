"""The front page: verbs and shared options as tables of text, and `--help` made from them, without importing typer."""

from __future__ import annotations

VERBS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "The whole journey on embedded parts, in under 15 s."),
    "init": ("init", "Write a working paas.yaml for this project."),
    "version": ("version", "The version of this commit, and why."),
    "lint": ("lint", "Every problem of the project's files at once, with places."),
    "config": ("config", "The resolved configuration, or its schema."),
    "doctor": ("doctor", "What this machine and these clusters lack."),
    "build": ("build", "Build images into the project's layout."),
    "image": ("image", "Any image anywhere: squash, copy, rebase, inspect, diff, verify."),
    "release": ("release", "Build, tag, push and record a release, once."),
    "releases": ("releases", "Which releases lie in which registry, and what runs where."),
    "promote": ("promote", "A release in the next registry, digest for digest."),
    "approve": ("approve", "A signed yes to a release, for where it is to go."),
    "reject": ("reject", "A version that nobody deploys or promotes again."),
    "unreject": ("unreject", "A rejection, taken back."),
    "cleanup": ("cleanup", "What nothing runs and no rule keeps, out of a registry."),
    "render": ("render", "The manifests of an environment, as YAML."),
    "diff": ("diff", "What a deploy would change, field by field."),
    "deploy": ("deploy", "Make an environment run a release, and wait for the verdict."),
    "rollback": ("rollback", "What ran well before, with the values of then."),
    "freeze": ("freeze", "No deploys to an environment, for a while."),
    "unfreeze": ("unfreeze", "A freeze, lifted."),
    "rehearse": ("rehearse", "A deploy on a copy of the clusters: where would it end?"),
    "status": ("status", "What runs where, and how it is."),
    "history": ("history", "Who deployed what, when, and how it ended."),
    "cluster": ("cluster", "Named clusters: list them, pin their identity, simulate one."),
    "registry": ("registry", "A folder served as an image registry."),
}
"""Verb -> (module in `cli`, one-line summary)."""

OPTIONS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "file": (("-f", "--file"), "FILE", "The project's file [default: the nearest paas.yaml]."),
    "directory": (("-C", "--directory"), "DIR", "Work as if started here."),
    "output": (("-o", "--output"), "text|json|jsonl|yaml|svg", "Format of the result (svg: image inspect)."),
    "color": (("--color",), "auto|always|never", "When to use colour."),
    "verbose": (("-v", "--verbose"), "", "Say more."),
    "quiet": (("-q", "--quiet"), "", "Results and problems only."),
    "timeout": (("--timeout",), "TIME", "Stop after this long in all: 90s, 10m, 1h."),
    "context": (("--context",), "NAME", "kubeconfig context, instead of the cluster's own."),
    "kubeconfig": (("--kubeconfig",), "FILE", "kubeconfig file."),
    "set": (("--set",), "KEY=VALUE", "A value that wins over the file; repeatable."),
}
"""Name of a shared option -> (its spellings, what it takes, what it does)."""

EPILOG = "Every option has a variable: PAASCTL_OUTPUT for the shared ones, PAASCTL_VERB_OPTION for a verb's own."

_PARTS = (
    ("Start", ("demo", "init", "lint", "doctor", "config")),
    ("Make", ("version", "build", "image", "release", "releases", "promote", "approve", "reject", "unreject")),
    ("Run", ("render", "diff", "rehearse", "deploy", "rollback", "status", "history", "freeze", "unfreeze")),
    ("Around", ("cluster", "registry", "cleanup")),
)
_OWN = (
    ("--version", "Print the version of paasctl."),
    ("--install-completion", "Complete environments and versions in this shell."),
    ("--show-completion", "Print the completion script."),
    ("-h, --help", "Show this, or with a verb what it takes."),
)


def page() -> str:
    """What `paasctl --help` says, in lines of at most 80 columns."""
    lines = [
        "Usage: paasctl VERB [OPTIONS] [ARGS]...",
        "",
        "  From a git checkout to a running release on named Kubernetes clusters.",
        "",
        "  paasctl init && paasctl release     a first release of this project",
        "  paasctl deploy dev                  running, watched, with a verdict",
    ]
    for title, names in _PARTS:
        lines += ["", f"{title}:", *_rows([(name, VERBS[name][1]) for name in names], 10)]
    rows = [(f"{', '.join(names)} {takes}".strip(), said) for names, takes, said in OPTIONS.values()]
    lines += ["", "Options, before or after the verb:", *_rows([*rows, *_OWN], 22)]
    return "\n".join([*lines, "", *(f"  {it}" for it in EPILOG.replace(": ", ":\n").split("\n")), ""])


def _rows(rows: list[tuple[str, str]], width: int) -> list[str]:
    lines: list[str] = []
    for name, said in rows:
        if len(name) > width:
            lines.append(f"  {name}")
            name = ""  # noqa: PLW2901 - the rest of the row goes below it
        lines.append(f"  {name:<{width}}  {said}")
    return lines
