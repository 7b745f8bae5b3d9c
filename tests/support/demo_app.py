"""`python -m support.demo_app`: the demo's application, from its C source to the file that the package carries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import paasctl.embedded.demo

FOLDER = Path(paasctl.embedded.demo.__file__).parent
_FLAGS = (
    *("-Os", "-static", "-nostdlib", "-nostartfiles", "-ffreestanding", "-fno-pic", "-no-pie", "-s"),
    *("-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-fcf-protection=none"),
    *("-fno-builtin", "-fno-tree-loop-distribute-patterns"),  # else gcc calls a strlen that nobody has
    "-Wl,--build-id=none,-z,norelro,-z,noseparate-code",
    *("-Wall", "-Wextra", "-Werror"),
)


def build(into: Path) -> None:
    """Compile it. Raises CalledProcessError."""
    subprocess.run(["gcc", *_FLAGS, "-o", str(into), str(FOLDER / "app.c")], check=True)


if __name__ == "__main__":
    build(FOLDER / "app")
    sys.stdout.write(f"{(FOLDER / 'app').stat().st_size} bytes\n")
