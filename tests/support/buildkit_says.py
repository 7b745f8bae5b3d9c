"""What BuildKit's programs write, and a program that writes it: `buildctl` or `docker`, put on a PATH of its own."""

from __future__ import annotations

import base64
import io
import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = """\
#!/bin/sh
cd '{folder}' || exit 99
name=run
[ "$1 $2" = "buildx version" ] && name=version
[ "$1 $2" = "buildx inspect" ] && name=inspect
[ "$3 $4" = "debug info" ] && name=info
if [ $name != run ]; then
    [ -f "$name" ] || {{ echo "no $name" >&2; exit 1; }}
    exec cat "$name"
fi
printf '%s\\0' "$@" > argv
env > environ
for it in "$@"; do [ "$iid" ] && {{ cat image > "$it"; iid=; }}; [ "$it" = --iidfile ] && iid=1; done
cat said >&2
cat out
[ -f stalls ] && {{ sleep 300 & echo $! > child; wait; }}
exit "$(cat status)"
"""


@dataclass
class Program:
    """A program of BuildKit's that is none. Set what it shall say before it runs."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, name: str) -> Program:
        """Put it into `folder/bin`."""
        made = cls(folder / "told")
        made.folder.mkdir(parents=True)
        path = folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(_SCRIPT.format(folder=made.folder))
        path.chmod(0o755)
        made.says(b"", b"")
        return made

    @property
    def path(self) -> str:
        """A PATH with it."""
        return f"{self.folder.parent / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"

    def says(self, said: bytes, out: bytes, status: int = 0) -> None:
        """What it writes to its standard error and output when it builds, and how it ends."""
        (self.folder / "said").write_bytes(said)
        (self.folder / "out").write_bytes(out)
        (self.folder / "status").write_text(str(status))

    def knows(self, **answers: str) -> None:
        """What it answers when it is asked: `version`, `inspect`, `info`; `image` of `--iidfile`."""
        for name, text in answers.items():
            (self.folder / name).write_text(text)

    def stalls(self) -> None:
        """Be silent after that, with a child that is, too."""
        (self.folder / "stalls").touch()

    @property
    def argv(self) -> list[str]:
        """The words it was started with to build."""
        return (self.folder / "argv").read_text().split("\0")[:-1]

    @property
    def environ(self) -> dict[str, str]:
        """And its environment."""
        return dict(it.split("=", 1) for it in (self.folder / "environ").read_text().splitlines() if "=" in it)

    @property
    def child(self) -> int:
        """Process id of the child it left waiting."""
        return int((self.folder / "child").read_text())


def status(**parts: Any) -> bytes:
    """A line of `--progress=rawjson`."""
    return json.dumps(parts).encode() + b"\n"


def vertex(digest: str, name: str, started: str = "", completed: str = "", **more: Any) -> dict[str, Any]:
    """A step; times are `12:00:01.5`."""
    times = {"started": started, "completed": completed}
    day = {name: f"2026-11-29T{it}Z" for name, it in times.items() if it}
    return {"digest": digest, "name": name, **day, **more}


def log(digest: str, text: str, when: str = "12:00:02") -> dict[str, Any]:
    """What a step wrote."""
    return {"vertex": digest, "stream": 1, "data": _packed(text), "timestamp": f"2026-11-29T{when}Z"}


def warning(digest: str, text: str) -> dict[str, Any]:
    """What BuildKit thinks of a Dockerfile."""
    return {"vertex": digest, "level": 1, "short": _packed(text)}


def _packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def oci_archive(folder: Path, changed: Mapping[str, bytes | None] | None = None) -> bytes:
    """A layout on disk as the tar that BuildKit writes. `changed`: other content of some files; None: left out."""
    files = {str(it.relative_to(folder)): it.read_bytes() for it in sorted(folder.rglob("*")) if it.is_file()}
    files.pop(".lock", None)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in {**files, **(changed or {})}.items():
            if content is not None:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()
