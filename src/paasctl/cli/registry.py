"""`paasctl registry`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.options import Port, Settings, several


def serve(
    settings: Settings,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="An OCI image layout; made where it is missing.")],
    *,
    port: Port = 0,
    user: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:PASSWORD", help="Who may come in [default: everybody]; repeatable."),
    ] = None,
    password_file: Annotated[
        str, typer.Option(metavar="FILE", help="The same from a file, one NAME:PASSWORD a line.")
    ] = "",
    token: Annotated[
        bool,
        typer.Option("--token", help="A login buys a token, as large registries do it [default: a password does]."),
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="What goes wrong: 'PUT blobs: 503 times=2'; repeatable."),
    ] = None,
) -> int:
    """A folder served as an image registry on loopback, until it is stopped.

    Examples:

      paasctl registry serve ./images --port 5000

      paasctl registry serve ./images --fault "PUT blobs: 503 times=2"
    """
    from paasctl.cli.session import Session
    from paasctl.ports.embedded import RegistryPart
    from paasctl.verbs.stay import ServeRegistry

    users, faults = tuple(user or ()), tuple(fault or ())
    how = RegistryPart(folder=folder, port=port, users=users, password_file=password_file, tokens=token, faults=faults)
    return Session(settings, "registry serve").stay(ServeRegistry(how=how))


app = several("registry", serve)
