"""The table of verbs: name, module, one-line summary. Only the verb that was typed is imported."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from paasctl.cli.options import EPILOG, Settings, with_shared

VERBS: dict[str, tuple[str, str]] = {
    "init": ("init", "Write a working paas.yaml for this project."),
    "version": ("version", "The version of this commit, and why."),
    "lint": ("lint", "Every problem of the project's files at once, with places."),
    "config": ("config", "The resolved configuration, or its schema."),
    "doctor": ("doctor", "What this machine and these clusters lack."),
    "build": ("build", "Build images into the project's layout."),
    "release": ("release", "Build, tag, push and record a release, once."),
    "releases": ("releases", "Which releases lie in which registry."),
    "render": ("render", "The manifests of an environment, as YAML."),
    "diff": ("diff", "What a deploy would change, field by field."),
    "deploy": ("deploy", "Make an environment run a release, and wait for the verdict."),
    "status": ("status", "What runs where, and how it is."),
    "history": ("history", "Who deployed what, when, and how it ended."),
    "cluster": ("cluster", "Named clusters: list them, pin their identity."),
}


class _Verbs(MutableMapping[str, Any]):
    """Commands by name, imported when asked for."""

    def __getitem__(self, name: str) -> Any:
        module, summary = VERBS[name]
        app: typer.Typer = import_module(f"paasctl.cli.{module}").app
        command = typer.main.get_command(app)
        command.name = name
        command.short_help = summary
        return command

    def __setitem__(self, name: str, value: Any) -> None:
        raise TypeError(name)

    def __delitem__(self, name: str) -> None:
        raise TypeError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Table(TyperGroup):
    """A group whose help is made from the table, without importing a verb."""

    def __init__(self, **rest: Any) -> None:
        """Everything typer gives, but our commands."""
        super().__init__(**{**rest, "commands": {}})
        self.commands = _Verbs()

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Write the table's rows."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, summary) for name, (_, summary) in VERBS.items()])


app = typer.Typer(
    cls=Table,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
@with_shared
def paasctl(
    ctx: typer.Context,
    settings: Settings,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version of paasctl.")] = False,
) -> None:
    """From a git checkout to a running release on named Kubernetes clusters.

    Examples:

      paasctl init && paasctl release

      paasctl deploy dev
    """
    ctx.obj = settings
    del version  # answered in main, before typer


def run(args: list[str]) -> int:
    """Parse and run; the exit status."""
    found = app(args=args, prog_name="paasctl", standalone_mode=True)
    return int(found or 0)
