"""The options that every verb shares, before or after its name, each with its `PAASCTL_…` variable."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any

import typer

from paasctl.cli.front import EPILOG, OPTIONS, VERBS
from paasctl.errors import UsageError
from paasctl.values import dataclass


class Output(StrEnum):
    """Only ever the format; files are written by `--save` and shells."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    YAML = "yaml"
    SVG = "svg"
    """For what has a picture: `image inspect`."""


class Color(StrEnum):
    """When to paint."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the shared options say; None: not said here."""

    file: str | None = None
    directory: str | None = None
    output: Output | None = None
    color: Color | None = None
    verbose: bool | None = None
    quiet: bool | None = None
    timeout: str | None = None
    context: str | None = None
    kubeconfig: str | None = None
    set: list[str] | None = None

    def under(self, other: Settings) -> Settings:
        """These settings, with those of `other` (said later) on top."""
        said = {it.name: value for it in fields(other) if (value := getattr(other, it.name)) not in (None, [])}
        return replace(self, **said)

    @property
    def timeout_seconds(self) -> float | None:
        """`--timeout` in seconds."""
        return None if self.timeout is None else seconds(self.timeout, "--timeout")


def _option(name: str, type_: Any, *, env: bool = True) -> Any:
    spellings, takes, said = OPTIONS[name]
    option = typer.Option(
        *spellings,
        help=said,
        metavar=takes if takes and "|" not in takes else None,
        envvar=f"PAASCTL_{name.upper()}" if env else None,
        show_envvar=False,
        show_default=False,
    )
    return Annotated[type_ | None, option]


SHARED: dict[str, Any] = {
    "file": _option("file", str),
    "directory": _option("directory", str),
    "output": _option("output", Output),
    "color": _option("color", Color),
    "verbose": _option("verbose", bool),
    "quiet": _option("quiet", bool),
    "timeout": _option("timeout", str),
    "context": _option("context", str),
    "kubeconfig": _option("kubeconfig", str),
    "set": _option("set", list[str], env=False),
}


def with_shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose `settings` parameter is filled from the shared options, said before or after the verb."""
    signature = inspect.signature(function, eval_str=True)
    own = [it for it in signature.parameters.values() if it.name not in ("settings", "ctx")]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in SHARED.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)

    @wraps(function)
    def command(ctx: typer.Context, **given: Any) -> None:
        said = {name: given.pop(name) for name in SHARED}
        if isinstance(
            ctx.obj, Settings
        ):  # variables were read there already: what was typed before the verb beats them
            said = {name: value for name, value in said.items() if _is_typed(ctx, name)}
        before = ctx.obj if isinstance(ctx.obj, Settings) else Settings()
        given["settings"] = before.under(Settings(**said))
        if "ctx" in signature.parameters:
            given["ctx"] = ctx
        status = function(**given)
        if status is not None:
            raise typer.Exit(int(status))

    command.__signature__ = inspect.Signature([context, *own, *shared])  # type: ignore[attr-defined]  # for typer
    command.__annotations__ = {it.name: it.annotation for it in [context, *own, *shared]}
    return command


def _is_typed(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def one(function: Callable[..., Any], *more: Callable[..., Any]) -> typer.Typer:
    """The typer app of a verb that is one command; with `more` words that may follow: `release export`."""
    name = function.__name__
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    settings = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": f"PAASCTL_{name}".upper()}
    if not more:
        app.command(context_settings=settings, epilog=EPILOG)(with_shared(function))
        return app
    app.callback(invoke_without_command=True, context_settings=settings, epilog=EPILOG, subcommand_metavar="[COMMAND]")(
        with_shared(_unless_more(function))
    )
    _add(app, name, more)
    return app


def several(name: str, *functions: Callable[..., Any]) -> typer.Typer:
    """The typer app of a verb with words of its own: `config show`, `config schema`."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)
    app.callback(help=VERBS[name][1], epilog=f"paasctl {name} COMMAND --help has examples.")(lambda: None)
    _add(app, name, functions)
    return app


def _add(app: typer.Typer, name: str, functions: Iterable[Callable[..., Any]]) -> None:
    for function in functions:
        word = function.__name__.strip("_")
        names = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": f"PAASCTL_{name}_{word}".upper()}
        about = (function.__doc__ or "").partition("\n")[0]  # whole: typer would cut it off
        app.command(word, short_help=about, context_settings=names, epilog=EPILOG)(with_shared(function))


def _unless_more(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command, run only where no word follows it. Shared options before the word are its own, others wrong."""

    @wraps(function)
    def command(ctx: typer.Context, settings: Settings, **given: Any) -> int | None:
        if ctx.invoked_subcommand is None:
            status: int | None = function(settings, **given)
            return status
        ctx.obj = settings
        if stray := [it for it in given if _is_typed(ctx, it)]:
            option = next(of for of in ctx.command.params if of.name == stray[0])
            word = f"{ctx.info_name} {ctx.invoked_subcommand}"
            raise typer.BadParameter(f"{option.opts[0]} is no option of `{word}`", ctx=ctx, param=option)
        return None

    signature = inspect.signature(function, eval_str=True)
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    command.__signature__ = signature.replace(parameters=[context, *signature.parameters.values()])  # type: ignore[attr-defined]  # for `with_shared`
    return command


_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")


def seconds(text: str, name: str) -> float:
    """`90`, `90s`, `10m`, `1h30m` as seconds; `UsageError` otherwise."""
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise UsageError(f"reading {name}: {text!r} is no duration", hint=f"{name} 90s, {name} 10m or {name} 1h")
    hours, minutes, rest = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(rest or 0)


Port = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, max=65535, show_default=False, help="Port on loopback [default: one that is free]."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit 3 where something would change.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Agree to a plan that asks first.")]
RolloutTimeout = Annotated[str, typer.Option("--rollout-timeout", help="How long a rollout may take.", metavar="TIME")]
WaitLock = Annotated[
    str, typer.Option("--wait-lock", help="How long to wait for another run on the same target.", metavar="TIME")
]
