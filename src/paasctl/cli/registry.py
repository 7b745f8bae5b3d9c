"""`paasctl registry`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.options import Settings, several


def serve(
    settings: Settings,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="An OCI image layout; made where it is missing.")],
    *,
    port: Annotated[int, typer.Option(metavar="N", help="Port on loopback [default: one that is free].")] = 0,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:PASSWORD", help="Who may come in [default: everybody]; repeatable."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="What goes wrong: 'PUT blobs: 503 times=2'; repeatable."),
    ] = None,
) -> int:
    """A folder served as an image registry on loopback, until it is stopped.

    Examples:

      paasctl registry serve ./images --port 5000

      paasctl registry serve ./images --fault "PATCH uploads: cut-upload at=1000000"
    """
    from paasctl.cli.session import Session
    from paasctl.errors import UsageError
    from paasctl.ports.embedded import RegistryPart
    from paasctl.verbs.stay import ServeRegistry

    pairs = [it.partition(":") for it in user or ()]
    session = Session(settings, "registry serve")
    if wrong := [name for name, colon, _ in pairs if not colon or not name]:
        raise UsageError(f"reading --user {wrong[0]}: it takes NAME:PASSWORD", hint="--user ann:secret")
    users = tuple((name, password) for name, _, password in pairs)
    return session.stay(
        ServeRegistry(how=RegistryPart(folder=folder, port=port, users=users, faults=tuple(fault or ())))
    )


app = several("registry", serve)
