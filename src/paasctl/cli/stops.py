"""Options about the promotion path: where a release goes, where it comes from, why."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import registry_names, stop_names, versions

Versions = Annotated[
    list[str] | None,
    typer.Argument(metavar="[VERSION]...", help="Which releases.", autocompletion=versions, show_default=False),
]
OneVersion = Annotated[
    str, typer.Argument(metavar="VERSION", help="Which release.", autocompletion=versions, show_default=False)
]
To = Annotated[
    str,
    typer.Option(
        "--to",
        help="An environment of paas.yaml, whose registry it is, or a registry.",
        metavar="NAME",
        autocompletion=stop_names,
        show_default=False,
    ),
]
ToEach = Annotated[
    list[str],
    typer.Option(
        "--to",
        help="An environment of paas.yaml, whose registry it is, or a registry; repeatable: done in this order.",
        metavar="NAME",
        autocompletion=stop_names,
        show_default=False,
    ),
]
MaybeVersion = Annotated[
    str, typer.Argument(metavar="[VERSION]", help="Which release.", autocompletion=versions, show_default=False)
]
ApprovedFor = Annotated[
    str,
    typer.Option(
        "--to",
        help="The environment it is for, or a registry: all environments of it that want approvals.",
        metavar="NAME",
        autocompletion=stop_names,
        show_default=False,
    ),
]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        help="Your SSH key's file [default: git's user.signingKey, or an agent's].",
        metavar="FILE",
        show_default=False,
    ),
]
Withdraw = Annotated[bool, typer.Option("--withdraw", help="Take your approval back.")]
ListThem = Annotated[
    bool,
    typer.Option("--list", help="Only show who approved what, and who is missing.", envvar="PAASCTL_APPROVE_LIST"),
]
Earlier = Annotated[
    str | None,
    typer.Option(
        "--to",
        help="What ran well there before [default: the last that did].",
        metavar="VERSION",
        envvar="PAASCTL_ROLLBACK_TO",
        autocompletion=versions,
        show_default=False,
    ),
]
ListEarlier = Annotated[
    bool,
    typer.Option(
        "--list",
        help="Only show what there is to go back to, and how it differs.",
        envvar="PAASCTL_ROLLBACK_LIST",
    ),
]
From = Annotated[
    str,
    typer.Option(
        "--from",
        help="The registry they come from [default: the one before].",
        metavar="NAME",
        envvar="PAASCTL_PROMOTE_FROM",
        autocompletion=registry_names,
        show_default=False,
    ),
]
AllMissing = Annotated[bool, typer.Option("--all-missing", help="Every release that is there and not yet here.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is written down.", metavar="TEXT", show_default=False)]
Override = Annotated[
    list[str] | None,
    typer.Option(
        "--override",
        help="Pass this closed gate (after, soak, frozen, requires, approvals); needs --reason; repeatable.",
        metavar="GATE",
        show_default=False,
    ),
]
