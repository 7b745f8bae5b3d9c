"""The Dockerfile as BuildKit's programs get it: in a folder of its own, beside a `.dockerignore` that knows our folder.

They send the context themselves and filter it themselves. `<Dockerfile>.dockerignore` beside the Dockerfile is what
they look for first, so ours holds the lines that count in this context and one more: what was built before is never
part of what is built next.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from paasctl.adapters.disk import disk, read_regular
from paasctl.adapters.docker.context import Context

_OURS = b"\n**/.paasctl\n"


@contextmanager
def staged(context: Context) -> Iterator[Path]:
    """The staged Dockerfile, while in the context."""
    with TemporaryDirectory(prefix="paasctl-build-") as folder:
        path = Path(folder, PurePosixPath(context.dockerfile).name)
        with disk("staging", path):
            path.write_bytes(read_regular(context.folder / context.dockerfile))
            said = read_regular(context.folder / context.ignored_by) if context.ignored_by else b""
            path.with_name(f"{path.name}.dockerignore").write_bytes(said + _OURS)
        yield path
