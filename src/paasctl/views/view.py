"""What every view is."""

from __future__ import annotations

from typing import Protocol

from paasctl.model.event import Event


class View(Protocol):
    """Something that shows events, one after the other, from one thread."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...
