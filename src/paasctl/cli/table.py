"""The group of verbs. Only the verb that was typed is imported."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from paasctl.cli.front import VERBS, page
from paasctl.cli.options import Settings, with_shared
from paasctl.errors import Exit


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

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Write the front page, the same as `main` gives without us."""
        formatter.write(page())


app = typer.Typer(
    cls=Table,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
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
    """From a git checkout to a running release on named Kubernetes clusters."""
    ctx.obj = settings
    del version  # answered in main, before typer


def run(args: list[str]) -> int:
    """Parse and run; the exit status."""
    try:
        found = app(args=args, prog_name="paasctl", standalone_mode=True)
    except SystemExit as end:
        if reason := _reason(end):
            raise reason from None
        _tell_usage(end, args)
        raise
    return int(found or 0)


def _tell_usage(end: SystemExit, args: list[str]) -> None:
    """A command line that the parser refused is told to scripts, too; people read what typer said."""
    refusal: Any = end.__context__
    if end.code != Exit.USAGE or not hasattr(refusal, "format_message"):
        return
    from paasctl.cli.unforeseen import tell
    from paasctl.errors import UsageError

    command = refusal.ctx.command_path if refusal.ctx else "paasctl"
    said = refusal.format_message()
    why = "a command is missing" if "\n" in said else said.rstrip(".")  # instead it shows the help
    error = UsageError(f"reading the command line: {why}", hint=f"{command} --help")
    tell(error, args, command.removeprefix("paasctl").strip())


def _reason(end: BaseException) -> BaseException | None:
    """What `main` has words for: of a pipe that broke typer makes a 1, which is a bad rollout, of Ctrl-C silence."""
    while before := end.__context__:
        if isinstance(before, BrokenPipeError | KeyboardInterrupt):
            return before
        end = before
    return None
