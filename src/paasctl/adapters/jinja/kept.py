"""Our own templates' compiled code, kept beside them as Python keeps its modules': compiling takes 25 ms a start.

In `templates/__pycache__`: whoever may change it may change the templates, too. Where nothing can be written there, or
with PYTHONDONTWRITEBYTECODE, templates are compiled each time.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from pathlib import Path

from jinja2 import BytecodeCache, FileSystemBytecodeCache
from jinja2.bccache import Bucket

from paasctl.adapters.jinja import environment


def kept_beside(templates: Path) -> BytecodeCache | None:
    """Where the code of these templates is kept. Jinja itself looks whether a template or Python is another by now."""
    if sys.dont_write_bytecode:
        return None
    folder = templates / "__pycache__"
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    # Compiled code depends on the environment's settings, too.
    settings = hashlib.sha256(Path(environment.__file__).read_bytes()).hexdigest()[:8]
    return _Kept(str(folder), f"%s.{sys.implementation.cache_tag}-{settings}.pyc")


class _Kept(FileSystemBytecodeCache):
    """Jinja wants a class here: a full disk or a folder of root's is no reason to fail."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)
