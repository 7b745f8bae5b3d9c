"""Files of the caller's, anywhere on this disk: releases in a file, to read; and a file in the making."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from paasctl.model.boxing import Label
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import RegistryReads


class Box(RegistryReads, Protocol):
    """A release in a file, read as the registries that it came from: what is not in it, is not there."""

    @property
    def label(self) -> Label:
        """What it says it holds. `Refused` where it is no such file, `BuildFailed` where it is damaged."""
        ...

    def check(self, cancel: Cancel) -> None:
        """Read all of it: every digest is right, nothing that is named is missing, and nothing else is in it.

        `BuildFailed` (`archive-damaged`) says what is wrong.
        """
        ...


class OldFile(Protocol):
    """A file as it is."""

    @property
    def size(self) -> int | None:
        """Bytes; None: proved absent. What is no file raises."""
        ...

    def chunks(self, at: int, size: int) -> Iterator[bytes]:
        """That many bytes from a place on, or fewer where it ends before."""
        ...


class NewFile(Protocol):
    """A file that nobody sees until it is whole. Several threads may write."""

    def write(self, content: bytes, at: int) -> None:
        """Put bytes at a place."""
        ...

    def appear(self) -> None:
        """Give it its name, when all of it is on the disk. `WouldClobber` where that is taken by now."""
        ...
