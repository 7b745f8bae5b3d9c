"""Arguments and options that several commands of `paasctl image` take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Packing(StrEnum):
    """How new layers are packed."""

    GZIP = "gzip"
    ZSTD = "zstd"
    KEEP = "keep"


_PLACES = "host/path:tag, oci:DIR[:TAG], either of them @sha256:…, FILE.tar[:NAME], docker:NAME."
Source = Annotated[str, typer.Argument(metavar="SRC", help=_PLACES, show_default=False)]
First = Annotated[str, typer.Argument(metavar="A", help=_PLACES, show_default=False)]
Second = Annotated[str, typer.Argument(metavar="B", help="The other one, wherever it lies.", show_default=False)]
Target = Annotated[
    str,
    typer.Argument(
        metavar="[DST]",
        help="Where it goes [default: in place, with --allow-tag-move in a registry].",
        show_default=False,
    ),
]
OnePlatform = Annotated[
    str,
    typer.Option(
        "--platform", metavar="OS/ARCH", help="Only this image of an index [default: all].", show_default=False
    ),
]
AllowTagMove = Annotated[
    bool, typer.Option("--allow-tag-move", help="A name that is another image's may become this one's.")
]
