"""What is said where the context can't be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paasctl.errors import ConfigError, PaasError


@contextmanager
def reading(path: bytes | Path) -> Iterator[None]:
    """Around our own reading of a file or folder: what the system answers, as a `ConfigError` that names it."""
    try:
        yield
    except OSError as error:
        shown = os.fsdecode(error.filename or path)
        raise ConfigError(f"reading {shown}: {error.strerror or error}", where=shown, code="file-unreadable") from error


def changed(path: bytes) -> PaasError:
    """What is said of a file that is not what it was a moment ago."""
    shown = os.fsdecode(path)
    return ConfigError(f"reading {shown}: it changed while it was read", where=shown, code="file-changed")
